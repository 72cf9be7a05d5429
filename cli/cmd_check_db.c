/* cmd_check_db.c: `countersign check-db`: is the database file sound? */
#include "command.h"

#include "show.h"
#include "store/db.h"
#include "store/migrate.h"

#include <stdio.h>
#include <string.h>

struct findings {
    struct arena *arena;
    struct strbuf json;
    bool as_json;
};

static void say(void *arg, const char *finding)
{
    struct findings *findings = arg;
    const char *text = safe(findings->arena, finding);
    if (findings->as_json) {
        json_add_text(&findings->json, NULL, text);
    } else {
        printf("%s\n", text);
    }
}

static int check(struct arena *arena, const struct config *config, struct db *db,
                 const struct common *common)
{
    struct schema_found found;
    const char *error, *note = NULL;
    struct findings findings = { .arena = arena, .json = json_begin(arena, '['),
                                 .as_json = common->json };
    bool good = db_check(db, say, &findings);
    if (good && migrate_look(db, arena, &found, &error)) { /* finds out which columns there are */
        note = migrate_advice(arena, &found);
    }
    const char *fault = good ? keys_fault(arena, config, db, true) : NULL;
    if (fault) {
        say(&findings, fault);
        good = false;
    }
    if (common->json) {
        struct strbuf out = json_begin(arena, '{');
        strbuf_char(&findings.json, ']');
        json_add_raw(&out, "findings", findings.json.data);
        json_add_text(&out, "note", note ? note : "");
        json_add_bool(&out, "ok", good);
        json_end(&out, '}');
    } else if (good) {
        printf("%s%s%sok\n", note ? "note: " : "", note ? note : "", note ? "\n" : "");
    }
    return good ? 0 : 1;
}

static int run(int argc, char **argv)
{
    return inspect_database(&command_check_db, argc, argv, check);
}

const struct command command_check_db = {
    .name = "check-db",
    .summary = "check the database file",
    .help = "usage: countersign check-db [OPTION]...\n\n"
            "Checks the whole database, beside a running server too, and whether the keys of the\n"
            "settings open what it holds. Prints ok, or each finding and ends with 1.\n\n"
            "  --config FILE    settings, as for serve\n"
            "  --data-dir DIR   the data folder\n"
            "  --json           as JSON: ok and findings\n",
    .run = run,
};
