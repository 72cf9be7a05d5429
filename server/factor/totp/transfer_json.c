/* transfer_json.c: finds the entries of a JSON file without holding the file: those of an array, or
 * of the member "users" or "factors" of an object and those that apps call so, or whole objects one
 * after the other. What an
 * entry holds is transfer_entry.c's matter. See transfer.h. */
#include "factor/totp/transfer_parts.h"

#include <string.h>

struct cutter {
    struct transfer *t;
    FILE *in;
    int c; /* the present byte, not yet taken */
    int64_t entries;
    struct arena *arena; /* of the buffers */
    char *text;          /* of the present entry or key */
    size_t len;
    char *whole; /* of the present object, in case that it is one entry itself */
    size_t whole_len;
    bool nested;       /* within the member "db" (Aegis) */
    bool sealed;       /* its entries are encrypted, it says */
    bool broken, told; /* it ended in the middle, or is no JSON; and that was said */
};

/* Goes on to the next byte; the present one is kept with the whole object. */
static void next(struct cutter *x)
{
    if (x->whole_len < TRANSFER_ENTRY_MAX) {
        x->whole[x->whole_len] = (char)x->c;
    }
    x->whole_len++;
    x->c = getc(x->in);
}

static void blanks(struct cutter *x)
{
    while (x->c == ' ' || x->c == '\t' || x->c == '\n' || x->c == '\r') {
        next(x);
    }
}

static void keep(struct cutter *x)
{
    if (x->len < TRANSFER_ENTRY_MAX) {
        x->text[x->len] = (char)x->c;
    }
    x->len++;
    next(x);
}

/* A string, with its quotes. */
static void string(struct cutter *x)
{
    keep(x);
    while (x->c != EOF && x->c != '"') {
        if (x->c == '\\') {
            keep(x);
        }
        if (x->c != EOF) {
            keep(x);
        }
    }
    if (x->c == EOF) {
        x->broken = true;
    } else {
        keep(x);
    }
}

/* One value of any kind into text; whether it is JSON is seen when it is read. */
static void value(struct cutter *x)
{
    int64_t depth = 0;
    x->len = 0;
    do {
        if (x->c == '"') {
            string(x);
        } else {
            depth += (x->c == '{' || x->c == '[') - (x->c == '}' || x->c == ']');
            if (depth < 0 || x->c == EOF) {
                break;
            }
            keep(x);
        }
        bool ends = x->c == ',' || x->c == ':' || x->c == ']' || x->c == '}' || x->c == ' ' ||
                    x->c == '\n' || x->c == '\r' || x->c == '\t';
        if (depth == 0 && (ends || x->text[0] == '{' || x->text[0] == '[' || x->text[0] == '"')) {
            return;
        }
    } while (x->c != EOF && !x->broken);
    x->broken = x->broken || depth != 0 || x->len == 0;
}

static void give_wrong(struct cutter *x, const char *where, const char *wrong)
{
    struct transfer_row row = transfer_row_at(where);
    row.wrong = wrong;
    transfer_give(x->t, &row);
}

static void give(struct cutter *x, const char *text, size_t len)
{
    struct arena *arena = arena_new();
    const char *detail = "", *where = arena_printf(arena, "entry %lld", (long long)++x->entries);
    if (x->told) {
        /* one such row is enough */
    } else if (x->broken) {
        x->told = true;
        give_wrong(x, where, "the file ends in the middle of it, or is no JSON from here on");
    } else if (len > TRANSFER_ENTRY_MAX) {
        give_wrong(x, where, "it is longer than a mebibyte");
    } else {
        const struct json_t *entry = json_read(arena, text, len, &detail);
        if (entry) {
            transfer_entry(x->t, arena, where, entry);
        } else {
            give_wrong(x, where, arena_printf(arena, "it is no JSON: %s", detail));
        }
    }
    arena_free(&arena);
}

/* The entries of the array that begins here. */
static void array(struct cutter *x)
{
    next(x);
    for (blanks(x); x->c != ']' && !x->broken && !x->t->stopped; blanks(x)) {
        value(x);
        give(x, x->text, x->len);
        blanks(x);
        if (x->c == ',') {
            next(x);
        } else if (x->c != ']' && !x->broken) {
            x->broken = true;
            give(x, "", 0);
        }
    }
    if (!x->broken && !x->t->stopped) {
        next(x);
    }
}

static bool is_key(const struct cutter *x, const char *text)
{
    return x->len == strlen(text) && memcmp(x->text, text, x->len) == 0;
}

static bool is_list_key(const struct cutter *x)
{
    static const char *const keys[] = { "\"users\"", "\"factors\"", "\"entries\"", "\"services\"",
                                        "\"items\"" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (is_key(x, keys[i])) {
            return true;
        }
    }
    return false;
}

static bool members(struct cutter *x);

/* A member of the object; true if its value was a list of entries, or an object with one. */
static bool member(struct cutter *x)
{
    value(x);
    bool key = x->len && x->text[0] == '"', list = is_list_key(x);
    bool seal = is_key(x, "\"encrypted\"") || is_key(x, "\"servicesEncrypted\"");
    bool db = is_key(x, "\"db\"") && !x->nested;
    blanks(x);
    if (!key || x->c != ':') {
        x->broken = true;
        return false;
    }
    next(x);
    blanks(x);
    if (list && x->c == '[') {
        array(x);
        return true;
    }
    if (db && x->c == '{') {
        x->nested = true;
        bool lists = members(x);
        x->nested = false;
        return lists;
    }
    value(x);
    x->sealed = x->sealed || (seal && (is_key(x, "true") || (x->text[0] == '"' && x->len > 2)));
    return false;
}

/* The object that begins here, up to its end; true if it had a list of entries. */
static bool members(struct cutter *x)
{
    bool lists = false;
    next(x);
    for (blanks(x); x->c != '}' && !x->broken && !x->t->stopped; blanks(x)) {
        lists = member(x) || lists;
        blanks(x);
        if (x->c == ',') {
            next(x);
        } else if (x->c != '}') {
            x->broken = true;
        }
    }
    if (!x->broken && !x->t->stopped) {
        next(x);
    }
    return lists;
}

static void object(struct cutter *x)
{
    x->whole_len = 0;
    bool lists = members(x);
    if (lists && x->sealed && !x->t->stopped) {
        give_wrong(x, "the file", TRANSFER_SEALED);
    }
    if (!x->t->stopped && (!lists || x->broken)) {
        give(x, x->whole, x->whole_len);
    }
}

void transfer_json(struct transfer *t, FILE *in, int first)
{
    struct cutter x = { .t = t, .in = in, .c = first, .arena = arena_new() };
    x.text = arena_alloc(x.arena, TRANSFER_ENTRY_MAX + 1);
    x.whole = arena_alloc(x.arena, TRANSFER_ENTRY_MAX + 1);
    for (blanks(&x); x.c != EOF && !x.broken && !t->stopped; blanks(&x)) {
        if (x.c == '[') {
            array(&x);
        } else if (x.c == '{') {
            object(&x);
        } else {
            x.broken = true;
            give(&x, "", 0);
        }
    }
    arena_free(&x.arena); /* wiped: it held secrets */
}
