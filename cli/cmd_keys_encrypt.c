/* cmd_keys_encrypt.c: `countersign keys encrypt`: encrypts what is stored plain or with an older
 * key, beside running servers; domain/reseal.c does the work. */
#include "admin.h"
#include "domain/reseal.h"
#include "help.h"
#include "job.h"
#include "progress.h"
#include "show.h"

#include <stdio.h>
#include <unistd.h>

struct run {
    struct services *services;
    struct copy_progress progress;
    int64_t counts[SEALED_COLUMNS], written[SEALED_COLUMNS], unreadable;
    struct progress_screen screen;
    bool quiet;
};

static enum problem count_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct run *run = arg;
    (void)ctx;
    for (int c = 0; c < SEALED_COLUMNS; c++) {
        run->counts[c] = sealed_count(tx, (enum sealed_column)c);
    }
    return P_OK;
}

static void show(struct run *run, int looked)
{
    run->progress.done += looked;
    run->progress.all_done += looked;
    if (!run->quiet) {
        progress_show(&run->screen, &run->progress);
    }
}

static enum problem encrypt_column(struct run *run, enum sealed_column column)
{
    struct reseal r = { .vault = &run->services->vault, .column = column, .after = uuid_nil };
    enum problem problem = P_OK;
    run->progress.table = sealed_table(column);
    run->progress.done = 0;
    run->progress.total = run->counts[column];
    do {
        struct ctx ctx = { .arena = arena_new(), .entropy = &run->services->entropy };
        problem = exec_write(run->services->executor, &ctx, reseal_batch, &r);
        arena_free(&ctx.arena);
        if (!problem) {
            run->written[column] += r.written;
            run->unreadable += r.unreadable;
            r.after = r.last;
            show(run, r.looked);
        }
    } while (!problem && r.looked);
    return problem;
}

static enum problem encrypt_all(struct job *job, struct run *run)
{
    struct ctx ctx = { .arena = job->arena, .entropy = &run->services->entropy };
    enum problem problem = exec_read(run->services->executor, &ctx, count_in_tx, run);
    for (int c = 0; c < SEALED_COLUMNS; c++) {
        run->progress.all_total += run->counts[c];
    }
    for (int c = 0; c < SEALED_COLUMNS && !problem; c++) {
        problem = encrypt_column(run, (enum sealed_column)c);
    }
    return problem;
}

static void say_done(struct job *job, const struct run *run)
{
    struct strbuf out = json_begin(job->arena, '{');
    if (run->screen.terminal) {
        printf("\n");
    }
    for (int c = 0; c < SEALED_COLUMNS; c++) {
        const char *table = sealed_table((enum sealed_column)c);
        if (job->options.json) {
            json_add_int(&out, table, run->written[c]);
        } else {
            printf("%-12s %lld encrypted with the key %s\n", table, (long long)run->written[c],
                   run->services->vault.keys[run->services->vault.current].id);
        }
    }
    if (job->options.json) {
        json_end(&out, '}');
    }
}

static int act(struct job *job)
{
    struct run run = { .services = direct_services(job->direct),
                       .quiet = job->options.json,
                       .screen = { .terminal = isatty(STDOUT_FILENO) == 1 && !job->options.json } };
    if (!run.services->vault.seals) {
        return job_complain(job, EXIT_REFUSED,
                            "the settings give no key to encrypt with.\n"
                            "Next: countersign keys generate prints one; give it to every node, "
                            "restart them, and run this again");
    }
    enum problem problem = encrypt_all(job, &run);
    if (problem) {
        return job_complain(job, EXIT_UNREACHABLE,
                            "%s\nNext: run it again: it goes on with what is not encrypted yet",
                            problem_row(problem)->text);
    }
    say_done(job, &run);
    return run.unreadable
               ? job_complain(job, EXIT_REFUSED,
                              "%lld values could not be decrypted and are as they were.\n"
                              "Next: give their keys in "
                              "GOTRUE_SECURITY_DB_ENCRYPTION_DECRYPTION_KEYS (the log "
                              "above names them)",
                              (long long)run.unreadable)
               : EXIT_OK;
}

const struct command command_keys_encrypt = {
    .name = "keys encrypt",
    .summary = "encrypt what the database holds, with the key of the settings",
    .help = "usage: countersign keys encrypt [OPTION]...\n\n"
            "Encrypts passwords, second factors, keys of sessions and waiting messages that are\n"
            "stored plain or with an older key. On PostgreSQL it runs beside the servers, which\n"
            "all have the key already; it can be stopped and run again at any time. Afterwards\n"
            "an older key may leave the settings.\n\n"
            "  --json              what was encrypted, as JSON\n" HELP_DATABASE HELP_EXIT,
    .act = act,
    .client = CLIENT_DATABASE,
    .words_min = 0,
    .words_max = 0,
};
