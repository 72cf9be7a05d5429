/* outside.h: requests that must hear from the outside world before they count: hooks, and SMS
 * providers, whose refusal is the answer (contract-accounts.md 4.8, 10.1). Such a request is
 * rehearsed in a transaction that is rolled back, which tells what it would send; then the world
 * is asked; then it runs for good, with the same random numbers, so that the codes that went out
 * are the codes that are stored. */
#ifndef COUNTERSIGN_API_OUTSIDE_H
#define COUNTERSIGN_API_OUTSIDE_H

#include "api/call.h"

/* Does anything have to be asked during requests, by these settings? */
bool outside_needed(const struct config *config);

/* exec_write, with the world asked in between where that is needed. On a pool thread. */
enum problem outside_write(struct call *call, tx_fn *fn, void *arg) MUST_CHECK;

#endif
