/* qr_svg.h: a QR code as an SVG picture that phone cameras read from a screen, dark pages
 * included (contract row B11). */
#ifndef COUNTERSIGN_FACTOR_TOTP_QR_SVG_H
#define COUNTERSIGN_FACTOR_TOTP_QR_SVG_H

#include "base/arena.h"

/* The SVG text, or NULL if the text is too long for a QR code. One white background, quiet zone of
 * four modules, viewBox, one path of black runs; no '#' and no '%' anywhere, since clients put the
 * text unescaped behind "data:image/svg+xml;utf-8,". */
const char *qr_svg(struct arena *arena, const char *text);

enum qr_level { QR_LEVEL_SMALL, QR_LEVEL_MEDIUM }; /* L and M of ISO/IEC 18004 */

/* The modules alone, row by row, 1 for black, for who draws in another way; NULL if the text is too
 * long. *width is their number a side; the quiet zone is not among them. */
const unsigned char *qr_modules(struct arena *arena, const char *text, enum qr_level level,
                                int *width);

#endif
