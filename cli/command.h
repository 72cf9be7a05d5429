/* command.h: a command of the command line: one file each, listed in main.c. */
#ifndef COUNTERSIGN_CLI_COMMAND_H
#define COUNTERSIGN_CLI_COMMAND_H

#include "app.h"
#include "config/config.h"

struct command {
    const char *name, *summary;
    const char *help; /* the whole text of --help */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit code */
};

extern const struct command command_serve, command_keys, command_check_config, command_check_db,
    command_outbox, command_version;

/* The options that every command with settings takes. */
struct common {
    const char *config_file, *data_dir, *host, *port;
    bool json, once;
};

/* Reads options; anything unknown, or a missing value, prints what is allowed and returns 2;
 * --help prints the help and returns 0; -1: go on. */
int common_options(const struct command *command, int argc, char **argv, struct common *out);

/* Loads the settings; prints warnings to standard error, or the error and returns NULL. */
const struct config *load_config(struct arena *arena, const struct common *common);

/* "countersign: text" on standard error; returns 1. */
int complain(const char *text);

#endif
