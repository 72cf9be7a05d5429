/* options.h: the options of the commands for people. The table in options.c says what each option
 * takes; a command knows those that its help lists. */
#ifndef COUNTERSIGN_CLI_OPTIONS_H
#define COUNTERSIGN_CLI_OPTIONS_H

#include "command.h"

enum { WORDS_MAX = 2 };

struct options {
    const char *url, *key, *service_key;
    const char *email, *phone, *password;
    const char *code, *name, *issuer, *type, *challenge, *channel;
    const char *scope, *filter, *page, *per_page, *duration, *role;
    const char *user_metadata, *app_metadata;
    const char *db, *data_dir, *config_file, *output, *since, *before;
    bool dry_run, force, json, jwt_secret, yes, no_verify, no_password, unconfirmed, no_names, soft,
        local;
    const char *words[WORDS_MAX]; /* the arguments that are no options */
    int n_words;
};

/* Fills *out, secrets copied into the arena and overwritten in argv; -1: go on, else the exit code,
 * with the help or what is wrong printed. */
int options_read(const struct command *command, struct arena *arena, int argc, char **argv,
                 struct options *out);

/* Walks the options that a help text lists: each call gives the next line "  --name ..." and where
 * its name ends; NULL at the end. Begin with at = help. */
const char *help_next_option(const char *at, size_t *name_len);

/* Says what is wrong with the command line and where the help is; returns EXIT_USAGE. */
int usage_error(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
