/* equal_time.h: how long external calls took of late, by kind (enum equal_time). A request that
 * saves such a call, because the account is not there, waits as long as one that makes it (rule
 * S4). */
#ifndef COUNTERSIGN_DELIVER_EQUAL_TIME_H
#define COUNTERSIGN_DELIVER_EQUAL_TIME_H

#include "domain/request.h"

/* An answer has come, or has not come in time, to what was asked at that time (steady clock). */
void equal_time_note(enum equal_time what, int64_t asked_at_us);

/* For each bit a time out of the last ones, by chance; 0 where nothing was asked yet. */
int64_t equal_time_wait_us(unsigned what, struct entropy *entropy);

#endif
