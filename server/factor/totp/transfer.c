/* transfer.c: which form a file has, and what holds for rows of all forms, see transfer.h. */
#include "factor/totp/transfer.h"

#include "base/uuid.h"
#include "crypto/base32.h"
#include "factor/totp/key_uri.h"
#include "factor/totp/transfer_parts.h"

#include <string.h>
#include <strings.h>

struct transfer_row transfer_row_at(const char *where)
{
    return (struct transfer_row){ .where = where, .kind = totp_default };
}

void transfer_account(struct transfer_row *row, const char *text)
{
    struct uuid id;
    if (!text || !*text) {
        return;
    }
    if (uuid_parse(text, &id)) {
        row->user_id = text;
    } else if (strchr(text, '@')) {
        row->email = text;
    } else if (!text[strspn(text, "+0123456789 ")]) {
        row->phone = text;
    } else if (!row->wrong) {
        row->wrong = "its user is named neither by e-mail address, phone number nor id";
    }
}

void transfer_secret(struct arena *arena, struct transfer_row *row, const char *base32)
{
    char *plain = arena_strdup(arena, base32 ? base32 : "");
    uint8_t *bytes;
    size_t n = 0;
    for (const char *c = plain; *c; c++) {
        if (*c != ' ' && *c != '-') {
            plain[n++] = *c;
        }
    }
    plain[n] = '\0';
    if (base32_decode(arena, plain, &bytes, &row->secret_len)) {
        row->secret = bytes;
    } else if (!row->wrong) {
        row->wrong = "its secret is not base32";
    }
}

void transfer_digest(struct transfer_row *row, const char *text)
{
    if (!key_uri_digest(text, &row->kind.digest)) {
        row->wrong = "the algorithm is none of SHA1, SHA256 and SHA512";
    }
}

void transfer_type(struct transfer_row *row, const char *type)
{
    row->other = type && *type && strcasecmp(type, "totp") != 0 ? type : row->other;
}

void transfer_uri(struct arena *arena, struct transfer_row *row, const char *text)
{
    struct key_uri uri;
    const char *wrong = key_uri_read(arena, text, &uri);
    row->wrong = row->wrong ? row->wrong : wrong;
    row->other = uri.other ? uri.other : row->other;
    if (wrong || row->other) {
        return;
    }
    row->kind = uri.kind;
    row->friendly_name = uri.friendly_name ? uri.friendly_name : row->friendly_name;
    if (!row->email && !row->phone && !row->user_id) {
        transfer_account(row, uri.account);
    }
    transfer_secret(arena, row, uri.secret);
}

void transfer_totp(struct arena *arena, struct transfer_row *row, const char *text)
{
    if (strncasecmp(text, "steam:", 6) == 0) {
        row->other = "steam";
    } else if (strncasecmp(text, "otpauth:", 8) == 0) {
        transfer_uri(arena, row, text);
    } else {
        transfer_secret(arena, row, text);
    }
}

static const char *wrong_kind(const struct totp_kind *kind)
{
    return kind->digits < TOTP_DIGITS_MIN || kind->digits > TOTP_DIGITS_MAX
               ? "its codes do not have 6 to 8 digits"
           : kind->period_s < TOTP_PERIOD_MIN_S || kind->period_s > TOTP_PERIOD_MAX_S
               ? "its period is not 15 to 120 seconds"
               : NULL;
}

static const char *wrong_secret(const struct transfer_row *row)
{
    return !row->secret_len                        ? "it has no secret"
           : row->secret_len < TRANSFER_SECRET_MIN ? "its secret is shorter than 80 bits"
           : row->secret_len > TRANSFER_SECRET_MAX ? "its secret is longer than 1024 bits"
                                                   : NULL;
}

void transfer_give(struct transfer *t, struct transfer_row *row)
{
    if (t->stopped) {
        return;
    }
    if (!row->wrong && !row->other) {
        row->wrong = wrong_kind(&row->kind);
        row->wrong = row->wrong ? row->wrong : wrong_secret(row);
    }
    if (++t->rows > TRANSFER_ROWS_MAX) {
        row->wrong = "the file has more than 1000000 factors: import it in parts";
        t->stopped = true;
    }
    t->stopped = !t->take(t->arg, row) || t->stopped;
}

static int first_of(FILE *in)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* some editors begin a file with it */
    int c = getc(in);
    for (int i = 0; i < 3 && c == (unsigned char)mark[i]; i++) {
        c = getc(in);
    }
    return c;
}

int64_t transfer_read(FILE *in, bool (*take)(void *arg, const struct transfer_row *row), void *arg)
{
    struct transfer t = { .take = take, .arg = arg };
    int first = first_of(in);
    if (first == '{' || first == '[') {
        transfer_json(&t, in, first);
    } else if (first != EOF) {
        transfer_lines(&t, in, first);
    }
    if (ferror(in)) {
        struct transfer_row row = transfer_row_at("the file");
        row.wrong = "it cannot be read to its end";
        transfer_give(&t, &row);
    }
    return t.without;
}
