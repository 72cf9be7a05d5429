/* qr_terminal.c: a QR code (ISO/IEC 18004) in the terminal: two modules a character by half blocks,
 * always black on white with the quiet zone, so that the colours of the terminal do not matter.
 * Level L keeps it small enough for a screen. */
#include "qr_terminal.h"

#include "factor/totp/qr_svg.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { QUIET = 4 }; /* modules of white on each side, ISO/IEC 18004 §5.3.8 */

/* Colours 16 and 231 of the 256 are black and white in every palette. */
#define BLACK_ON_WHITE "\033[38;5;16;48;5;231m"
#define PLAIN "\033[0m"

struct code {
    const unsigned char *modules;
    int width;
};

static int is_dark(const struct code *code, int x, int y)
{
    bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
    return inside && code->modules[y * code->width + x];
}

/* One line of characters: rows y and y + 1. */
static void draw_line(const struct code *code, int y)
{
    static const char *const blocks[] = { " ", "\u2580", "\u2584", "\u2588" };
    fputs(BLACK_ON_WHITE, stdout);
    for (int x = -QUIET; x < code->width + QUIET; x++) {
        fputs(blocks[is_dark(code, x, y) + 2 * is_dark(code, x, y + 1)], stdout);
    }
    fputs(PLAIN "\n", stdout);
}

static bool fits(int columns)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col;
    return !known || size.ws_col >= columns;
}

bool qr_terminal(struct arena *arena, const char *text, int *columns)
{
    struct code code = { 0 };
    code.modules = qr_modules(arena, text, QR_LEVEL_SMALL, &code.width);
    *columns = code.modules ? code.width + 2 * QUIET : 0;
    bool drawn = code.modules && fits(*columns);
    for (int y = -QUIET; drawn && y < code.width + QUIET; y += 2) {
        draw_line(&code, y);
    }
    return drawn;
}
