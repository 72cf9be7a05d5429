/* The current session: an immutable object with counted references, so that a request can go on
 * with the token it began with while another thread changes the session. */
#ifndef CSI_SESSION_H
#define CSI_SESSION_H

#include "call.h"
#include "json.h"

#include <stdatomic.h>

struct csi_session {
    atomic_int references;
    uint64_t login; /* which signing in it came from; set when it is made current */
    const char *access_token;
    const char *refresh_token;
    const char *token_type;
    int64_t expires_in;
    int64_t expires_at;       /* by the server's clock */
    int64_t local_expires_at; /* by this machine's, which may be off */
    const char *user_json;    /* "" if there is none */
    const char *renewed_from; /* the refresh token of the one before, or NULL */
    bool stepped_up; /* by a code that counts once: no renewal of another process is as good */
};

/* From the server's answer, or from storage. On CS_OK the caller owns the reference *out. */
cs_status csi_session_from_json(struct csi_call *call, const json_t *json,
                                struct csi_session **out);

/* The same session with another user in it. */
cs_status csi_session_with_user(struct csi_call *call, const struct csi_session *session,
                                const json_t *user, struct csi_session **out);

struct csi_session *csi_session_get(struct csi_session *session); /* takes a reference */
void csi_session_put(struct csi_session *session);                /* drops it; takes NULL */

/* A reference to the current session, read from storage if it was not yet. SESSION_MISSING if there
 * is none. */
cs_status csi_session_current(struct csi_call *call, struct csi_session **out);

#define CSI_NEW_LOGIN UINT64_MAX

/* Makes a session current and stores it; NULL removes it. Takes over the reference. What comes out
 * of another session carries that one's login, and nothing happens unless it is still the current
 * one: who signed out, or in as somebody else, stays so whatever was under way. *installed says
 * whether it happened; if it did, it holds also when the storage or memory for it fails.
 *
 * The same for other processes on the storage: SESSION_MISSING if one of them signed out, and what
 * another one signed in or renewed meanwhile is made current in this one's place and left there. */
cs_status csi_session_install(struct csi_call *call, struct csi_session *session, uint64_t login,
                              bool *installed);

/* What storage holds now, if another process wrote it: a reference, or NULL. *gone: nothing is
 * there any more, so that another process signed out. */
struct csi_session *csi_session_reread(struct csi_call *call, const struct csi_session *known,
                                       bool *gone);

/* Whether two sessions came of one signing in, as far as their tokens tell. */
bool csi_session_is_same_login(struct csi_call *call, const struct csi_session *one,
                               const struct csi_session *other);

/* As the public struct, in a box; NULL on failure, which sticks to the box. */
const cs_session *csi_session_public(void *box, const struct csi_session *session);

#endif
