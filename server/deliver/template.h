/* template.h: the part of Go's templates that mails and SMS are written with: {{ .Field }},
 * {{ .Data.key.sub }}, {{ if .X }} {{ else if eq .X "y" }} {{ else }} {{ end }}, {{ with .X }},
 * eq ne not and or with parentheses, texts and whole numbers, comments, and the marks {{- and -}}
 * that take white space away. All else (range, variables, pipes, other functions) is refused.
 *
 * As HTML, each value is escaped for the place where it stands, as Go's html/template does: text,
 * attribute, address (other schemes than http, https and mailto become "#ZgotmplZ"), style. A value
 * inside a script is refused. */
#ifndef COUNTERSIGN_DELIVER_TEMPLATE_H
#define COUNTERSIGN_DELIVER_TEMPLATE_H

#include "base/json.h"

struct template;

enum template_form { TEMPLATE_TEXT, TEMPLATE_HTML };

/* NULL: *error says what is wrong and where, for a person. */
const struct template *template_read(struct arena *arena, const char *text, const char **error);

/* Fills it in with the members of an object; what is absent is empty. NULL: *error. */
const char *template_fill(const struct template *template, struct arena *arena,
                          enum template_form form, const struct json_t *fields, const char **error);

#endif
