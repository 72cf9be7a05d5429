/* cmd_outbox.c: `countersign outbox`: mails and SMS that wait or could not be sent, and, where no
 * mail server is set, the files that they were written to. Never what is in them. */
#include "command.h"

#include "show.h"
#include "store/db_time.h"
#include "store/outbox.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ROWS_SHOWN = 1000, FILES_MAX = 4096, FILES_SHOWN = 20 };

static const char *age_text(struct arena *arena, int64_t us)
{
    long long s = us > 0 ? us / US_PER_S : 0;
    return s < 120      ? arena_printf(arena, "%llds", s)
           : s < 7200   ? arena_printf(arena, "%lldm", s / 60)
           : s < 172800 ? arena_printf(arena, "%lldh", s / 3600)
                        : arena_printf(arena, "%lldd", s / 86400);
}

static const char *next_text(struct arena *arena, const struct outbox_row *row, int64_t now_us)
{
    return !row->next_try_at ? "given up"
           : row->next_try_at <= now_us
               ? "now"
               : arena_printf(arena, "in %s", age_text(arena, row->next_try_at - now_us));
}

static void print_rows(struct arena *arena, const struct outbox_row *rows, int n, int64_t now_us)
{
    printf("%-5s %-34s %6s %5s  %-9s %s\n", "KIND", "TOPIC", "AGE", "TRIES", "NEXT", "LAST ERROR");
    for (int i = 0; i < n; i++) {
        const struct outbox_row *r = &rows[i];
        printf("%-5s %-34s %6s %5lld  %-9s %s\n", r->kind, safe(arena, r->topic),
               age_text(arena, now_us - r->created_at), (long long)r->attempts,
               next_text(arena, r, now_us), safe(arena, r->last_error));
    }
}

static struct strbuf json_rows(struct arena *arena, const struct outbox_row *rows, int n,
                               int64_t now_us)
{
    struct strbuf b = strbuf_in(arena, 16 << 20);
    strbuf_char(&b, '[');
    for (int i = 0; i < n; i++) {
        const struct outbox_row *r = &rows[i];
        char id[UUID_TEXT];
        strbuf_printf(&b, "%s{\"id\":\"%s\",\"kind\":\"%s\",\"topic\":", i ? "," : "",
                      uuid_format(&r->id, id), r->kind);
        json_quote(&b, r->topic);
        strbuf_printf(&b, ",\"age_s\":%lld,\"tries\":%lld,\"given_up\":%s,\"last_error\":",
                      (long long)((now_us - r->created_at) / US_PER_S), (long long)r->attempts,
                      r->next_try_at ? "false" : "true");
        if (r->last_error) {
            json_quote(&b, r->last_error);
        } else {
            strbuf_str(&b, "null");
        }
        strbuf_char(&b, '}');
    }
    return b;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)b, *(const char *const *)a);
}

/* The files of a folder, the newest first; their names begin with the time. */
static const char **files_of(struct arena *arena, const char *folder, const char *ending,
                             size_t *count)
{
    DIR *dir = opendir(folder);
    const char **names = ARENA_ARRAY(arena, const char *, FILES_MAX);
    size_t n = 0, end = strlen(ending);
    for (struct dirent *e; dir && n < FILES_MAX && (e = readdir(dir));) {
        size_t len = strlen(e->d_name);
        if (e->d_name[0] != '.' && len > end && strcmp(e->d_name + len - end, ending) == 0) {
            names[n++] = arena_strdup(arena, e->d_name);
        }
    }
    if (dir) {
        closedir(dir);
    }
    qsort(names, n, sizeof *names, by_name);
    *count = n;
    return names;
}

static void json_files(struct arena *arena, struct strbuf *b, const char *kind, const char *folder,
                       const char *ending)
{
    size_t n;
    const char **names = files_of(arena, folder, ending, &n);
    for (size_t i = 0; i < n && i < FILES_SHOWN; i++) {
        strbuf_printf(b, "%s{\"kind\":\"%s\",\"file\":", b->len > 1 ? "," : "", kind);
        json_quote(b, arena_printf(arena, "%s/%s", folder, names[i]));
        strbuf_char(b, '}');
    }
}

static void print_files(struct arena *arena, const char *what, const char *folder,
                        const char *ending)
{
    size_t n;
    const char **names = files_of(arena, folder, ending, &n);
    printf("\n%s are written into %s: %zu%s\n", what, folder, n,
           n > FILES_SHOWN ? ", the newest:" : "");
    for (size_t i = 0; i < n && i < FILES_SHOWN; i++) {
        printf("  %s/%s\n", folder, safe(arena, names[i]));
    }
}

static bool read_rows(struct arena *arena, struct db *db, int64_t now_us, struct outbox_row **rows,
                      int *n)
{
    struct ctx ctx = { .arena = arena, .now_us = now_us };
    struct tx tx = { .ctx = &ctx, .db = db, .mode = TX_READ };
    tx.status = db_begin(db, TX_READ);
    *n = outbox_list(&tx, ROWS_SHOWN, rows);
    db_rollback(db);
    return tx.status == DB_OK;
}

static int show(struct arena *arena, const struct config *config, struct db *db,
                const struct common *common)
{
    struct db_time time;
    struct outbox_row *rows;
    int n;
    int64_t now_us = db_time_ask(db, &time) ? clock_uptime_us() + time.offset_us : 0;
    if (!read_rows(arena, db, now_us, &rows, &n)) {
        return complain("the outbox cannot be read: start the server of this version once");
    }
    if (common->json) {
        struct strbuf b = json_rows(arena, rows, n, now_us);
        if (!*config->mail.smtp_host) {
            json_files(arena, &b, "mail", config->mail.dir, ".eml");
        }
        if (config->sms_in_folder) {
            json_files(arena, &b, "sms", config->sms.dir, ".sms.json");
        }
        strbuf_str(&b, "]\n");
        fputs(strbuf_ok(&b) ? b.data : "[]\n", stdout);
        return 0;
    }
    if (n) {
        print_rows(arena, rows, n, now_us);
    } else {
        printf("nothing waits\n");
    }
    if (!*config->mail.smtp_host) {
        print_files(arena, "mails", config->mail.dir, ".eml");
    }
    if (config->sms_in_folder) {
        print_files(arena, "SMS", config->sms.dir, ".sms.json");
    }
    return 0;
}

static int run(int argc, char **argv)
{
    return inspect_database(&command_outbox, argc, argv, show);
}

const struct command command_outbox = {
    .name = "outbox",
    .summary = "list the mails and SMS that wait to be sent",
    .help = "usage: countersign outbox [OPTION]...\n\n"
            "Lists what waits to be sent or was given up: its kind and topic, its age, how often\n"
            "it was tried and why it failed, never what is in it. Where no mail server or SMS\n"
            "provider is set, also the newest files that messages were written to.\n\n"
            "  --config FILE    settings, as for serve\n"
            "  --data-dir DIR   the data folder\n"
            "  --json           the same as JSON; a file as {\"kind\", \"file\"}\n",
    .run = run,
};
