/* job.h: one run of a command for people: its options, its client, and how failures end. */
#ifndef COUNTERSIGN_CLI_JOB_H
#define COUNTERSIGN_CLI_JOB_H

#include "countersign.h"
#include "environment.h"
#include "options.h"

struct direct;

struct job {
    const struct command *command;
    struct arena *arena; /* wiped at the end */
    struct options options;
    const char *url;                        /* of the server; of CLIENT_ADMIN on a file: NULL */
    const char *session_file, *server_file; /* of CLIENT_SIGN_IN and CLIENT_USER: place.h */
    cs_client *client;                      /* NULL for CLIENT_NONE */
    struct direct *direct; /* the database, where the work is done on it; else NULL */
};

/* Reads the options, opens the client, runs the command's act, closes; returns the exit code. */
int job_run(const struct command *command, int argc, char **argv);

/* Says why the client's last call failed and what to do next, as text or with --json as JSON, on
 * standard error; returns the exit code. */
int job_failed(struct job *job, cs_status status);

/* The same for what went wrong here: code is the exit code. Returns it. */
int job_complain(struct job *job, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Before something is removed for good: asks a person, or wants --yes where there is none. -1: go
 * on. */
int job_confirm(struct job *job, const char *question);

#endif
