/* cmd_version.c: `countersign version`. */
#include "command.h"

#include <stdio.h>

static int run(int argc, char **argv)
{
    struct common common;
    int code = common_options(&command_version, argc, argv, &common);
    if (code >= 0) {
        return code;
    }
    printf(common.json ? "{\"version\":\"%s\"}\n" : "countersign %s\n", app_version());
    return 0;
}

const struct command command_version = {
    .name = "version",
    .summary = "print the version",
    .help = "usage: countersign version [--json]\n\n"
            "  --json           as JSON\n",
    .run = run,
};
