/* cmd_keys_forget.c: `countersign keys forget KEY-ID`: goes on without a key that is lost. What was
 * encrypted with it can be read by nobody, so it goes. The servers do not start without the key, so
 * the database is opened here, as by migrate. */
#include "base/log.h"
#include "help.h"
#include "job.h"
#include "show.h"
#include "store/factors.h"
#include "store/facts.h"
#include "store/lock_file.h"
#include "store/migrate.h"
#include "store/sealed.h"
#include "store/sessions.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SAMPLE = 64 };

struct run {
    const char *key_id;
    int64_t gone[SEALED_COLUMNS];
};

/* The fact about the key file of the same name: the next start makes a new one. */
static void forget_file(struct tx *tx, const char *key_id)
{
    const char *file = fact_get(tx, "encryption_key");
    size_t len = strlen(key_id);
    if (file && len > 2 && strncmp(file, key_id + 2, len - 2) == 0) {
        fact_delete(tx, "encryption_key");
    }
}

/* Sessions of those whose factors go must not stay raised. How many factors. */
static int64_t remove_factors(struct tx *tx, const char *key_id)
{
    struct sealed_row rows[SAMPLE];
    int64_t gone = 0;
    int n;
    do {
        n = sealed_sample(tx, SEALED_FACTOR, key_id, rows, SAMPLE);
        for (int i = 0; i < n; i++) {
            struct factor factor;
            if (factor_by_id(tx, &rows[i].id, &factor)) {
                sessions_delete(tx, &factor.user_id, NULL);
                factor_delete(tx, &factor.id);
                gone++;
            }
        }
    } while (n && tx->status == DB_OK);
    return gone;
}

static bool forget(struct job *job, struct db *db, struct run *run)
{
    struct entropy entropy = entropy_system();
    struct ctx ctx = { .arena = job->arena, .entropy = &entropy };
    struct tx tx = { .ctx = &ctx, .db = db, .mode = TX_WRITE };
    tx.status = db_begin(db, TX_WRITE);
    int64_t factors = remove_factors(&tx, run->key_id);
    for (int c = 0; c < SEALED_COLUMNS; c++) {
        run->gone[c] = sealed_drop(&tx, (enum sealed_column)c, run->key_id);
    }
    run->gone[SEALED_FACTOR] += factors;
    fact_delete(&tx, arena_printf(job->arena, "key_check:%s", run->key_id));
    forget_file(&tx, run->key_id);
    if (tx.status == DB_OK) {
        tx.status = db_commit(db);
    }
    if (tx.status != DB_OK) {
        db_rollback(db);
    }
    return tx.status == DB_OK;
}

static int say_done(struct job *job, const struct run *run)
{
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        for (int c = 0; c < SEALED_COLUMNS; c++) {
            json_add_int(&out, sealed_table((enum sealed_column)c), run->gone[c]);
        }
        json_end(&out, '}');
        return EXIT_OK;
    }
    printf(
        "%lld passwords emptied, %lld factors, %lld sessions and %lld waiting messages removed.\n"
        "These people sign in again by a mailed link or code, set a password, and enroll anew.\n",
        (long long)run->gone[SEALED_PASSWORD], (long long)run->gone[SEALED_FACTOR],
        (long long)run->gone[SEALED_SESSION], (long long)run->gone[SEALED_OUTBOX]);
    return EXIT_OK;
}

static int on_database(struct job *job, const struct config *config)
{
    struct run run = { .key_id = job->options.words[0] };
    struct lock_file *lock = NULL;
    const char *error = NULL;
    if (!config->postgres) {
        lock = lock_file_take(job->arena, config->database_path, &error);
    }
    struct db *db = error ? NULL
                          : db_connect(job->arena, config->database_uri,
                                       config->database.prepared ? 0 : DB_UNPREPARED, &error);
    bool good = db && migrate_not_needed(db, job->arena, &error);
    if (good && !forget(job, db, &run)) {
        error = "the database failed, and nothing was changed (the log above says why)";
    }
    db_close(&db);
    lock_file_free(&lock);
    return error ? job_complain(job, EXIT_UNREACHABLE, "%s", error) : say_done(job, &run);
}

static int act(struct job *job)
{
    const struct options *options = &job->options;
    struct common common = { .config_file = options->config_file,
                             .data_dir = options->data_dir,
                             .database = options->db,
                             .own_database = options->data_dir };
    umask(077);
    const struct config *config = load_config(job->arena, &common);
    if (!config) {
        return EXIT_REFUSED;
    }
    log_set_level(LOG_ERROR);
    int code =
        job_confirm(job, arena_printf(job->arena,
                                      "Passwords and second factors that were encrypted with "
                                      "\"%s\" are removed for good, and the sessions end.",
                                      safe(job->arena, options->words[0])));
    return code >= 0 ? code : on_database(job, config);
}

const struct command command_keys_forget = {
    .name = "keys forget",
    .summary = "go on without an encryption key that is lost for good",
    .help = "usage: countersign keys forget KEY-ID [OPTION]...\n\n"
            "Removes what was encrypted with the key, which nobody can read any more: passwords\n"
            "become empty, second factors go, sessions end. Their people can sign in by a mailed\n"
            "link or code. First look for the key in backups: the servers refuse to start without\n"
            "it, and name it, so that nothing is lost. A server without settings makes a new key\n"
            "file when it starts again.\n\n"
            "  --yes               without a question\n"
            "  --json              what was removed, as JSON\n" HELP_DATABASE HELP_EXIT,
    .act = act,
    .client = CLIENT_NONE,
    .words_min = 1,
    .words_max = 1,
};
