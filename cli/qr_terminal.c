/* qr_terminal.c: a QR code (ISO/IEC 18004) in the terminal: two modules a character by half blocks,
 * black on white with the quiet zone, so that the colours of the terminal do not matter. Level L
 * keeps it small enough for a screen. See qr_terminal.h for terminals that lack blocks or colours.
 */
#include "qr_terminal.h"

#include "factor/totp/qr_svg.h"
#include "job.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    QUIET = 4,      /* modules of white on each side, ISO/IEC 18004 §5.3.8 */
    QUIET_SMALL = 2 /* enough for phones on the white that is drawn */
};

/* Colours 16 and 231 of the 256 are black and white in every palette. */
#define BLACK_ON_WHITE "\033[38;5;16;48;5;231m"
#define ON_BLACK "\033[48;5;16m"
#define ON_WHITE "\033[48;5;231m"
#define PLAIN "\033[0m"

static bool is_dark(const struct qr_drawing *d, int x, int y)
{
    bool inside = x >= 0 && y >= 0 && x < d->width && y < d->width;
    return inside && d->modules[y * d->width + x];
}

/* One line of characters: rows y and y + 1. Beneath the last row all is white. */
static void draw_blocks(const struct qr_drawing *d, int y)
{
    static const char *const blocks[] = { " ", "\u2580", "\u2584", "\u2588" };
    bool inked = d->style == QR_PLAIN_BLOCKS; /* the white */
    fputs(inked ? "" : BLACK_ON_WHITE, stdout);
    for (int x = -d->quiet; x < d->width + d->quiet; x++) {
        int dark = is_dark(d, x, y) + 2 * is_dark(d, x, y + 1);
        fputs(blocks[inked ? 3 - dark : dark], stdout);
    }
    fputs(inked ? "\n" : PLAIN "\n", stdout);
}

static void draw_cells(const struct qr_drawing *d, int y)
{
    for (int x = -d->quiet; x < d->width + d->quiet; x++) {
        fputs(is_dark(d, x, y) ? ON_BLACK "  " : ON_WHITE "  ", stdout);
    }
    fputs(PLAIN "\n", stdout);
}

void qr_terminal_draw(const struct qr_drawing *d)
{
    int step = d->style == QR_CELLS ? 1 : 2;
    for (int y = -d->quiet; y < d->width + d->quiet; y += step) {
        (d->style == QR_CELLS ? draw_cells : draw_blocks)(d, y);
    }
}

/* By the environment, as programs without a locale of their own must. */
static bool is_utf8(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = environment(names[i]);
        if (value) {
            return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
        }
    }
    return false;
}

static enum qr_style style_of_terminal(void)
{
    const char *term = environment("TERM");
    bool colours = !environment("NO_COLOR") && term && strcmp(term, "dumb") != 0;
    return is_utf8() ? colours ? QR_BLOCKS : QR_PLAIN_BLOCKS : colours ? QR_CELLS : QR_NOT;
}

static void measure(struct qr_drawing *d, int quiet)
{
    int side = d->width + 2 * quiet;
    d->quiet = quiet;
    d->columns = d->style == QR_CELLS ? 2 * side : side;
    d->rows = d->style == QR_CELLS ? side : (side + 1) / 2;
}

/* The URI without the parameters whose values apps take for granted. */
static const char *shortened(struct arena *arena, const char *uri)
{
    static const char *const usual[] = { "algorithm=SHA1", "digits=6", "period=30" };
    char *out = arena_strdup(arena, uri), *to = strchr(out, '?');
    const char *at = strchr(uri, '?');
    if (!to) {
        return uri;
    }
    for (to++, at++; *at;) {
        size_t len = strcspn(at, "&");
        bool known = false;
        for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
            known = known || (strlen(usual[i]) == len && memcmp(usual[i], at, len) == 0);
        }
        len += at[len] == '&';
        if (!known) {
            memcpy(to, at, len);
            to += len;
        }
        at += len;
    }
    *to = '\0';
    return out;
}

struct qr_drawing qr_terminal_plan(struct arena *arena, const char *uri, int below)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col;
    struct qr_drawing d = {
        .style = style_of_terminal(),
        .screen_columns = known ? size.ws_col : INT_MAX,
        .screen_rows = known && size.ws_row ? size.ws_row : INT_MAX,
    };
    d.modules = qr_modules(arena, uri, QR_LEVEL_SMALL, &d.width);
    measure(&d, QUIET);
    if (d.modules && (d.rows > d.screen_rows - below || d.columns > d.screen_columns)) {
        d.modules = qr_modules(arena, shortened(arena, uri), QR_LEVEL_SMALL, &d.width);
        d.small = true;
        measure(&d, QUIET_SMALL);
    }
    return d;
}
