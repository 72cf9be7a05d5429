/* help.h: what the help of several commands says in the same words. */
#ifndef COUNTERSIGN_CLI_HELP_H
#define COUNTERSIGN_CLI_HELP_H

#define HELP_JSON "  --json              the answer as JSON, errors too (on standard error)\n"

#define HELP_URL                                                                                   \
    "  --url URL           the server (COUNTERSIGN_URL; else the one you signed in at)\n"          \
    "  --key KEY           the anon key, where the server asks for it (COUNTERSIGN_KEY)\n" HELP_JSON

#define HELP_CODE "  --code CODE         the code; better typed in, or on standard input\n"

#define HELP_YES "  --yes               do not ask\n"

#define HELP_ADMIN                                                                                 \
    "\nBy HTTP, with the service key:\n"                                                           \
    "  --url URL           the server (COUNTERSIGN_URL; else http://127.0.0.1:9999)\n"             \
    "  --service-key KEY   better in COUNTERSIGN_SERVICE_KEY, or typed in\n"                       \
    "Or on the database; on a file, while no server uses it:\n"                                    \
    "  --data-dir DIR      the server's data folder\n"                                             \
    "  --db FILE           the database file itself\n"                                             \
    "  --config FILE       the server's settings, if it has any; alone: the database they name\n"  \
    "Output:\n" HELP_JSON

#define HELP_DATABASE                                                                              \
    "\nOn the database of the settings; on a file, while no server uses it:\n"                     \
    "  --data-dir DIR      the server's data folder\n"                                             \
    "  --db FILE           the database file itself\n"                                             \
    "  --config FILE       the server's settings, if it has any\n"

#define HELP_EXIT                                                                                  \
    "\nExit codes: 0 done, 1 refused, 2 wrong usage, 3 no connection, 4 not signed in.\n"

#endif
