/* external_calls.h: requests that must ask somebody outside before they count: a hook, or an SMS
 * provider whose refusal is the answer (accounts.md 4.8, 10.1).
 *
 * Such a request first runs in a transaction that is rolled back; the run shows whom to ask. They
 * are asked without a transaction, each on the pool of its destination. Then the request runs
 * again, with the same named draws (base/draws.h), so that the codes that went out are the codes
 * that are stored. It counts once a run asks nothing new. A request that asks nobody counts at its
 * first run. See docs/decisions/0005-asking-first.md. */
#ifndef COUNTERSIGN_API_EXTERNAL_CALLS_H
#define COUNTERSIGN_API_EXTERNAL_CALLS_H

#include "api/call.h"

/* Who may have to be asked during requests, by these settings: a bit for each destination. */
unsigned external_destinations(const struct config *config);

/* The call goes on with fn in a write transaction, with the world asked in between where that is
 * needed, and ends with it: fn also makes the reply. It may run several times. */
enum problem external_write(struct call *call, tx_fn *fn, void *arg) MUST_CHECK;

/* The same without anybody being asked. */
enum problem call_write(struct call *call, tx_fn *fn, void *arg) MUST_CHECK;

/* After P_BREACH_UNASKED: asks; the call goes on with then(call, how that went), on the thread that
 * asked. */
enum problem external_breach(struct call *call,
                             enum problem (*then)(struct call *call, enum problem)) MUST_CHECK;

#endif
