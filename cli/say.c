/* say.c: errors and warnings on standard error, see say.h. */
#include "say.h"

#include "show.h"

#include <stdarg.h>
#include <stdio.h>

enum { TEXT_MAX = 4096 };

static bool as_json;

void say_as_json(bool on)
{
    as_json = on;
}

int say_error(int code, const char *who, const char *text)
{
    struct arena *arena = arena_new();
    const char *clean = safe_lines(arena, text);
    fflush(stdout);
    if (as_json) {
        struct strbuf b = strbuf_in(arena, 8 * TEXT_MAX);
        strbuf_printf(&b, "{\"error\":{\"exit_code\":%d,\"message\":", code);
        json_quote(&b, clean);
        strbuf_str(&b, "}}\n");
        fputs(strbuf_ok(&b) ? b.data : "{\"error\":{}}\n", stderr);
    } else {
        fprintf(stderr, "countersign%s%s: %s\n", *who ? " " : "", who, clean);
    }
    arena_free(&arena);
    return code;
}

void say_warning(const char *format, ...)
{
    struct arena *arena = arena_new();
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *clean = safe(arena, text);
    if (as_json) {
        struct strbuf b = strbuf_in(arena, 8 * TEXT_MAX);
        json_quote(&b, clean);
        fprintf(stderr, "{\"warning\":%s}\n", strbuf_ok(&b) ? b.data : "\"\"");
    } else {
        fprintf(stderr, "countersign: warning: %s\n", clean);
    }
    arena_free(&arena);
}
