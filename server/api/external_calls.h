/* external_calls.h: requests that must hear from the outside world before they count: hooks, and
 * SMS providers, whose refusal is the answer (accounts.md 4.8, 10.1). Such a request runs
 * first in a transaction that is rolled back if there is somebody to ask, which tells what it would
 * send; then each of those is asked, on the pool of that destination and without a transaction;
 * then it runs again, with the same named draws (base/draws.h), so that the codes that went out are
 * the codes that are stored, and counts if it asks nothing new. What need not ask anybody counts at
 * its first run, like any other write. docs/decisions/0005-asking-first.md. */
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
