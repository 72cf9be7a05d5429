/* command.h: a command of the command line: one file each, listed in main.c. Those for people
 * (job.h) have `act`; those that start or examine the server read their own options and have
 * `run`. An option is known to a command if its help lists it, so help, parser and completion
 * cannot differ. */
#ifndef COUNTERSIGN_CLI_COMMAND_H
#define COUNTERSIGN_CLI_COMMAND_H

#include "app.h"
#include "config/config.h"

/* Exit codes, the same for every command: docs/man/countersign.1. */
enum { EXIT_OK = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_UNREACHABLE = 3, EXIT_SIGNED_OUT = 4 };

enum client_kind {
    CLIENT_NONE,
    CLIENT_SIGN_IN,  /* for the one who is about to sign in */
    CLIENT_USER,     /* for the signed-in user */
    CLIENT_ADMIN,    /* with the service key, or on the database file */
    CLIENT_DATABASE, /* none: straight on the database that options or settings name */
};

struct job;

struct command {
    const char *name, *summary;        /* the name may have several words: "mfa enroll" */
    const char *help;                  /* the whole text of --help */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit code */
    int (*act)(struct job *job);       /* instead of run; returns the exit code */
    enum client_kind client;           /* of act */
    int words_min, words_max;          /* arguments of act that are no options */
    const char *choices;               /* what these may be, for completion, or NULL */
};

#define COMMAND(name) extern const struct command command_##name;
#include "commands.def"
#undef COMMAND

/* Is the option, such as "--json", one of the command's? */
bool help_lists(const struct command *command, const char *name);

/* All of them, in the order of the help; ends with NULL. */
extern const struct command *const commands[];

/* Words that several commands begin with, such as "mfa"; ends with a NULL name. */
struct command_group {
    const char *name, *summary;
};
extern const struct command_group command_groups[];

/* The options that every command with settings takes. */
struct common {
    const char *config_file, *data_dir, *host, *port;
    const char *from, *to; /* of copy */
    bool json, once, list;
    /* not by options of these commands: */
    const char *database; /* the file */
    bool own_database;    /* the one in the data folder, whatever the environment says */
};

/* Reads options; anything unknown, or a missing value, prints what is allowed and returns 2;
 * --help prints the help and returns 0; -1: go on. */
int common_options(const struct command *command, int argc, char **argv, struct common *out);

/* Loads the settings; prints warnings to standard error, or the error and returns NULL. */
const struct config *load_config(struct arena *arena, const struct common *common);

struct db;

/* The whole of a command that looks into the database: reads its options, opens the database
 * without changing it, and ends with what look returns. */
int inspect_database(const struct command *command, int argc, char **argv,
                     int (*look)(struct arena *arena, const struct config *config, struct db *db,
                                 const struct common *common));

/* Why the keys of the settings do not open what that database holds, for a person; NULL: they do.
 * thorough: every row is tried. */
const char *keys_fault(struct arena *arena, const struct config *config, struct db *db,
                       bool thorough);

/* "countersign: text" on standard error; returns 1. */
int complain(const char *text);

#endif
