/* main.c: the command line: finds the command and runs it. */
#include "command.h"

#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
    &command_serve, &command_keys, &command_check_config, &command_check_db,
    &command_outbox, &command_version,
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void usage(FILE *to)
{
    fprintf(to, "countersign: multi-factor authentication for Supabase's auth clients\n\n"
                "usage: countersign COMMAND [OPTION]...\n\n");
    for (int i = 0; i < COMMANDS; i++) {
        fprintf(to, "  %-14s %s\n", commands[i]->name, commands[i]->summary);
    }
    fprintf(to, "\n`countersign COMMAND --help` says more. To begin: countersign serve\n");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return 0;
    }
    const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i]->run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "countersign: there is no command \"%s\"\n\n", argv[1]);
    usage(stderr);
    return 2;
}
