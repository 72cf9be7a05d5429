/* qr_terminal.c: a QR code (ISO/IEC 18004) in the terminal: two modules a character by half blocks,
 * always black on white with the quiet zone, so that the colours of the terminal do not matter.
 * libqrencode makes the symbol; level L keeps it small enough for a screen. */
#include "qr_terminal.h"

#include <qrencode.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { QUIET = 4 }; /* modules of white on each side, ISO/IEC 18004 §5.3.8 */

/* Colours 16 and 231 of the 256 are black and white in every palette. */
#define BLACK_ON_WHITE "\033[38;5;16;48;5;231m"
#define PLAIN "\033[0m"

static bool is_dark(const QRcode *code, int x, int y)
{
    bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
    return inside && (code->data[y * code->width + x] & 1);
}

/* One line of characters: rows y and y + 1. */
static void draw_line(const QRcode *code, int y)
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

bool qr_terminal(const char *text, int *columns)
{
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    *columns = code ? code->width + 2 * QUIET : 0;
    bool drawn = code && fits(*columns);
    for (int y = -QUIET; drawn && y < code->width + QUIET; y += 2) {
        draw_line(code, y);
    }
    if (code) { /* it is the secret in another form */
        explicit_bzero(code->data, (size_t)code->width * (size_t)code->width);
    }
    QRcode_free(code);
    return drawn;
}
