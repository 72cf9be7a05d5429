/* postgres.h: Debian's PostgreSQL server for a test: initdb in a temporary folder, never as root
 * (what root starts runs as the user postgres, or nobody), reached by a socket in that folder. */
#ifndef COUNTERSIGN_TESTS_POSTGRES_H
#define COUNTERSIGN_TESTS_POSTGRES_H

struct postgres {
    char dir[64];
    char url[160]; /* postgres://…, of the database "postgres" */
};

/* false: there is no such server here, or it does not start; says why on standard error. */
int postgres_start(struct postgres *out);
void postgres_stop(struct postgres *postgres);

/* The URL of another database of the same server; the caller's buffer of 200 bytes. */
const char *postgres_url(const struct postgres *postgres, const char *database, char *out);

/* Makes an empty database. false: it could not. */
int postgres_create(const struct postgres *postgres, const char *database);

#endif
