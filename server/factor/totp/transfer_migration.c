/* transfer_migration.c: Google Authenticator's export, otpauth-migration://offline?data=DATA:
 * base64, percent-encoded, of a message in the wire format of Protocol Buffers, see transfer.h. The
 * message: 1 a factor (repeated), 3 of how many parts the export is, 4 which one this is, 5 of
 * which export; a factor: 1 secret, 2 name, 3 issuer, 4 algorithm, 5 digits, 6 type. */
#include "base/utf8.h"
#include "crypto/base64.h"
#include "factor/totp/key_uri.h"
#include "factor/totp/transfer_parts.h"

#include <string.h>
#include <strings.h>

static const char scheme[] = "otpauth-migration://";

/* A field of a message: a number, or bytes. */
struct field {
    uint64_t tag, number;
    const uint8_t *bytes;
    size_t len;
};

struct message {
    const uint8_t *at, *end;
    bool broken;
};

static uint64_t varint(struct message *m)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && m->at < m->end; shift += 7) {
        uint8_t byte = *m->at++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    m->broken = true;
    return 0;
}

/* false at the end, or where it is broken. */
static bool next_field(struct message *m, struct field *out)
{
    enum wire { VARINT = 0, EIGHT_BYTES = 1, BYTES = 2, FOUR_BYTES = 5 };
    if (m->at == m->end || m->broken) {
        return false;
    }
    uint64_t key = varint(m);
    enum wire wire = key & 7;
    *out = (struct field){ .tag = key >> 3, .bytes = m->at };
    if (wire == VARINT) {
        out->number = varint(m);
        return !m->broken;
    }
    uint64_t len = wire == BYTES ? varint(m) : wire == EIGHT_BYTES ? 8 : 4;
    bool known = wire == BYTES || wire == EIGHT_BYTES || wire == FOUR_BYTES;
    m->broken = m->broken || !known || len > (uint64_t)(m->end - m->at);
    if (m->broken) {
        return false;
    }
    out->bytes = m->at;
    out->len = (size_t)len;
    m->at += len;
    return true;
}

static const char *text_of(struct arena *arena, const struct field *f)
{
    bool good = !memchr(f->bytes, '\0', f->len) && utf8_valid((const char *)f->bytes, f->len);
    return good ? arena_strndup(arena, (const char *)f->bytes, f->len) : NULL;
}

/* Numbers that are not given are 0: the usual kind. */
static void read_kind(struct transfer_row *row, uint64_t algorithm, uint64_t digits, uint64_t type)
{
    static const enum digest digests[] = { DIGEST_SHA1, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512 };
    static const int numbers[] = { 6, 6, 8, 7 };
    enum { HOTP = 1 };
    if (type == HOTP) {
        row->other = "hotp";
    } else if (algorithm >= sizeof digests / sizeof digests[0]) {
        row->wrong = "the algorithm is none of SHA1, SHA256 and SHA512";
    } else {
        row->kind.digest = digests[algorithm];
        row->kind.digits = digits < sizeof numbers / sizeof numbers[0] ? numbers[digits] : 0;
    }
}

static void read_factor(struct arena *arena, const struct field *in, struct transfer_row *row)
{
    struct message m = { .at = in->bytes, .end = in->bytes + in->len };
    struct field f;
    const char *name = "", *issuer = "";
    uint64_t numbers[3] = { 0 }; /* algorithm, digits, type */
    while (next_field(&m, &f)) {
        if (f.tag == 1) {
            row->secret = f.bytes;
            row->secret_len = f.len;
        } else if (f.tag == 2) {
            name = text_of(arena, &f);
        } else if (f.tag == 3) {
            issuer = text_of(arena, &f);
        } else if (f.tag >= 4 && f.tag <= 6) {
            numbers[f.tag - 4] = f.number;
        }
    }
    if (m.broken || !name || !issuer) {
        row->wrong = "it is not as Google Authenticator exports it";
        return;
    }
    read_kind(row, numbers[0], numbers[1], numbers[2]);
    transfer_account(row, key_uri_account(name, issuer));
}

/* The bytes of the parameter data; false if there are none. '+' may stand as it is. */
static bool read_data(struct arena *arena, const char *line, uint8_t **out, size_t *len)
{
    const char *data = strstr(line, "data=");
    if (!data) {
        return false;
    }
    data += strlen("data=");
    char *text = arena_strndup(arena, data, strcspn(data, "&# \t"));
    size_t n = 0;
    static const char *const escapes[] = { "%2B", "%2F", "%3D" };
    for (const char *at = text; *at; at++) {
        char c = *at;
        for (size_t i = 0; i < sizeof escapes / sizeof escapes[0] && *at == '%'; i++) {
            c = strncasecmp(at, escapes[i], 3) == 0 ? "+/="[i] : c;
        }
        at += c != *at ? 2 : 0;
        if (c != '=') {
            text[n++] = c;
        }
    }
    text[n] = '\0';
    return n && base64_decode_bare(arena, text, n, out, len);
}

static void note_part(struct transfer_batches *batches, uint64_t id, uint64_t size, uint64_t index)
{
    int i = 0;
    if (size < 2 || size > TRANSFER_BATCH_PARTS || index >= size) {
        return;
    }
    while (i < batches->n && (batches->batch[i].id != id || batches->batch[i].size != size)) {
        i++;
    }
    if (i == TRANSFER_BATCHES) {
        return;
    }
    batches->n += i == batches->n;
    batches->batch[i].id = id;
    batches->batch[i].size = size;
    batches->batch[i].seen |= UINT64_C(1) << index;
}

bool transfer_is_migration(const char *line)
{
    return strncasecmp(line, scheme, sizeof scheme - 1) == 0;
}

void transfer_migration(struct transfer *t, struct arena *arena, const char *where,
                        const char *line, struct transfer_batches *batches)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool read = read_data(arena, line, &bytes, &len);
    struct message m = { .at = bytes, .end = read ? bytes + len : bytes, .broken = !read };
    struct field f;
    int64_t given = 0;
    uint64_t numbers[3] = { 0 }; /* size, index, id */
    while (!t->stopped && next_field(&m, &f)) {
        if (f.tag == 1) {
            struct transfer_row row = transfer_row_at(
                given++ ? arena_printf(arena, "%s.%lld", where, (long long)given) : where);
            read_factor(arena, &f, &row);
            transfer_give(t, &row);
        } else if (f.tag >= 3 && f.tag <= 5) {
            numbers[f.tag - 3] = f.number;
        }
    }
    if (m.broken) {
        struct transfer_row row = transfer_row_at(where);
        row.wrong = "it is not as Google Authenticator exports it: was it cut or wrapped?";
        transfer_give(t, &row);
    }
    note_part(batches, numbers[2], numbers[0], numbers[1]);
}

void transfer_batches_end(struct transfer *t, struct arena *arena,
                          const struct transfer_batches *batches)
{
    for (int i = 0; i < batches->n; i++) {
        for (uint64_t part = 0; part < batches->batch[i].size; part++) {
            if (!(batches->batch[i].seen & UINT64_C(1) << part)) {
                struct transfer_row row = transfer_row_at("the file");
                row.wrong = arena_printf(
                    arena, "part %d of %d of an export of Google Authenticator is not in it",
                    (int)part + 1, (int)batches->batch[i].size);
                transfer_give(t, &row);
            }
        }
    }
}
