/* thread.c: see thread.h. */
#include "work/thread.h"

#include "base/log.h"

#include <signal.h>
#include <stdlib.h>

pthread_t thread_start(const char *name, void *(*run)(void *arg), void *arg)
{
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        log_die("no thread can be started");
    }
    pthread_setname_np(thread, name);
    return thread;
}

void *work_alloc(size_t n)
{
    void *p = calloc(1, n);
    if (!p) {
        log_die("out of memory");
    }
    return p;
}
