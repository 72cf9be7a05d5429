/* qr_svg.c: a QR code (ISO/IEC 18004) as SVG, see qr_svg.h. libqrencode makes the symbol; the
 * picture is one white square and one path, in which each run of black modules is a rectangle. */
#include "factor/totp/qr_svg.h"

#include "base/strbuf.h"

#include <qrencode.h>
#include <string.h>

enum {
    QUIET = 4,             /* modules of white on each side, ISO/IEC 18004 §5.3.8 */
    PIXELS = 4,            /* a module's size unless the page says otherwise */
    SVG_MAX = 1024 * 1024, /* the largest symbol, 177 modules, needs about 250 KiB */
};

static void add_run(struct strbuf *out, int x, int y, int len)
{
    strbuf_char(out, 'M');
    strbuf_int(out, x + QUIET);
    strbuf_char(out, ' ');
    strbuf_int(out, y + QUIET);
    strbuf_char(out, 'h');
    strbuf_int(out, len);
    strbuf_str(out, "v1h-");
    strbuf_int(out, len);
    strbuf_char(out, 'z');
}

static void add_row(struct strbuf *out, const unsigned char *row, int width, int y)
{
    for (int x = 0; x < width; x++) {
        int start = x;
        while (x < width && row[x]) {
            x++;
        }
        if (x > start) {
            add_run(out, start, y, x - start);
        }
    }
}

const unsigned char *qr_modules(struct arena *arena, const char *text, enum qr_level level,
                                int *width)
{
    /* Hints allow libqrencode to pack the upper-case secret as alphanumeric. */
    QRecLevel correction = level == QR_LEVEL_SMALL ? QR_ECLEVEL_L : QR_ECLEVEL_M;
    QRcode *code = QRcode_encodeString(text, 0, correction, QR_MODE_8, 1);
    if (!code) {
        return NULL;
    }
    size_t count = (size_t)code->width * (size_t)code->width;
    unsigned char *modules = ARENA_ARRAY(arena, unsigned char, count);
    for (size_t i = 0; i < count; i++) {
        modules[i] = code->data[i] & 1;
    }
    *width = code->width;
    explicit_bzero(code->data, count); /* the symbol is the secret in another form */
    QRcode_free(code);
    return modules;
}

const char *qr_svg(struct arena *arena, const char *text)
{
    /* Level M: a screen has no dirt or tears that Q and H are for, and each level up makes the
     * modules of the same picture smaller, which is what cameras fail at (about 150 characters: 49
     * modules a side at M, 57 at Q, 65 at H). L would save one more version but leaves little for
     * reflections. */
    int width;
    const unsigned char *modules = qr_modules(arena, text, QR_LEVEL_MEDIUM, &width);
    if (!modules) {
        return NULL;
    }
    int size = width + 2 * QUIET;
    struct strbuf out = strbuf_in(arena, SVG_MAX);
    strbuf_printf(&out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                  "height=\"%d\" shape-rendering=\"crispEdges\">"
                  "<rect width=\"%d\" height=\"%d\" fill=\"white\"/><path fill=\"black\" d=\"",
                  size, size, size * PIXELS, size * PIXELS, size, size);
    for (int y = 0; y < width; y++) {
        add_row(&out, modules + (size_t)y * (size_t)width, width, y);
    }
    strbuf_str(&out, "\"/></svg>");
    return strbuf_ok(&out) ? out.data : NULL;
}
