/* cmd_copy.c: `countersign copy`: from SQLite to PostgreSQL or back. Here are the two connections,
 * the lock file, the progress bar and the words at the end; the copy itself is store/copy.c. */
#include "command.h"

#include "base/log.h"
#include "base/url.h"
#include "keys/key_files.h"
#include "progress.h"
#include "say.h"
#include "store/copy.h"
#include "store/copy_tables.h"
#include "store/lock_file.h"
#include "store/migrate.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_ID_HEX = 12 };

/* --- the two databases --- */

struct side {
    const char *name, *option, *url;
    struct lock_file *lock;
    struct db *db;
};

/* Says which of the two it was, and speaks of the option instead of the setting. */
static bool wrong(struct arena *arena, const struct side *side, const char *what,
                  const char **error)
{
    const char *at = strstr(what, "DATABASE_URL");
    const char *text = at ? arena_printf(arena, "%.*s%s%s", (int)(at - what), what, side->option,
                                         at + strlen("DATABASE_URL"))
                          : what;
    *error = arena_printf(arena, "the %s of the copy: %s", side->name, text);
    return false;
}

static bool open_side(struct arena *arena, struct side *side, unsigned flags, const char **error)
{
    const char *path = db_url_is_postgres(side->url) ? NULL : db_file(side->url);
    const char *why = NULL;
    if (path && (flags & DB_READ_ONLY) && access(path, R_OK) != 0) {
        return wrong(arena, side, arena_printf(arena, "there is no readable file %s", path), error);
    }
    if (path && !make_folder_of(arena, path, &why)) {
        return wrong(arena, side, why, error);
    }
    if (path) {
        side->lock = lock_file_take(arena, path, &why);
    }
    if (path && !side->lock) {
        return wrong(arena, side, why, error);
    }
    side->db = db_connect(arena, side->url, flags, &why);
    return side->db || wrong(arena, side, why, error);
}

static bool schema_is_new(struct arena *arena, struct side *side, const char **error)
{
    struct schema_found found;
    const char *why = NULL;
    if (!migrate_look(side->db, arena, &found, &why)) {
        return wrong(arena, side, why, error);
    }
    if (found.version == migrate_newest()) {
        return true;
    }
    const char *what =
        found.version > migrate_newest()
            ? "its schema is newer than this program knows: use a newer Countersign"
            : "it does not have the newest schema of Countersign: run `countersign migrate` on it "
              "first";
    return wrong(arena, side, what, error);
}

static bool open_both(struct arena *arena, struct side *from, struct side *to, unsigned flags,
                      const char **error)
{
    const char *why = NULL;
    for (int i = 0; i < 2; i++) {
        struct side *side = i ? to : from;
        if (!db_url_is_postgres(side->url) && !db_file(side->url)) {
            return wrong(arena, side,
                         "its URL is of an unknown kind: use sqlite:PATH or "
                         "postgres://...",
                         error);
        }
    }
    if (db_url_is_postgres(from->url) == db_url_is_postgres(to->url)) {
        *error = "copy goes between an SQLite file and PostgreSQL: of a file that no server uses "
                 "make a copy with `sqlite3 FILE '.backup COPY'`, of PostgreSQL with pg_dump";
        return false;
    }
    if (!open_side(arena, from, DB_READ_ONLY | flags, error) ||
        !schema_is_new(arena, from, error) || !open_side(arena, to, DB_CREATE | flags, error)) {
        return false;
    }
    return migrate(to->db, arena, &why) || wrong(arena, to, why, error);
}

/* --- the end --- */

static void say_keys(const struct copy_job *job, const struct side *from, const struct side *to)
{
    const char *file = db_file(to->url);
    if (job->key && !db_url_is_postgres(to->url)) {
        printf("\nThe secrets are encrypted with the key k-%.*s: put it into\n"
               "%s.encryption-key, or set for the server\n",
               KEY_ID_HEX, job->key, file);
    } else if (job->key) {
        printf("\nThe secrets are encrypted with the key in %s.encryption-key.\n"
               "Set for every server on the target:\n",
               db_file(from->url));
    }
    if (job->key) {
        printf("  GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY_ID=k-%.*s\n"
               "  GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY=(that key)\n",
               KEY_ID_HEX, job->key);
    }
    printf("\nKeep GOTRUE_JWT_SECRET%s%s and\nGOTRUE_SECURITY_DB_ENCRYPTION_* as they were: "
           "sessions, API keys and factors depend on them.\n",
           db_url_is_postgres(from->url) ? "" : " (or what is in ",
           db_url_is_postgres(from->url)
               ? ""
               : arena_printf(job->arena, "%s.jwt-secret)", db_file(from->url)));
}

