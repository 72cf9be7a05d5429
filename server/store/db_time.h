/* db_time.h: what time the database has. Nodes whose own clocks disagree follow it. */
#ifndef COUNTERSIGN_STORE_DB_TIME_H
#define COUNTERSIGN_STORE_DB_TIME_H

#include "store/db.h"

/* The database's clock less clock_uptime_us(), and by how much that may be wrong: half of the
 * time that asking took. */
struct db_time {
    int64_t offset_us, error_us;
};

/* Asks; one round trip, outside of any transaction. false: it did not answer. An SQLite file has
 * no clock but this machine's. */
bool db_time_ask(struct db *db, struct db_time *out);

#endif
