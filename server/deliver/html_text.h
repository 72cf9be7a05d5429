/* html_text.h: the words of an HTML mail as plain text, for the part that programs without HTML
 * show. Lines break where blocks do; a link is followed by its address in angle brackets. */
#ifndef COUNTERSIGN_DELIVER_HTML_TEXT_H
#define COUNTERSIGN_DELIVER_HTML_TEXT_H

#include "base/arena.h"

const char *html_to_text(struct arena *arena, const char *html);

#endif
