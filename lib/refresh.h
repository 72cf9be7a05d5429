/* When and how the session is renewed. */
#ifndef CSI_REFRESH_H
#define CSI_REFRESH_H

#include "call.h"
#include "json.h"

struct csi_session;

/* A reference to a session whose token will do: the current one, renewed if it is about to expire
 * and the options do not forbid it. */
cs_status csi_session_fresh(struct csi_call *call, struct csi_session **out);

/* Renews the current session now, in one request for all threads that ask at the same time. */
cs_status csi_refresh_current(struct csi_call *call);

/* Renews with a given token and makes the result current. *out is a reference to it. */
cs_status csi_refresh_with(struct csi_call *call, const char *refresh_token,
                           struct csi_session **out);

/* Whether the session ends within the official margin of 90 seconds (half of a shorter life). */
bool csi_session_is_near_end(const struct csi_session *session, int64_t now);

/* Around a request that turns the current session into another one, without callbacks in between: a
 * refresh token that is used while another thread's answer replaces it may end the session. */
cs_status csi_exchange_begin(struct csi_call *call);
void csi_exchange_end(struct csi_call *call);

/* Ends the login of a session that the server no longer knows, if it is still the current one;
 * keeps the call's problem. */
void csi_session_end(struct csi_call *call, const struct csi_session *session);

/* Makes a session of the server's answer current, see csi_session_install(). *out is a reference to
 * it, also if it could not be stored, and NULL if it did not become current. SESSION_MISSING if the
 * login it belongs to is over. */
cs_status csi_adopt(struct csi_call *call, const json_t *answer, uint64_t login,
                    struct csi_session **out);

/* Tells the subscribers of *session, unless NULL, which was made current with this status. Returns
 * the first failure of the two; then the reference is dropped. */
cs_status csi_announce(struct csi_call *call, cs_status status, cs_auth_event event,
                       struct csi_session **session);

/* Stops the auto refresh thread and waits for it. */
void csi_ticker_join(cs_client *client);

#endif
