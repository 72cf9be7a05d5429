/* fuzz_transfer.c: any bytes as a file of factors to be imported. What is good in a row must hold
 * what transfer.h promises. For libFuzzer (script/fuzz), and, linked with replay.c, an ordinary
 * test over the corpus. */
#include "base/utf8.h"
#include "factor/totp/transfer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { ROWS_MAX = 1000 };

static void hold(bool what)
{
    if (!what) {
        abort();
    }
}

static void hold_text(const char *text)
{
    hold(!text || utf8_valid(text, strlen(text)));
}

static bool take(void *arg, const struct transfer_row *row)
{
    int *rows = arg;
    hold(row->where && *row->where);
    hold_text(row->user_id);
    hold_text(row->email);
    hold_text(row->phone);
    hold_text(row->friendly_name);
    hold_text(row->other);
    if (!row->wrong && !row->other) {
        hold(row->secret && row->secret_len >= TRANSFER_SECRET_MIN &&
             row->secret_len <= TRANSFER_SECRET_MAX);
        hold(row->kind.digits >= TOTP_DIGITS_MIN && row->kind.digits <= TOTP_DIGITS_MAX);
        hold(row->kind.period_s >= TOTP_PERIOD_MIN_S && row->kind.period_s <= TOTP_PERIOD_MAX_S);
    }
    return ++*rows < ROWS_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    int rows = 0;
    FILE *in = len ? fmemopen((void *)(uintptr_t)bytes, len, "r") : NULL;
    if (in) {
        transfer_read(in, take, &rows);
        fclose(in);
        hold(rows <= ROWS_MAX);
    }
    return 0;
}
