/* qr_terminal.h: a QR code drawn with characters. */
#ifndef COUNTERSIGN_CLI_QR_TERMINAL_H
#define COUNTERSIGN_CLI_QR_TERMINAL_H

#include "base/arena.h"

#include <stdbool.h>

/* Draws it on the standard output. false if the text is too long for a code or the terminal too
 * narrow for it: then nothing is drawn and *columns is the width it needs (0: too long). */
bool qr_terminal(struct arena *arena, const char *text, int *columns);

#endif
