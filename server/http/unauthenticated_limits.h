/* unauthenticated_limits.h: how often requests without a token may do what is costly (rule S3):
 * sign-ups, anonymous accounts, mails and SMS, guesses of passwords and codes; per hour, by client
 * address and by network. Counts are of this process: with N nodes an address may do up to N times
 * as much. Exempt are signed-in users, an admin's key, and peers on loopback that name no other
 * client. */
#ifndef COUNTERSIGN_HTTP_UNAUTHENTICATED_LIMITS_H
#define COUNTERSIGN_HTTP_UNAUTHENTICATED_LIMITS_H

#include "http/router.h"

struct unauthenticated_limits;

struct unauthenticated_limits *unauthenticated_limits_new(const struct config *config,
                                                          struct entropy *entropy);
void unauthenticated_limits_free(struct unauthenticated_limits **unauthenticated_limits);

/* P_RATE_LIMITED with ctx.retry_after_s; call->rate for the answer's headers. Each request counts
 * once, failing ones too. limiter: of the route, or of what the body asks for. */
enum problem unauthenticated_limits_check(struct call *call, enum limiter limiter) MUST_CHECK;

/* May the request's line stand in the log? Where a client fills it, its lines are left out, and a
 * line a minute says how many. */
bool unauthenticated_limits_may_log(struct call *call);

#endif
