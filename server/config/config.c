/* config.c: finds each setting of settings.def in its sources, checks it, and keeps it. The rules
 * between settings are in check.c. */
#include "config/config.h"

#include "base/json.h"
#include "base/strbuf.h"
#include "config/advice.h"
#include "config/check.h"
#include "config/dotenv.h"
#include "config/duration.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PAIRS_MAX = 4096, FILE_MAX_BYTES = 1 << 20, NAME_MAX_BYTES = 128, WARNINGS_MAX = 64 };

struct pair {
    const char *name, *value, *origin;
};

struct loader {
    struct arena *arena;
    struct config *config;
    struct pair *pairs;
    const char *origin; /* of the pairs that are read now */
    const char **origins;
    int n;
    const char **warnings;
    int n_warnings;
    const char *error;
};

static const struct setting_row rows[] = {
#define GROUP(group)
#define GROUP_END(group)
#define SETTING(type, group, field, names, preset, development, least, most, help)                 \
    { #type, names, preset, development, help },
#include "config/settings.def"
#undef SETTING
#undef GROUP
#undef GROUP_END
};

const struct setting_row *config_rows(int *count)
{
    *count = (int)(sizeof rows / sizeof rows[0]);
    return rows;
}

bool list_has(const struct text_list *list, const char *text)
{
    if (!*text) {
        return false; /* users may have no role: "service_role," must not make them admins */
    }
    for (int i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void warn(struct loader *l, const char *text)
{
    if (l->n_warnings < WARNINGS_MAX) {
        l->warnings[l->n_warnings++] = text;
    }
}

static void put_pair(void *arg, const char *name, const char *value)
{
    struct loader *l = arg;
    for (int i = 0; i < l->n; i++) {
        if (strcmp(l->pairs[i].name, name) == 0) {
            l->pairs[i].value = value;
            l->pairs[i].origin = l->origin;
            return;
        }
    }
    if (l->n < PAIRS_MAX) {
        l->pairs[l->n++] = (struct pair){ name, value, l->origin };
    }
}

static bool ours(const char *name)
{
    static const char *const bare[] = {
        "DATABASE_URL",
        "DB_NAMESPACE",
        "PORT",
        "API_EXTERNAL_URL",
        "LOG_LEVEL",
        "REQUEST_ID_HEADER",
        "RP_ID",
        "OTEL_EXPORTER_PROMETHEUS_HOST",
        "OTEL_EXPORTER_PROMETHEUS_PORT",
    };
    for (size_t i = 0; i < sizeof bare / sizeof bare[0]; i++) {
        if (strcmp(name, bare[i]) == 0) {
            return true;
        }
    }
    return strncmp(name, "GOTRUE_", 7) == 0 || strncmp(name, "COUNTERSIGN_", 12) == 0;
}

static void put_entries(struct loader *l, const char *const *entries)
{
    for (; entries && *entries; entries++) {
        const char *equals = strchr(*entries, '=');
        if (equals) {
            const char *name = arena_strndup(l->arena, *entries, (size_t)(equals - *entries));
            if (ours(name)) {
                put_pair(l, name, equals + 1);
            }
        }
    }
}

static void put_json(struct loader *l, const char *text, size_t len)
{
    const char *detail = NULL, *name;
    const struct json_t *root = json_read(l->arena, text, len, &detail), *value;
    if (json_kind_of(root) != KIND_OBJECT) {
        l->error = detail ? detail : "it must be one JSON object";
        return;
    }
    for (void *at = NULL; json_each(root, &at, &name, &value);) {
        if (!json_text(value)) {
            l->error = arena_printf(l->arena, "the value of %s must be a string", name);
            return;
        }
        put_pair(l, arena_strdup(l->arena, name), json_text(value));
    }
}

static void put_file(struct loader *l, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        l->error = arena_printf(l->arena, "cannot open the configuration file %s: %s", path,
                                strerror(errno));
        return;
    }
    char *text = arena_alloc(l->arena, FILE_MAX_BYTES + 1);
    size_t len = fread(text, 1, FILE_MAX_BYTES + 1, f);
    bool bad = ferror(f) || len > FILE_MAX_BYTES || memchr(text, 0, len);
    fclose(f);
    const char *detail = NULL, *dot = strrchr(path, '.');
    if (bad) {
        l->error =
            arena_printf(l->arena, "the configuration file %s is no text file under 1 MiB", path);
        return;
    }
    if (dot && strcmp(dot, ".json") == 0) {
        put_json(l, text, len);
        detail = l->error;
    } else {
        dotenv_read(l->arena, text, put_pair, l, &detail);
    }
    if (detail) {
        l->error = arena_printf(l->arena, "the configuration file %s: %s", path, detail);
    }
}

static bool names_have(const char *names, const char *name)
{
    size_t len = strlen(name);
    if (!len || strchr(name, ',')) {
        return false;
    }
    for (const char *p = names; p; p = strchr(p, ',')) {
        p += *p == ',';
        if (strncmp(p, name, len) == 0 && (p[len] == ',' || !p[len])) {
            return true;
        }
    }
    return false;
}

/* The value of the first of the names that is set and not empty; *used is that name, *origin where
 * it comes from (NULL: it is not set). */
static const char *find(struct loader *l, const char *names, const char **used, const char **origin)
{
    char name[NAME_MAX_BYTES];
    for (const char *p = names; p; p = strchr(p, ',')) {
        p += *p == ',';
        snprintf(name, sizeof name, "%.*s", (int)strcspn(p, ","), p);
        for (int i = 0; i < l->n; i++) {
            if (strcmp(l->pairs[i].name, name) == 0 && *l->pairs[i].value) {
                *used = l->pairs[i].name;
                *origin = l->pairs[i].origin;
                return l->pairs[i].value;
            }
        }
    }
    *used = arena_strndup(l->arena, names, strcspn(names, ","));
    *origin = NULL;
    return NULL;
}

static void refuse(struct loader *l, const char *name, const char *value, const char *allowed)
{
    if (!l->error) {
        l->error = arena_printf(l->arena, "%s=%s: %s", name, value, allowed);
    }
}

static const char *bounds(struct loader *l, const char *what, double least, double most)
{
    return arena_printf(l->arena, "%s from %.15g to %.15g is allowed", what, least, most);
}

static const char *read_TEXT(struct loader *l, const char *name, const char *value, double least,
                             double most, const char *help)
{
    (void)help;
    size_t len = strlen(value);
    if ((double)len < least || (double)len > most) {
        refuse(l, name, value, bounds(l, "a text whose length is", least, most));
    }
    return value;
}

static const char *read_SECRET(struct loader *l, const char *name, const char *value, double least,
                               double most, const char *help)
{
    (void)help;
    size_t len = strlen(value);
    if ((double)len < least || (double)len > most) {
        refuse(l, name, "(not shown)", bounds(l, "a text whose length is", least, most));
    }
    return value;
}

/* The help of a choice is the list of what is allowed, separated by blanks; capitals do not matter.
 * Returns the word as the list has it. */
static const char *read_CHOICE(struct loader *l, const char *name, const char *value, double least,
                               double most, const char *help)
{
    (void)least;
    (void)most;
    size_t len = strlen(value);
    for (const char *p = strchr(value, ' ') ? NULL : help; p; p = strchr(p, ' ')) {
        p += *p == ' ';
        if (strncasecmp(p, value, len) == 0 && (p[len] == ' ' || !p[len])) {
            return arena_strndup(l->arena, p, len);
        }
    }
    refuse(l, name, value, arena_printf(l->arena, "one of these is allowed: %s", help));
    return value;
}

static struct text_list read_LIST(struct loader *l, const char *name, const char *value,
                                  double least, double most, const char *help)
{
    (void)help;
    int count = *value != 0;
    for (const char *p = value; *p; p++) {
        count += *p == ',';
    }
    if (count < least || count > most) {
        refuse(l, name, value, bounds(l, "a comma-separated list whose length is", least, most));
        return (struct text_list){ NULL, 0 };
    }
    const char **items = ARENA_ARRAY(l->arena, const char *, count + 1);
    const char *p = value;
    for (int i = 0; i < count; i++) {
        size_t len = strcspn(p, ",");
        items[i] = arena_strndup(l->arena, p, len);
        p += len + 1;
    }
    return (struct text_list){ items, count };
}

static bool read_BOOL(struct loader *l, const char *name, const char *value, double least,
                      double most, const char *help)
{
    (void)least;
    (void)most;
    (void)help;
    const char *yes = "1,t,T,TRUE,true,True", *no = "0,f,F,FALSE,false,False";
    if (!names_have(yes, value) && !names_have(no, value)) {
        refuse(l, name, value, "true or false is allowed");
    }
    return names_have(yes, value);
}

static enum setting_switch read_SWITCH(struct loader *l, const char *name, const char *value,
                                       double least, double most, const char *help)
{
    return !*value                                        ? SWITCH_OPEN
           : read_BOOL(l, name, value, least, most, help) ? SWITCH_ON
                                                          : SWITCH_OFF;
}

static int64_t read_INT(struct loader *l, const char *name, const char *value, double least,
                        double most, const char *help)
{
    (void)help;
    char *end;
    errno = 0;
    int base = strncmp(value, "0x", 2) == 0 ? 16 : 10;
    long long n = strtoll(value, &end, base);
    if (errno || *end || end == value || (double)n < least || (double)n > most) {
        refuse(l, name, value, bounds(l, "a whole number", least, most));
        return 0;
    }
    return n;
}

static double read_REAL(struct loader *l, const char *name, const char *value, double least,
                        double most, const char *help)
{
    (void)help;
    char *end;
    double n = strtod(value, &end);
    if (*end || end == value || !isfinite(n) || n < least || n > most) {
        refuse(l, name, value, bounds(l, "a number", least, most));
        return 0;
    }
    return n;
}

static int64_t read_DURATION(struct loader *l, const char *name, const char *value, double least,
                             double most, const char *help)
{
    (void)help;
    int64_t us;
    if (!duration_parse(value, &us)) {
        refuse(l, name, value,
               "a duration with a unit is allowed, such as 300ms, 90s, 1m30s or 1h");
        return 0;
    }
    double s = (double)us / 1e6;
    if (s < 0 || (least > 0 && us <= 0) || s > most) {
        refuse(l, name, value, bounds(l, "a duration in seconds", least, most));
    }
    return us;
}

static void read_settings(struct loader *l)
{
    struct config *c = l->config;
    const char *used, *value, **origin = l->origins;
#define GROUP(group)
#define GROUP_END(group)
#define SETTING(type, group, field, names, preset, development_preset, least, most, help)          \
    value = find(l, names, &used, origin);                                                         \
    if (!value) {                                                                                  \
        const char *in_development = (development_preset);                                         \
        value = c->development && in_development ? in_development : (preset);                      \
        *origin = c->development && in_development ? "development default" : "default";            \
    }                                                                                              \
    origin++;                                                                                      \
    c->group.field = read_##type(l, used, value, least, most, help);
#include "config/settings.def"
#undef SETTING
#undef GROUP
#undef GROUP_END
}

static bool known(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (names_have(rows[i].names, name)) {
            return true;
        }
    }
    return false;
}

/* NULL: it is no such setting. */
static const char *why_without_effect(const char *name)
{
    static const struct {
        const char *name, *why;
    } known_too[] = {
#define WITHOUT_EFFECT(name, why) { name, why },
#include "config/without_effect.def"
#undef WITHOUT_EFFECT
    };
    for (size_t i = 0; i < sizeof known_too / sizeof known_too[0]; i++) {
        if (strcmp(known_too[i].name, name) == 0) {
            return known_too[i].why;
        }
    }
    return NULL;
}

/* docker --env-file and systemd's EnvironmentFile differ in what they make of quotes. */
static bool quoted(const char *value)
{
    size_t len = strlen(value);
    return len > 1 && (*value == '"' || *value == '\'') && value[len - 1] == *value;
}

static void warn_of_names(struct loader *l)
{
    for (int i = 0; i < l->n; i++) {
        const struct pair *p = &l->pairs[i];
        if (!known(p->name)) {
            const char *why = why_without_effect(p->name);
            warn(l, arena_printf(l->arena, "%s is set but has no effect: %s", p->name,
                                 why ? why : "this server has no such setting"));
        } else if (!*p->value) {
            warn(l, arena_printf(l->arena, "%s is set but empty: its default holds", p->name));
        } else if (quoted(p->value)) {
            warn(l, arena_printf(l->arena,
                                 "the value of %s begins and ends with a quotation mark, "
                                 "which is taken as a part of it: leave both out",
                                 p->name));
        }
    }
}

const struct config *config_load(struct arena *arena, const struct config_sources *sources,
                                 const char **error)
{
    struct loader l = { .arena = arena };
    l.config = ARENA_NEW(arena, struct config);
    l.pairs = ARENA_ARRAY(arena, struct pair, PAIRS_MAX);
    l.warnings = ARENA_ARRAY(arena, const char *, WARNINGS_MAX);
    l.origins = ARENA_ARRAY(arena, const char *, sizeof rows / sizeof rows[0]);
    l.config->origins = l.origins;
    l.origin = "environment";
    put_entries(&l, sources->environment);
    if (sources->file) {
        l.origin = "file";
        put_file(&l, sources->file);
    }
    l.origin = "command line";
    put_entries(&l, sources->arguments);
    if (!l.error) {
        const char *used, *origin;
        l.config->development = !find(&l, "GOTRUE_SITE_URL", &used, &origin);
        read_settings(&l);
        warn_of_names(&l);
    }
    if (!l.error) {
        l.error = config_check(arena, l.config);
    }
    for (int i = 0; i < l.config->redirect_advice.count; i++) {
        warn(&l, l.config->redirect_advice.items[i]);
    }
    const char *doubts[ADVICE_MAX];
    int n = l.error ? 0 : advice_at_start(arena, l.config, doubts);
    for (int i = 0; i < n; i++) {
        warn(&l, doubts[i]);
    }
    l.config->warnings = (struct text_list){ l.warnings, l.n_warnings };
    *error = l.error;
    return l.error ? NULL : l.config;
}
