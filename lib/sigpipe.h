/* SIGPIPE kept from the host program while libcurl works. */
#ifndef CSI_SIGPIPE_H
#define CSI_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

struct csi_sigpipe {
    sigset_t before;
    bool was_pending;
};

/* Around what may write to a connection that the other side closed, in one thread. */
void csi_sigpipe_hold(struct csi_sigpipe *held);
void csi_sigpipe_release(const struct csi_sigpipe *held);

#endif