static void say_done(const struct copy_job *job, const struct side *from, const struct side *to)
{
    int64_t all = 0;
    printf("\n%-20s %12s\n", "TABLE", "ROWS");
    for (int i = 0; i < copy_tables_count; i++) {
        printf("%-20s %12lld\n", copy_tables[i].name, (long long)job->rows[i]);
        all += job->rows[i];
    }
    printf("%lld rows copied; source and target have the same counts\n", (long long)all);
    if (job->left) {
        printf("Left behind, as the target has no place for them: %s\n", job->left);
    }
    say_keys(job, from, to);
}

static bool copy(struct arena *arena, struct side *from, struct side *to, unsigned flags,
                 const char **error)
{
    struct progress_screen screen = { .terminal = isatty(STDOUT_FILENO) == 1 };
    if (!open_both(arena, from, to, flags, error)) {
        return false;
    }
    struct copy_job job = {
        .from = from->db,
        .to = to->db,
        .arena = arena,
        .show = progress_show,
        .arg = &screen,
    };
    bool good = copy_run(&job, error);
    if (screen.terminal) {
        printf("\n");
    }
    if (job.resumed) {
        printf("went on where a copy had stopped: %lld rows were there already\n",
               (long long)job.resumed_at);
    }
    if (good) {
        say_done(&job, from, to);
    }
    return good;
}

/* Other users see a program's arguments while it runs. */
static void warn_of_password(const char *option, const char *url)
{
    struct url_part user = url_split(url).userinfo;
    if (memchr(user.at, ':', user.len) || strstr(url, "password=")) {
        say_warning(
            "the password in %s can be read by other users of this machine and stays in the "
            "shell's history; better in PGPASSWORD or ~/.pgpass",
            option);
    }
}

static int run(int argc, char **argv)
{
    struct common common;
    int code = common_options(&command_copy, argc, argv, &common);
    if (code >= 0) {
        return code;
    }
    if (!common.from || !common.to) {
        fprintf(stderr, "countersign copy: --from and --to are needed\n\n%s", command_copy.help);
        return 2;
    }
    warn_of_password("--from", common.from);
    warn_of_password("--to", common.to);
    umask(077);
    struct arena *arena = arena_new();
    const char *error = NULL;
    const struct config *config = load_config(arena, &common);
    struct side from = { .name = "source", .option = "--from", .url = common.from };
    struct side to = { .name = "target", .option = "--to", .url = common.to };
    unsigned flags = config && !config->database.prepared ? DB_UNPREPARED : 0;
    code = config && copy(arena, &from, &to, flags, &error) ? 0 : 1;
    if (error) {
        complain(error);
    }
    db_close(&from.db);
    db_close(&to.db);
    lock_file_free(&from.lock);
    lock_file_free(&to.lock);
    arena_free(&arena);
    return code;
}

const struct command command_copy = {
    .name = "copy",
    .summary = "copy all data from SQLite to PostgreSQL, or back",
    .help =
        "usage: countersign copy --from URL --to URL [OPTION]...\n\n"
        "Copies users, identities, sessions, factors and all else from an SQLite file to\n"
        "PostgreSQL, or back, a batch of rows a transaction, and compares the counts. Both\n"
        "servers are stopped meanwhile. The target is new or empty; its schema is made. A copy\n"
        "that was interrupted goes on when the same command is run again.\n\n"
        "  --from URL       sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE;\n"
        "                   the password may stand in PGPASSWORD or ~/.pgpass instead\n"
        "  --to URL         the other of the two\n"
        "  --config FILE    settings, as for serve; behind a pooler in transaction mode set\n"
        "                   COUNTERSIGN_DB_PREPARED_STATEMENTS=false\n",
    .run = run,
};
