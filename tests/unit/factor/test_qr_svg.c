/* test_qr_svg.c: the shape of the picture and its symbol: finder patterns, quiet zone, and no
 * character that a data URL gives a meaning to. Reading it back is done by the acceptance tests. */
#include "factor/totp/qr_svg.h"

#include "../crypto/testing.h"

#define URI                                                                                        \
    "otpauth://totp/Example%20Shop:ann@example.com?algorithm=SHA1&digits=6&"                       \
    "issuer=Example%20Shop&period=30&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

enum { SIDE_MAX = 185 };

static char picture[SIDE_MAX][SIDE_MAX];

/* Draws the path; returns the side in modules. */
static int draw(const char *svg)
{
    int side = 0, other, x, y, len, back;
    const char *at = strstr(svg, "viewBox=\"0 0 ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "viewBox=\"0 0 %d %d\"", &side, &other), 2);
    assert_int_equal(side, other);
    assert_true(side <= SIDE_MAX);
    memset(picture, 0, sizeof picture);
    at = strstr(svg, " d=\"M") + 4;
    while (sscanf(at, "M%d %dh%dv1h-%dz", &x, &y, &len, &back) == 4) {
        assert_int_equal(len, back);
        assert_true(x >= 4 && y >= 4 && x + len <= side - 4 && y < side - 4);
        memset(&picture[y][x], 1, (size_t)len);
        at = strchr(at, 'z') + 1;
    }
    assert_string_equal(at, "\"/></svg>");
    return side;
}

static void assert_finder(int left, int top)
{
    for (int y = 0; y < 7; y++) {
        for (int x = 0; x < 7; x++) {
            int ring = x < y ? (x < 6 - y ? x : 6 - y) : (y < 6 - x ? y : 6 - x);
            assert_int_equal(picture[top + y][left + x], ring != 1);
        }
    }
}

static void a_picture(void **state)
{
    const char *svg = qr_svg(*state, URI);
    assert_non_null(svg);
    assert_int_equal(strncmp(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 40), 0);
    assert_string_equal(svg + strlen(svg) - 6, "</svg>");
    assert_null(strpbrk(svg, "#%\n\r\t'"));
    assert_non_null(strstr(svg, "fill=\"white\""));
    assert_non_null(strstr(svg, "shape-rendering=\"crispEdges\""));
    int side = draw(svg);
    assert_int_equal((side - 8 - 17) % 4, 0);
    assert_finder(4, 4); /* true orientation: the fourth corner has none */
    assert_finder(side - 11, 4);
    assert_finder(4, side - 11);
    assert_int_equal(picture[side - 12][12], 1); /* the dark module: not mirrored */
}

static void the_longest_text(void **state)
{
    char text[3000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_null(qr_svg(*state, text));
    text[2331] = '\0'; /* what version 40 holds at level M */
    const char *svg = qr_svg(*state, text);
    assert_non_null(svg);
    assert_int_equal(draw(svg), 177 + 8);
    assert_null(qr_svg(*state, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(a_picture),
        ARENA_TEST(the_longest_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
