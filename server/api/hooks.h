/* hooks.h: the payloads and answers of the seven hooks (internals.md §7, §2.4). Each is a
 * no-op where its hook is off. On a pool thread. */
#ifndef COUNTERSIGN_API_HOOKS_H
#define COUNTERSIGN_API_HOOKS_H

#include "api/call.h"

enum problem hook_before_user_created(struct call *call, const struct account *account) MUST_CHECK;
enum problem hook_after_user_created(struct call *call, const struct account *account) MUST_CHECK;

/* Instead of sending; *handled: the hook is on and has taken it. */
enum problem hook_send_sms(struct call *call, const struct outgoing *item,
                           bool *handled) MUST_CHECK;
enum problem hook_send_email(struct call *call, const struct outgoing *list,
                             const struct outgoing *item, bool *handled) MUST_CHECK;

/* A rejection: P_PASSWORD_REJECTED, P_MFA_REJECTED, with the message; *logout: end all sessions. */
enum problem hook_password_attempt(struct call *call, const struct uuid *user_id, bool valid,
                                   bool *logout) MUST_CHECK;
enum problem hook_mfa_attempt(struct call *call, const struct uuid *factor_id, const char *type,
                              bool valid) MUST_CHECK;

/* Puts claims of its own into issued->hook_claims. */
enum problem hook_access_token(struct call *call, struct issued_session *issued) MUST_CHECK;

#endif
