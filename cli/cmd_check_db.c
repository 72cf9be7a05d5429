/* cmd_check_db.c: `countersign check-db`: is the database file sound? */
#include "command.h"

#include "keys/lost_database.h"
#include "show.h"
#include "store/db.h"
#include "store/migrate.h"
#include "store/needed_keys.h"

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

/* What is wrong with the database as a whole; *note: what is only to be known. */
static const char *fault_of(struct arena *arena, const struct config *config, struct db *db,
                            const char **note)
{
    struct schema_found found;
    const char *error, *lost = lost_database(arena, config);
    if (lost || !migrate_look(db, arena, &found, &error)) { /* finds out which columns there are */
        return lost ? lost : error;
    }
    *note = migrate_advice(arena, &found);
    if (found.version < migrate_newest()) {
        *note = arena_printf(arena,
                             "the tables of Countersign are at version %d of %d: serve and migrate "
                             "bring them up",
                             found.version, migrate_newest());
    }
    const char *missing = found.version == migrate_newest() ? needed_keys_fault(db, arena) : NULL;
    return missing || !found.version ? missing : keys_fault(arena, config, db, true);
}

static int check(struct arena *arena, const struct config *config, struct db *db,
                 const struct common *common)
{
    const char *note = NULL;
    struct findings findings = { .arena = arena,
                                 .json = json_begin(arena, '['),
                                 .as_json = common->json };
    bool good = db_check(db, say, &findings);
    const char *fault = good ? fault_of(arena, config, db, &note) : NULL;
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
    .help =
        "usage: countersign check-db [OPTION]...\n\n"
        "Checks the whole database, beside a running server too: that nothing is missing after\n"
        "a restore, and that the keys of the settings open what it holds. Prints ok, or each\n"
        "finding and ends with 1.\n\n"
        "  --config FILE    settings, as for serve\n"
        "  --data-dir DIR   the data folder\n"
        "  --json           as JSON: ok and findings\n",
    .run = run,
};
