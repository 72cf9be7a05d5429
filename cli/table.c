/* table.c: the list of all commands, from which main.c, the help and the completion scripts take
 * what they know. A new command is a file and a row in commands.def. */
#include "command.h"

const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "commands.def"
#undef COMMAND
    NULL,
};

const struct command_group command_groups[] = {
    { "keys", "API keys, and the keys that encrypt the database" },
    { "import", "what another server exported" },
    { "export", "what another server is to import" },
    { "mfa", "your second factors" },
    { "admin", "other people's accounts, for administrators" },
    { "admin user", "accounts" },
    { "admin factor", "the second factors of an account" },
    { NULL, NULL },
};
