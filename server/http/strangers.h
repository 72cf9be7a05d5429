/* strangers.h: how often whoever is not signed in may do what costs something (security rule 3):
 * sign-ups, anonymous accounts, requests for mails and SMS, guesses of passwords and codes; an hour,
 * by the client's address and by its network. In this process alone: with N nodes an address may do
 * up to N times as much. Not counted: what signed-in users do, an admin's key, and peers on loopback
 * that name no other client. */
#ifndef COUNTERSIGN_HTTP_STRANGERS_H
#define COUNTERSIGN_HTTP_STRANGERS_H

#include "http/router.h"

struct strangers;

struct strangers *strangers_new(const struct config *config, struct entropy *entropy);
void strangers_free(struct strangers **strangers);

/* P_RATE_LIMITED with ctx.retry_after_s; call->rate for the answer's headers. Each request counts
 * once, failing ones too. limiter: of the route, or of what the body asks for. */
enum problem strangers_check(struct call *call, enum limiter limiter) MUST_CHECK;

/* May the request's line stand in the log? Where a client fills it, its lines are left out, and a
 * line a minute says how many. */
bool strangers_may_log(struct call *call);

#endif
