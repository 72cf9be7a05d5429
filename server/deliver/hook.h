/* hook.h: calls a webhook and reads its answer (internals.md §7; accounts.md
 * 10.1): POST with standard-webhooks signatures, bounded in time and size, retried as §7 says. */
#ifndef COUNTERSIGN_DELIVER_HOOK_H
#define COUNTERSIGN_DELIVER_HOOK_H

#include "base/ctx.h"
#include "base/json.h"

struct hook {
    bool on;
    const char *url;     /* https:, or http: to this machine */
    const char *secrets; /* "v1,whsec_..." separated by '|'; may be "" */
};

/* Calls it. P_OK: *output is the JSON object that was answered, or NULL where there was none
 * (204). Else the problem of HK3: HOOK_TIMEOUT, HOOK_UNREACHABLE, HOOK_TOO_LARGE, HOOK_NO_TYPE,
 * HOOK_NOT_JSON, HOOK_BAD_JSON, HOOK_UNAVAILABLE, HOOK_REFUSED, HOOK_UNAUTHORIZED, HOOK_STATUS, or
 * HOOK_ERROR with the hook's own message and status (ctx->problem_status), or HOOK_SIGNATURE: the
 * secrets cannot sign. It may take 5 s, so not on a thread that serves others meanwhile. */
enum problem hook_call(struct ctx *ctx, const struct hook *hook, const char *payload,
                       const struct json_t **output) MUST_CHECK;

/* Writes the object {"uuid","time","name","ip_address"}, the value of the metadata member of every
 * payload; the last two are left out where they are empty. */
void hook_metadata(struct ctx *ctx, struct strbuf *out, const char *name, const char *ip);

/* The webhook-signature header's value: one signature for each secret; NULL if one cannot sign. */
const char *hook_signature(struct arena *arena, const char *secrets, const char *id,
                           int64_t timestamp_s, const char *body);

/* Says in the log that the hook at this URL failed, with what is known of the answer but its body:
 * that can be about somebody, or hold secrets. */
void hook_log_failure(struct ctx *ctx, const char *url, enum problem problem);

#endif
