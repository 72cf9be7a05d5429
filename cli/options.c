/* options.c: reads the options of the commands for people, see options.h. */
#include "options.h"

#include "say.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum takes { NOTHING, TEXT, SECRET };

static const struct row {
    const char *name;
    enum takes takes;
    size_t offset;
} rows[] = {
#define ROW(name, takes, field)                                                                    \
    {                                                                                              \
        name, takes, offsetof(struct options, field)                                               \
    }
    ROW("--app-metadata", TEXT, app_metadata),
    ROW("--before", TEXT, before),
    ROW("--challenge", TEXT, challenge),
    ROW("--channel", TEXT, channel),
    ROW("--code", SECRET, code),
    ROW("--config", TEXT, config_file),
    ROW("--data-dir", TEXT, data_dir),
    ROW("--db", TEXT, db),
    ROW("--dry-run", NOTHING, dry_run),
    ROW("--email", TEXT, email),
    ROW("--filter", TEXT, filter),
    ROW("--for", TEXT, duration),
    ROW("--force", NOTHING, force),
    ROW("--issuer", TEXT, issuer),
    ROW("--json", NOTHING, json),
    ROW("--jwt-secret", NOTHING, jwt_secret),
    ROW("--key", TEXT, key),
    ROW("--local", NOTHING, local),
    ROW("--name", TEXT, name),
    ROW("--no-names", NOTHING, no_names),
    ROW("--no-password", NOTHING, no_password),
    ROW("--no-verify", NOTHING, no_verify),
    ROW("--output", TEXT, output),
    ROW("--page", TEXT, page),
    ROW("--password", SECRET, password),
    ROW("--per-page", TEXT, per_page),
    ROW("--phone", TEXT, phone),
    ROW("--role", TEXT, role),
    ROW("--scope", TEXT, scope),
    ROW("--service-key", SECRET, service_key),
    ROW("--since", TEXT, since),
    ROW("--soft", NOTHING, soft),
    ROW("--type", TEXT, type),
    ROW("--unconfirmed", NOTHING, unconfirmed),
    ROW("--url", TEXT, url),
    ROW("--user-metadata", TEXT, user_metadata),
    ROW("--yes", NOTHING, yes),
#undef ROW
};

enum { ROWS = sizeof rows / sizeof rows[0] };

const char *help_next_option(const char *at, size_t *name_len)
{
    static const char mark[] = "\n  --";
    const char *found = strstr(at, mark);
    if (!found) {
        return NULL;
    }
    found += sizeof mark - 3;
    *name_len = strcspn(found, " \n");
    return found;
}

bool help_lists(const struct command *command, const char *name)
{
    size_t len;
    for (const char *at = command->help; (at = help_next_option(at, &len)); at += len) {
        if (strlen(name) == len && memcmp(at, name, len) == 0) {
            return true;
        }
    }
    return false;
}

static const struct row *find(const struct command *command, const char *argument, size_t len)
{
    for (int i = 0; i < ROWS; i++) {
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, argument, len) == 0) {
            return help_lists(command, rows[i].name) ? &rows[i] : NULL;
        }
    }
    return NULL;
}

int usage_error(const struct command *command, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    size_t n = (size_t)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    n = n < sizeof text ? n : sizeof text - 1;
    snprintf(text + n, sizeof text - n, "\n`countersign %s --help` says what is allowed.",
             command->name);
    return say_error(EXIT_USAGE, command->name, text);
}

/* Other users see a program's arguments while it runs: warn, and hide what can still be hidden. */
static const char *hide(struct arena *arena, const struct row *row, char *value)
{
    const char *copy = arena_strdup(arena, value);
    memset(value, 'x', strlen(value));
    say_warning(
        "%s on the command line can be read by other users of this machine and stays in the "
        "shell's history; better give it at the prompt, on standard input or in the "
        "environment",
        row->name);
    return copy;
}

static int read_option(const struct command *command, struct arena *arena, int argc, char **argv,
                       int *i, struct options *out)
{
    char *argument = argv[*i], *value = NULL;
    size_t len = strcspn(argument, "=");
    const struct row *row = find(command, argument, len);
    if (!row) {
        return usage_error(command, "%.*s is not an option here", (int)len, argument);
    }
    void *field = (char *)out + row->offset;
    if (row->takes == NOTHING) {
        *(bool *)field = true;
        return argument[len] ? usage_error(command, "%s takes no value", row->name) : -1;
    }
    if (argument[len] == '=') {
        value = argument + len + 1;
    } else if (*i + 1 < argc) {
        value = argv[++*i];
    } else {
        return usage_error(command, "%s lacks its value", row->name);
    }
    *(const char **)field = row->takes == SECRET ? hide(arena, row, value) : value;
    return -1;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

int options_read(const struct command *command, struct arena *arena, int argc, char **argv,
                 struct options *out)
{
    bool only_words = false;
    *out = (struct options){ 0 };
    if (wants_help(argc, argv)) {
        fputs(command->help, stdout);
        return EXIT_OK;
    }
    for (int i = 1; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
            int code = read_option(command, arena, argc, argv, &i, out);
            if (code >= 0) {
                return code;
            }
        } else if (out->n_words >= command->words_max) {
            return usage_error(command, "\"%s\" is one argument too many", argv[i]);
        } else {
            out->words[out->n_words++] = argv[i];
        }
    }
    if (out->n_words < command->words_min) {
        return usage_error(command, "an argument is missing");
    }
    return -1;
}
