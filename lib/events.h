/* Who is told when the session changes. */
#ifndef CSI_EVENTS_H
#define CSI_EVENTS_H

#include "call.h"

struct csi_session;
struct csi_subscriber;

/* Calls all subscribers, with no lock held. session may be NULL. Without subscribers it does
 * nothing and cannot fail; else NO_MEMORY before anyone was called. */
cs_status csi_emit(struct csi_call *call, cs_auth_event event, const struct csi_session *session);

void csi_subscribers_free(struct csi_subscriber *subscriber);

#endif
