/* test_dotenv.c: the official server's dialect of dotenv files (internals.md §1.2). */
#include "config/dotenv.h"

#include "../crypto/testing.h"

struct pairs {
    char text[512];
};

static void put(void *arg, const char *name, const char *value)
{
    struct pairs *p = arg;
    size_t len = strlen(p->text);
    snprintf(p->text + len, sizeof p->text - len, "[%s=%s]", name, value);
}

static void yields(struct arena *arena, const char *file, const char *expected)
{
    struct pairs p = { "" };
    const char *error = NULL;
    if (!dotenv_read(arena, file, put, &p, &error)) {
        fail_msg("%s: %s", file, error);
    }
    assert_string_equal(p.text, expected);
}

static void bare_values(void **state)
{
    yields(*state, "A=1\nB=two words \n\nC=", "[A=1][B=two words][C=]");
    yields(*state, "A: 1\nB : 2\nC = 3", "[A=1][B=2][C=3]");
    yields(*state, "export A=1\n  export\tB=2", "[A=1][B=2]");
    yields(*state, "exported=1\na.b_9=x", "[exported=1][a.b_9=x]");
    yields(*state, "A=b=c\nB=http://x:1/y?z=1", "[A=b=c][B=http://x:1/y?z=1]");
    yields(*state, "A=it's\nB=a\"b", "[A=it's][B=a\"b]");
}

static void comments(void **state)
{
    yields(*state, "# all\n   # of it\nA=1 # one\nB=a#b\nC=x #y #z\n", "[A=1][B=a#b][C=x #y]");
    yields(*state, "A=\"x # y\" # z\nB='#'", "[A=x # y][B=#]");
}

static void nothing_is_expanded(void **state)
{
    yields(*state, "A=$HOME\nB=${HOME}\nC=\\$HOME\nD=\"$X\"\nE='$X'\nF=\"\\$X\"",
           "[A=$HOME][B=${HOME}][C=$HOME][D=$X][E=$X][F=$X]");
}

static void double_quotes(void **state)
{
    yields(*state, "A=\"a\\nb\\rc\"", "[A=a\nb\rc]");
    yields(*state, "A=\"say \\\"hi\\\"\"", "[A=say \"hi\"]");
    yields(*state, "A=\"one\ntwo\"\nB=3", "[A=one\ntwo][B=3]");
    yields(*state, "A=\"\\t\\\\\"", "[A=t\\]");
}

static void single_quotes(void **state)
{
    yields(*state, "A='a\\nb'\nB='one\ntwo'\nC=''", "[A=a\\nb][B=one\ntwo][C=]");
    yields(*state, "A='it\\'s'\nB=2", "[A=it\\'s][B=2]");
    yields(*state, "A='it\\''\nB='\\' '\nC='x'", "[A=it\\][B=\\' ][C=x]");
}

static void line_ends_of_windows(void **state)
{
    yields(*state, "A=1\r\n# c\r\n\r\nB=\"2\"\r\nC='3'\r\n", "[A=1][B=2][C=3]");
}

static void wrong_lines_are_named(void **state)
{
    static const struct {
        const char *file, *error;
    } bad[] = {
        { "A=1\nnonsense\nB=2", "line 2: expected NAME=value" },
        { "=1", "line 1: expected NAME=value" },
        { "A-B=1", "line 1: expected NAME=value" },
        { "A=1\n\n# x\nB=\"abc\nC=3", "line 4: the quote is not closed" },
        { "A=\"1\n2\"\nB='", "line 3: the quote is not closed" },
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct pairs p = { "" };
        const char *error = "";
        assert_false(dotenv_read(*state, bad[i].file, put, &p, &error));
        assert_string_equal(error, bad[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(bare_values),           ARENA_TEST(comments),
        ARENA_TEST(nothing_is_expanded),   ARENA_TEST(double_quotes),
        ARENA_TEST(single_quotes),         ARENA_TEST(line_ends_of_windows),
        ARENA_TEST(wrong_lines_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
