/* app.h: puts the server together: settings, keys, storage, threads, HTTP. */
#ifndef COUNTERSIGN_APP_H
#define COUNTERSIGN_APP_H

#include "api/call.h"

struct app;

enum app_parts {
    APP_KEYS = 1,   /* the keys alone, without opening the database */
    APP_STORE = 2,  /* and storage */
    APP_LISTEN = 4, /* and HTTP */
};

/* NULL: *error for a person. The arena outlives the app. */
struct app *app_start(struct arena *arena, const struct config *config, unsigned parts,
                      const char **error);

/* Checks the keys that the settings give, as a start would. false: *error for a person. */
bool app_check(struct arena *arena, const struct config *config, const char **error);

/* Finishes what is under way and closes all; NULL is fine. */
void app_stop(struct app **app);

struct services *app_services(struct app *app);
int app_port(const struct app *app);

/* The HS256 secret in use; for `countersign keys`. */
const char *app_secret(const struct app *app);

/* Was the secret made by this server, not given by the configuration? */
bool app_secret_is_own(const struct app *app);

/* When the API keys of this secret begin to be valid: of our own one when its file was made, so
 * that each start shows the same keys; else now. Microseconds since 1970. */
int64_t app_keys_from_us(const struct app *app);

const char *app_version(void);

#endif
