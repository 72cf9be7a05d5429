/* cmd_import_factors.c: `countersign import factors`: TOTP factors that other servers exported. The
 * file is read and looked at whole, a report line a row, before anything is written; then all of it
 * is, in one transaction, or nothing. */
#include "admin.h"
#include "help.h"
#include "say.h"
#include "show.h"

#include "factor/totp/import.h"
#include "domain/request.h"
#include "factor/totp/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct run {
    struct job *job;
    struct services *services;
    struct factor_import *import;
    int64_t fitting, there, wrong, other;
    int64_t unusual; /* of a kind of code that is not the usual one */
    bool failed;     /* the database could not be asked */
    enum problem problem;
};

/* One row in its transaction. */
struct look {
    struct run *run;
    const struct transfer_row *row;
    struct import_found found;
};

static enum problem look(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct look *l = arg;
    const struct transfer_row *r = l->row;
    struct import_row row = {
        .user_id = r->user_id,
        .email = r->email,
        .phone = r->phone,
        .friendly_name = r->friendly_name,
        .secret = r->secret,
        .secret_len = r->secret_len,
        .kind = r->kind,
    };
    (void)ctx;
    factor_import_add(l->run->import, tx, &row, &l->found);
    return P_OK;
}

static const char *kind_text(struct arena *arena, const struct totp_kind *kind)
{
    return totp_kind_equal(kind, &totp_default)
               ? ""
               : arena_printf(arena, " (%s, %d digits, every %d s)", totp_digest_name(kind->digest),
                              kind->digits, kind->period_s);
}

static void report_json(struct run *run, struct arena *arena, const struct transfer_row *row,
                        const struct import_found *found, const char *result, const char *why)
{
    struct strbuf out = strbuf_in(arena, 64 * 1024);
    bool first = run->fitting + run->there + run->wrong + run->other == 1;
    strbuf_str(&out, first ? "{" : ",{");
    json_add_text(&out, "where", row->where);
    json_add_text(&out, "result", result);
    json_add_text(&out, "reason", why);
    json_add_text(&out, "user", found->user);
    json_add_text(&out, "friendly_name", found->name);
    json_add_text(&out, "algorithm", totp_digest_name(row->kind.digest));
    json_add_int(&out, "digits", row->kind.digits);
    json_add_int(&out, "period", row->kind.period_s);
    strbuf_char(&out, '}');
    printf("%s\n", strbuf_ok(&out) ? out.data : "{}");
}

static void report(struct run *run, struct arena *arena, const struct transfer_row *row,
                   const struct import_found *found)
{
    const char *why = row->other ? arena_printf(arena, "it is a factor of the kind %s", row->other)
                                 : found->wrong;
    bool there = !why && found->there;
    const char *result = row->other ? "left out" : why ? "wrong" : there ? "there" : "fits";
    *(row->other ? &run->other : why ? &run->wrong : there ? &run->there : &run->fitting) += 1;
    run->unusual += !why && !there && !totp_kind_equal(&row->kind, &totp_default);
    if (run->job->options.json) {
        report_json(run, arena, row, found, result, why ? why : "");
    } else if (why) {
        printf("%s: %s%s%s: %s\n", row->where, row->other ? "left out" : "WRONG",
               *found->user ? ", " : "", safe(arena, found->user), safe(arena, why));
    } else if (there) {
        printf("%s: already there: a factor of %s\n", row->where, safe(arena, found->user));
    } else {
        printf("%s: fits: \"%s\" of %s%s\n", row->where, safe(arena, found->name),
               safe(arena, found->user), kind_text(arena, &row->kind));
    }
}

/* Whose the file says it is. */
static const char *said(const struct transfer_row *row)
{
    return row->email ? row->email : row->phone ? row->phone : row->user_id ? row->user_id : "";
}

static bool take(void *arg, const struct transfer_row *row)
{
    struct run *run = arg;
    struct arena *arena = arena_new();
    struct services *s = run->services;
    struct ctx ctx = { .arena = arena, .entropy = &s->entropy, .now_us = clock_now_us(&s->clock) };
    struct look l = { .run = run,
                      .row = row,
                      .found = { .wrong = row->wrong, .user = said(row), .name = "" } };
    if (!row->wrong && !row->other) {
        run->problem = exec_read(s->executor, &ctx, look, &l);
        run->failed = run->problem != P_OK;
    }
    if (!run->failed) {
        report(run, arena, row, &l.found);
    }
    arena_free(&arena);
    return !run->failed;
}

static void progress(void *arg, int64_t done, int64_t total)
{
    const bool *shown = arg;
    if (*shown) {
        fprintf(stderr, "\rwriting: %lld of %lld%s", (long long)done, (long long)total,
                done == total ? "\n" : "");
    }
}

static int away(struct run *run)
{
    return job_complain(run->job, EXIT_UNREACHABLE,
                        "the database could not be %s (%s): nothing was imported.\n"
                        "Next: the same again when it answers",
                        run->failed ? "asked" : "written", problem_row(run->problem)->text);
}

