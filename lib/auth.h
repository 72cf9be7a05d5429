/* What the calls of several files share. */
#ifndef CSI_AUTH_H
#define CSI_AUTH_H

#include "buf.h"
#include "call.h"
#include "json.h"
#include "request.h"

struct csi_session;

/* A request with the token of the current session, renewed if need be. */
cs_status csi_user_request(struct csi_call *call, struct csi_request request, json_t **answer);

/* GET /user with a token, or NULL for the current session's: the answer is a user object. */
cs_status csi_get_user_json(struct csi_call *call, const char *jwt, json_t **answer);

/* Ends a call that fills a box: gives it out, or frees it. Whatever failed in the box is memory. */
cs_status csi_finish(struct csi_call *call, cs_status status, void *box, void *out);

/* Appends ?redirect_to=… to a path, if there is one. */
void csi_path_redirect(struct csi_buf *path, const char *redirect_to);

/* Adds gotrue_meta_security to a body, if there is a token. */
void csi_body_captcha(struct csi_buf *body, const char *captcha_token);

/* Adds a member that the caller gave as JSON text: must be an object. */
cs_status csi_body_object(struct csi_call *call, struct csi_buf *body, const char *key,
                          const char *json);

/* An answer that has a session, and/or a user alone; *out is a box with both. */
cs_status csi_auth_answer(struct csi_call *call, const json_t *answer, cs_auth_event event,
                          cs_auth_response **out);

/* The public form of a session that was just made current. */
cs_status csi_auth_session_answer(struct csi_call *call, const struct csi_session *session,
                                  cs_auth_response **out);

#endif
