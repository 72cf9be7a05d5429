/* cmd_export_audit.c: `countersign export audit`: the rows of the audit log as JSON, one a line,
 * for who must keep them longer than the server does (COUNTERSIGN_AUDIT_KEPT). */
#include "admin.h"
#include "help.h"
#include "output.h"
#include "say.h"
#include "show.h"

#include "base/rfc3339.h"
#include "store/audit.h"

#include <stdio.h>
#include <string.h>

enum { PAGE = 500, LINE_MAX_BYTES = 4 << 20 };
#define FIRST_US INT64_C(1)                 /* 1970 */
#define LAST_US INT64_C(253402300799000000) /* the end of the year 9999 */

struct run {
    struct services *services;
    FILE *out;
    int64_t since, before, written;
    struct uuid after; /* the last row of the page before */
    int n;             /* on this page */
    struct audit_row *page;
};

static enum problem read_page(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct run *run = arg;
    (void)ctx;
    run->n = audit_after(tx, &run->after, run->since, run->before, PAGE, &run->page);
    return P_OK;
}

static bool write_row(FILE *out, struct arena *arena, const struct audit_row *row)
{
    char id[UUID_TEXT], time[RFC3339_TEXT];
    struct strbuf line = strbuf_in(arena, LINE_MAX_BYTES);
    strbuf_printf(&line,
                  "{\"id\":\"%s\",\"created_at\":\"%s\",\"ip_address\":", uuid_format(&row->id, id),
                  rfc3339_format(row->created_at, time));
    json_quote(&line, row->ip ? row->ip : "");
    strbuf_str(&line, ",\"payload\":");
    const char *payload = row->payload ? row->payload : "null";
    for (const char *p = payload; *p; p++) { /* line ends can only stand between its members */
        strbuf_char(&line, *p == '\n' || *p == '\r' ? ' ' : *p);
    }
    strbuf_str(&line, "}\n");
    return strbuf_ok(&line) && fwrite(line.data, 1, line.len, out) == line.len;
}

/* -1 while there are more; else the exit code. */
static int write_page(struct run *run)
{
    struct services *s = run->services;
    struct arena *arena = arena_new();
    struct ctx ctx = { .arena = arena, .entropy = &s->entropy, .now_us = clock_now_us(&s->clock) };
    int code = exec_read(s->executor, &ctx, read_page, run) == P_OK ? -1 : EXIT_UNREACHABLE;
    for (int i = 0; code < 0 && i < run->n; i++) {
        code = write_row(run->out, arena, &run->page[i]) ? -1 : EXIT_REFUSED;
        run->written += code < 0;
    }
    if (code < 0 && run->n) {
        run->after = run->page[run->n - 1].id;
    }
    code = code < 0 && run->n < PAGE ? EXIT_OK : code;
    arena_free(&arena);
    return code;
}

/* An RFC 3339 time, or a day, which begins in UTC. -1: fine. */
static int read_time(struct job *job, const char *option, const char *text, int64_t *out)
{
    if (!text || rfc3339_parse(text, out) ||
        rfc3339_parse(arena_printf(job->arena, "%sT00:00:00Z", text), out)) {
        return -1;
    }
    return job_complain(job, EXIT_USAGE,
                        "%s takes a day (2026-12-31) or a time (2026-12-31T00:00:00Z)", option);
}

static int act(struct job *job)
{
    struct run run = { .services = direct_services(job->direct),
                       .since = FIRST_US,
                       .before = LAST_US };
    int code = read_time(job, "--since", job->options.since, &run.since);
    code = code < 0 ? read_time(job, "--before", job->options.before, &run.before) : code;
    code = code < 0 ? output_open(job, &run.out) : code;
    if (code >= 0) {
        return code;
    }
    do {
        code = write_page(&run);
    } while (code < 0);
    if (!output_close(job, run.out, code != EXIT_OK) || code != EXIT_OK) {
        return code == EXIT_UNREACHABLE
                   ? job_complain(job, code, "the database went away before the end")
                   : job_complain(job, EXIT_REFUSED, "the output could not be written");
    }
    fprintf(stderr, "countersign: %lld rows written\n", (long long)run.written);
    return EXIT_OK;
}

const struct command command_export_audit = {
    .name = "export audit",
    .summary = "write the audit log as JSON lines, to keep it longer than the server does",
    .help =
        "usage: countersign export audit [OPTION]...\n\n"
        "Writes the rows of the audit log as JSON objects, one a line: id, created_at, ip_address\n"
        "and payload. The server deletes its rows after COUNTERSIGN_AUDIT_KEPT (90 days); whoever\n"
        "must keep them longer runs this each day with --since and --before. Rows come in the\n"
        "order of their ids, which is that of time.\n\n"
        "  --since TIME        rows made at that time or later: 2026-12-31, 2026-12-31T12:00:00Z\n"
        "  --before TIME       rows made before that time\n"
        "  --output FILE       a new file, readable for you alone; else standard "
        "output\n" HELP_DATABASE HELP_EXIT,
    .act = act,
    .client = CLIENT_DATABASE,
    .words_min = 0,
    .words_max = 0,
};