static int write_all(struct run *run)
{
    struct services *s = run->services;
    bool shown = isatty(STDERR_FILENO) == 1 && !run->job->options.json && run->fitting > 1000;
    struct ctx ctx = {
        .arena = run->job->arena,
        .entropy = &s->entropy,
        .now_us = clock_now_us(&s->clock),
    };
    request_of(&ctx)->admin_role = direct_role(s->realm.config);
    struct import_write write = {
        .import = run->import,
        .progress = progress,
        .progress_arg = &shown,
    };
    run->problem = exec_write(s->executor, &ctx, factor_import_write, &write);
    if (run->problem == P_IMPORT_STALE) {
        return job_complain(run->job, EXIT_REFUSED,
                            "%s: nothing was imported.\nNext: the same again", write.wrong);
    }
    return run->problem ? away(run) : EXIT_OK;
}

/* How the report ends. */
static void sum_up(const struct run *run, int64_t without, bool imported)
{
    if (run->job->options.json) {
        printf("],\"imported\":%lld,\"fitting\":%lld,\"there\":%lld,\"wrong\":%lld,"
               "\"left_out\":%lld,\"without_factor\":%lld}\n",
               (long long)(imported ? run->fitting : 0), (long long)run->fitting,
               (long long)run->there, (long long)run->wrong, (long long)run->other,
               (long long)without);
        return;
    }
    printf(
        "%lld fit, %lld already there, %lld wrong, %lld left out, %lld entries without a factor: "
        "%s\n",
        (long long)run->fitting, (long long)run->there, (long long)run->wrong,
        (long long)run->other, (long long)without,
        run->there && !run->fitting && !run->wrong ? "there was nothing to do"
        : imported                                 ? "all that fit are imported and verified"
        : run->job->options.dry_run                ? "nothing was written, as you asked"
                                                   : "nothing was imported");
}

static int finish(struct run *run, int64_t without)
{
    bool whole = !run->wrong && run->fitting + run->there, asked = run->job->options.dry_run;
    int code = !whole ? EXIT_REFUSED : asked || !run->fitting ? EXIT_OK : write_all(run);
    sum_up(run, without, whole && !asked && code == EXIT_OK);
    if (run->wrong) {
        job_complain(run->job, code,
                     "the file has rows that are wrong, so nothing of it is taken.\n"
                     "Next: mend or remove them, then the same again");
    } else if (!run->fitting && !run->there) {
        job_complain(run->job, code,
                     "no TOTP factor was found in the file.\nNext: countersign "
                     "import factors --help says which forms are read");
    } else if (run->unusual && run->services->realm.config->postgres) {
        say_warning(
            "%lld of them have codes of another kind than SHA1, 6 digits, 30 s: the official "
            "server, on the same database, refuses those",
            (long long)run->unusual);
    }
    return code;
}

static int act(struct job *job)
{
    const char *path = job->options.words[0];
    bool piped = strcmp(path, "-") == 0;
    FILE *in = piped ? stdin : fopen(path, "re");
    if (!in) {
        return job_complain(job, EXIT_USAGE, "%s cannot be read: %s", safe(job->arena, path),
                            strerror(errno));
    }
    struct run run = { .job = job, .services = direct_services(job->direct) };
    run.import = factor_import_new(&run.services->realm);
    if (job->options.json) {
        printf("{\"rows\":[");
    }
    int64_t without = transfer_read(in, take, &run);
    int code = run.failed ? away(&run) : finish(&run, without);
    if (run.failed && job->options.json) {
        sum_up(&run, without, false);
    }
    factor_import_free(&run.import);
    if (!piped) {
        fclose(in);
    }
    return code;
}

const struct command command_import_factors = {
    .name = "import factors",
    .summary = "take over authenticator apps that people enrolled at another server",
    .help =
        "usage: countersign import factors FILE [OPTION]...\n\n"
        "Reads TOTP factors that another server exported, and makes them verified factors of the\n"
        "accounts here with the same e-mail address, phone number or id: the people's apps go on\n"
        "as they are. Each row is reported; if one is wrong, nothing is imported. Rows that are\n"
        "there already are passed over, so that a file that grows can be imported again; codes by\n"
        "counter (HOTP), Steam's and other kinds are left out. FILE may be - for standard input.\n"
        "Forms, told apart by themselves:\n"
        "  otpauth://totp/... URIs, one a line (ours, Authelia's, Ente's, those of other apps)\n"
        "  otpauth-migration://... URIs of Google Authenticator, all parts of an export in a file\n"
        "  CSV under a heading with username, email, phone or user_id, and secret or totp; besides\n"
        "    them friendly_name, algorithm, digits, period (Authelia's totp export csv), with\n"
        "    commas, semicolons or tabs between\n"
        "  JSON: Keycloak's export of a realm or its users, Auth0's bulk user files "
        "(mfa_factors),\n"
        "    the plain exports of Aegis, 2FAS, Bitwarden and andOTP, or objects with the members\n"
        "    of such a heading\n"
        "SHA1, SHA256 or SHA512, 6 to 8 digits and periods of 15 to 120 s are taken.\n\n"
        "  --dry-run           report only\n" HELP_JSON HELP_DATABASE HELP_EXIT,
    .act = act,
    .client = CLIENT_DATABASE,
    .words_min = 1,
    .words_max = 1,
};
