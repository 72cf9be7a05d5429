/* qr_terminal.h: a QR code drawn with characters, of which the terminal can show enough to scan. */
#ifndef COUNTERSIGN_CLI_QR_TERMINAL_H
#define COUNTERSIGN_CLI_QR_TERMINAL_H

#include "base/arena.h"

#include <stdbool.h>

enum qr_style {
    QR_BLOCKS,       /* half blocks, black on white */
    QR_PLAIN_BLOCKS, /* half blocks without colours, white being the terminal's ink */
    QR_CELLS,        /* two blanks a module, coloured: for terminals without such characters */
    QR_NOT,          /* the terminal has neither colours nor blocks */
};

struct qr_drawing {
    enum qr_style style;
    const unsigned char *modules;    /* NULL: the text is too long for a code */
    int width, quiet;                /* modules; of them white on each side */
    int columns, rows;               /* of characters */
    int screen_columns, screen_rows; /* INT_MAX: not known */
    bool small;                      /* made as small as it can be, since the screen is low */
};

/* How the Key URI is drawn here. If it is too high for the screen with `below` lines beneath it, it
 * is made smaller: without the parameters that apps take for granted, and with less white around.
 */
struct qr_drawing qr_terminal_plan(struct arena *arena, const char *uri, int below);

void qr_terminal_draw(const struct qr_drawing *drawing);

#endif
