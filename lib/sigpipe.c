/* SIGPIPE kept from the host program, which it would end: TLS libraries write to sockets in ways
 * that may raise it, and libcurl leaves that to its user where it must not touch signals. It is
 * blocked in this thread alone, and what it raised is taken before it is let through again. */
#include "sigpipe.h"

#include <errno.h>
#include <time.h>

static sigset_t only_sigpipe(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
}

void csi_sigpipe_hold(struct csi_sigpipe *held)
{
    sigset_t set = only_sigpipe(), pending;
    pthread_sigmask(SIG_BLOCK, &set, &held->before);
    held->was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

void csi_sigpipe_release(const struct csi_sigpipe *held)
{
    const struct timespec at_once = { .tv_sec = 0 };
    sigset_t set = only_sigpipe();
    int before = errno;
    while (!held->was_pending && sigtimedwait(&set, NULL, &at_once) < 0 && errno == EINTR) {
    }
    errno = before;
    pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}
