/* admin.h: the requests of the admin commands, by HTTP with the service key or, the very same ones,
 * handled in this process on the database file; and the users and factors that arguments name. */
#ifndef COUNTERSIGN_CLI_ADMIN_H
#define COUNTERSIGN_CLI_ADMIN_H

#include "base/json.h"
#include "job.h"

/* One request below /auth/v1; body NULL: none. *out lives in the job's arena, NULL if the answer
 * was empty. What failed is in the client's last error: job_failed(). */
cs_status admin_ask(struct job *job, const char *method, const char *path, const char *body,
                    const struct json_t **out);

/* A value for a query, percent-encoded. */
const char *admin_encoded(struct job *job, const char *text);

/* The user that an argument names by UUID or e-mail address. -1, or the exit code with the reason
 * said. */
int admin_user(struct job *job, const char *word, const struct json_t **out);

/* The user's factor that an argument names by UUID or friendly name. */
int admin_factor(struct job *job, const struct json_t *user, const char *word,
                 const struct json_t **out);

/* /admin/users/{id} with something behind it. */
const char *admin_user_path(struct job *job, const struct json_t *user, const char *rest);

/* The user's e-mail address, phone or id, for messages. */
const char *admin_name_of(struct job *job, const struct json_t *user);

/* Shows a user, or with --json prints it; returns EXIT_OK. */
int admin_show(struct job *job, const struct json_t *user);

/* A line "label text" of what is shown, made safe; nothing if there is no text. */
void admin_line(struct job *job, const char *label, const char *text);
void admin_time_line(struct job *job, const char *label, const struct json_t *of, const char *key);

/* What is locked for the user: GET .../locks; NULL if it cannot be had (an older server). */
const struct json_t *admin_locks(struct job *job, const struct json_t *user);

/* Until when the factor is locked, short; NULL: it is not. "" for factor_id: the passwords. */
const char *admin_locked(struct job *job, const struct json_t *locks, const char *factor_id);

/* A friendly name for messages, or "(no name)". */
const char *admin_factor_name(struct job *job, const struct json_t *factor);

/* --- the database file, direct.c --- */

/* Opens the database of --db or --data-dir, and fills in a transport that handles requests in this
 * process, and a key that they may carry (NULL, NULL: for a command that sends no requests). -1 or
 * the exit code. */
int direct_open(struct job *job, cs_transport *transport, const char **key);

/* For CLIENT_DATABASE: what direct_open opened, and the role that the operator acts in. */
struct services *direct_services(const struct direct *direct);
const char *direct_role(const struct config *config);

void direct_close(struct direct **direct);

#endif
