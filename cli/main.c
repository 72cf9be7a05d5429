/* main.c: the command line: finds the command and runs it. */
#include "job.h"
#include "say.h"

#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 26 };

/* How many of the arguments the name consists of; 0 if they are not its words. */
static int words_matched(const char *name, int argc, char **argv)
{
    int n = 0;
    while (*name) {
        size_t len = strcspn(name, " ");
        if (n >= argc || strlen(argv[n]) != len || memcmp(argv[n], name, len) != 0) {
            return 0;
        }
        n++;
        name += len;
        name += *name == ' ';
    }
    return n;
}

/* Is the command one of the group? "" has all. */
static bool is_in_group(const struct command *command, const char *group)
{
    size_t len = strlen(group);
    return !len || (strncmp(command->name, group, len) == 0 && command->name[len] == ' ');
}

static void usage(FILE *to, const char *group)
{
    if (*group) {
        fprintf(to, "usage: countersign %s COMMAND [OPTION]...\n\n", group);
    } else {
        fprintf(to, "countersign: multi-factor authentication for Supabase's auth clients\n\n"
                    "usage: countersign COMMAND [OPTION]...\n\n");
    }
    for (int i = 0; commands[i]; i++) {
        if (is_in_group(commands[i], group)) {
            fprintf(to, "  %-*s %s\n", NAME_WIDTH, commands[i]->name, commands[i]->summary);
        }
    }
    fprintf(to, "\n`countersign COMMAND --help` says more.%s\n",
            *group ? "" : " To begin: countersign serve");
}

/* The longest group that the arguments begin with, or "". */
static const char *group_of(int argc, char **argv, int *words)
{
    const char *found = "";
    *words = 0;
    for (int i = 0; command_groups[i].name; i++) {
        int n = words_matched(command_groups[i].name, argc, argv);
        if (n > *words) {
            *words = n;
            found = command_groups[i].name;
        }
    }
    return found;
}

static int no_command(int argc, char **argv)
{
    int words;
    const char *group = group_of(argc, argv, &words);
    const char *next = words < argc ? argv[words] : NULL;
    if (next &&
        (strcmp(next, "--help") == 0 || strcmp(next, "-h") == 0 || strcmp(next, "help") == 0)) {
        usage(stdout, group);
        return EXIT_OK;
    }
    if (!next) {
        usage(stderr, group);
        return EXIT_USAGE;
    }
    struct arena *arena = arena_new();
    const char *blank = *group ? " " : "";
    say_error(EXIT_USAGE, "",
              arena_printf(arena,
                           "there is no command \"%s%s%.200s\"\n"
                           "Next: countersign %s%s--help lists those there are",
                           group, blank, next, group, blank));
    arena_free(&arena);
    return EXIT_USAGE;
}

/* Whether the answer shall be JSON, before anything is said: errors and warnings are, too. */
static bool wants_json(const struct command *command, int argc, char **argv)
{
    bool can = help_lists(command, "--json");
    for (int i = 1; can && i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            return true;
        }
    }
    return false;
}

/* A command that could not say what it was asked for has failed. A server has other things to do.
 */
static int all_written(const struct command *command, int code)
{
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    return !failed || code || command == &command_serve
               ? code
               : complain("the output could not be written");
}

int main(int argc, char **argv)
{
    const struct command *found = NULL;
    static char version[] = "version";
    int words = 0;
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        argv[1] = version;
    }
    for (int i = 0; commands[i]; i++) {
        int n = words_matched(commands[i]->name, argc - 1, argv + 1);
        if (n > words) {
            words = n;
            found = commands[i];
        }
    }
    if (!found) {
        return no_command(argc - 1, argv + 1);
    }
    argc -= words;
    argv += words;
    say_as_json(wants_json(found, argc, argv));
    return all_written(found, found->run ? found->run(argc, argv) : job_run(found, argc, argv));
}
