/* cmd_export_factors.c: `countersign export factors`: the secrets of all verified TOTP factors as
 * otpauth:// URIs, for an operator who has the encryption key and moves to another server, or keeps
 * a copy in a safe. That it was done stands in the audit log before the first secret is out. */
#include "admin.h"
#include "help.h"
#include "output.h"
#include "say.h"
#include "show.h"

#include "crypto/base32.h"
#include "domain/audit_event.h"
#include "factor/totp/key_uri.h"
#include "store/totp_devices.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 500, URI_BOUND = 16 * 1024 };

struct run {
    struct job *job;
    struct services *services;
    FILE *out;
    const char *issuer;
    struct uuid after; /* the last factor of the page before */
    int n;             /* on this page */
    struct totp_owned *page;
    int64_t written, unreadable;
};

static enum problem write_audit(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct run *run = arg;
    (void)ctx;
    audit_by_admin(&run->services->realm, tx, direct_role(run->services->realm.config),
                   AUDIT_FACTORS_EXPORTED, NULL);
    return P_OK;
}

static enum problem read_page(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct run *run = arg;
    run->page = ARENA_ARRAY(ctx->arena, struct totp_owned, PAGE);
    run->n = totp_owned_page(tx, &run->after, run->page, PAGE);
    return P_OK;
}

static void write_one(struct run *run, struct arena *arena, const struct totp_owned *f)
{
    char id[UUID_TEXT], user[UUID_TEXT];
    uint8_t *bytes;
    size_t len;
    const char *secret = vault_open(run->services->realm.vault, arena, &f->id, f->secret);
    if (!secret || !base32_decode(arena, secret, &bytes, &len) || !len) {
        run->unreadable++;
        say_warning("the secret of the factor %s of the user %s cannot be read",
                    uuid_format(&f->id, id), uuid_format(&f->user_id, user));
        return;
    }
    struct key_uri uri = {
        .issuer = run->issuer,
        .account = f->email && *f->email   ? f->email
                   : f->phone && *f->phone ? f->phone
                                           : arena_strdup(arena, uuid_format(&f->user_id, user)),
        .secret = secret,
        .kind = f->kind,
        .friendly_name = run->job->options.no_names ? NULL : f->friendly_name,
    };
    fprintf(run->out, "%s\n", key_uri(arena, &uri));
    run->written++;
}

/* -1 while there are more; else the exit code. */
static int write_page(struct run *run)
{
    struct services *s = run->services;
    struct arena *arena = arena_new(); /* wiped */
    struct ctx ctx = { .arena = arena, .entropy = &s->entropy, .now_us = clock_now_us(&s->clock) };
    int code = exec_read(s->executor, &ctx, read_page, run) == P_OK ? -1 : EXIT_UNREACHABLE;
    for (int i = 0; code < 0 && i < run->n; i++) {
        write_one(run, arena, &run->page[i]);
    }
    if (code < 0 && run->n) {
        run->after = run->page[run->n - 1].id;
    }
    code = code < 0 && run->n < PAGE ? EXIT_OK : code;
    arena_free(&arena);
    return code;
}

static int audit_first(struct run *run)
{
    struct services *s = run->services;
    struct ctx ctx = { .arena = run->job->arena,
                       .entropy = &s->entropy,
                       .now_us = clock_now_us(&s->clock) };
    return exec_write(s->executor, &ctx, write_audit, run) == P_OK
               ? -1
               : job_complain(run->job, EXIT_UNREACHABLE,
                              "the audit log cannot be written, so nothing was exported.\n"
                              "Next: use a database that can be written");
}

static int write_all(struct run *run)
{
    int code = audit_first(run);
    while (code < 0) {
        code = write_page(run);
    }
    if (code == EXIT_UNREACHABLE && run->written + run->unreadable) {
        return job_complain(run->job, code, "the database went away before the end");
    }
    return code;
}

static int open_output(struct job *job, FILE **out)
{
    if (!job->options.output && isatty(STDOUT_FILENO)) {
        return job_complain(job, EXIT_USAGE,
                            "these are the secrets of everybody's second factor, which do not "
                            "belong onto a screen.\nNext: --output FILE, or a pipe to a program "
                            "that encrypts them");
    }
    return output_open(job, out);
}

static int act(struct job *job)
{
    struct run run = { .job = job, .services = direct_services(job->direct) };
    int code = open_output(job, &run.out);
    if (code >= 0) {
        return code;
    }
    run.issuer = key_uri_issuer(job->arena, run.services->realm.config->site.url);
    code = write_all(&run);
    bool good = output_close(job, run.out, code != EXIT_OK);
    if (!good && code == EXIT_OK) {
        code =
            job_complain(job, EXIT_REFUSED, "the output could not be written: %s", strerror(errno));
    }
    if (code != EXIT_OK) {
        return code;
    }
    fprintf(stderr, "countersign: %lld factors written\n", (long long)run.written);
    return run.unreadable ? job_complain(job, EXIT_REFUSED,
                                         "%lld factors could not be read and are missing.\n"
                                         "Next: give the keys that they were encrypted with "
                                         "(GOTRUE_SECURITY_DB_ENCRYPTION_DECRYPTION_KEYS)",
                                         (long long)run.unreadable)
                          : EXIT_OK;
}

const struct command command_export_factors = {
    .name = "export factors",
    .summary = "write the secrets of all authenticator apps, to move to another server",
    .help =
        "usage: countersign export factors [OPTION]...\n\n"
        "Writes every verified TOTP factor as an otpauth:// URI, one a line, with the account's\n"
        "e-mail address, phone number or id; `countersign import factors` reads them back. Who "
        "has\n"
        "this file can make everybody's codes: keep it encrypted, and delete it after use. It "
        "needs\n"
        "the server's encryption key, and the audit log says that it was done.\n\n"
        "  --no-names          without the factors' names, friendly_name=..., a parameter that some\n"
        "                      readers refuse (pyotp)\n"
        "  --output FILE       a new file, readable for you alone; else standard output, unless\n"
        "                      that is a terminal\n" HELP_DATABASE HELP_EXIT,
    .act = act,
    .client = CLIENT_DATABASE,
    .words_min = 0,
    .words_max = 0,
};
