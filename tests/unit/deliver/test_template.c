/* test_template.c: the part of Go's templates that mails use, and that values are escaped for the
 * place where they stand. */
#include "deliver/template.h"

#include "../crypto/testing.h"

static const char fields_text[] =
    "{\"Token\":\"123456\",\"Email\":\"a+b@example.com\",\"Empty\":\"\",\"Zero\":0,\"Yes\":true,"
    "\"URL\":\"https://h.example/verify?token=pkce_1&type=signup&redirect_to=http://x/\","
    "\"Evil\":\"\\\"><script>alert('1')</script>&\",\"Js\":\"javascript:alert(1)\","
    "\"Java\":\"java\",\"Script\":\"script:alert(1)\",\"Colon\":\":alert(1)\",\"JS\":\"JaVaScRiPt\","
    "\"Two\":\"a.png, javascript:alert(1) 2x\",\"Host\":\"h.example\",\"Https\":\"https\","
    "\"App\":\"com.example.app://in\",\"Css\":\"red;background:url(//e)\",\"Red\":\"#ff0000\","
    "\"Data\":{\"name\":\"O'Neil\",\"n\":3,\"deep\":{\"er\":\"x\"},\"list\":[\"p\",\"q\"],"
    "\"full-name\":\"Full\"}}";

static const char *fill(struct arena *arena, const char *text, enum template_form form)
{
    const char *error = NULL;
    const struct json_t *fields = json_read(arena, fields_text, strlen(fields_text), &error);
    const struct template *template = template_read(arena, text, &error);
    if (!fields || !template) {
        return arena_printf(arena, "ERROR %s", error);
    }
    const char *out = template_fill(template, arena, form, fields, &error);
    return out ? out : arena_printf(arena, "ERROR %s", error);
}

struct sample {
    const char *template, *result;
};

static void check_all(struct arena *arena, const struct sample *samples, size_t n,
                      enum template_form form)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = fill(arena, samples[i].template, form);
        if (strcmp(got, samples[i].result) != 0) {
            fail_msg("%s\n  gave   %s\n  wanted %s", samples[i].template, got, samples[i].result);
        }
    }
}

static void language(void **state)
{
    static const struct sample samples[] = {
        { "", "" },
        { "plain { } }} text", "plain { } }} text" },
        { "{{ .Token }}|{{.Token}}|{{  .Token  }}", "123456|123456|123456" },
        { "{{ .Nothing }}{{ .Data.nothing.more }}.", "." },
        { "{{ .Data.name }} {{ .Data.n }} {{ .Data.deep.er }} {{ .Yes }}", "O'Neil 3 x true" },
        { "{{ $.Token }}{{ .Data.deep }}", "123456{\"er\":\"x\"}" },
        { "{{ if .Token }}a{{ end }}", "a" },
        { "{{ if .Empty }}a{{ else }}b{{ end }}{{ if .Zero }}c{{ end }}", "b" },
        { "{{ if .Nothing }}a{{ else if .Yes }}b{{ else }}c{{ end }}", "b" },
        { "{{ if .Nothing }}a{{ else if .Empty }}b{{ else }}c{{ end }}", "c" },
        { "{{ if eq .Token \"123456\" }}y{{ else }}n{{ end }}", "y" },
        { "{{ if eq .Token `x` \"123456\" }}y{{ end }}{{ if ne .Token \"a\" }}z{{ end }}", "yz" },
        { "{{ if eq .Data.n 3 }}y{{ end }}{{ if eq .Nothing \"\" }}n{{ end }}", "y" },
        { "{{ if and .Token (not .Empty) }}y{{ end }}{{ if or .Empty .Zero }}n{{ end }}", "y" },
        { "{{ or .Empty .Data.name }}", "O'Neil" },
        { "{{ index .Data \"full-name\" }} {{ index .Data \"list\" 1 }}", "Full q" },
        { "{{ with .Data.deep }}{{ .er }}{{ $.Token }}{{ end }}", "x123456" },
        { "a {{- /* note */ -}} b", "ab" },
        { "a \n {{- .Token -}} \n b", "a123456b" },
        { "{{ \"t\\\"q\\n\" }}", "t\"q\n" },
        { "{{ if .Yes }}{{ if .Empty }}1{{ else }}2{{ end }}3{{ end }}4", "234" },
    };
    check_all(*state, samples, COUNT(samples), TEMPLATE_TEXT);
}

static void refusals(void **state)
{
    static const char *const wrong[] = {
        "{{ .Token",
        "{{ }}",
        "{{ range .Data }}{{ end }}",
        "{{ .Token | html }}",
        "{{ template \"x\" }}",
        "{{ $x := .Token }}",
        "{{ if .Token }}",
        "{{ end }}",
        "{{ else }}",
        "{{ if .Token }}{{ else with .X }}{{ end }}",
        "{{ printf \"%s\" .Token }}",
        "{{ eq .Token }}",
        "{{ not .A .B }}",
        "{{ \"open }}",
        "{{ (eq .A .B }}",
        "{{ .A..B }}",
        "{{ if }}x{{ end }}",
        "{{ 99999999999999999999 }}",
        "{{ /* open }}",
        "{{ Token }}",
        "{{ .A.B.C.D.E.F.G.H.I.J.K.L.M.N.O.P.Q }}",
        "{{ .Token extra }}",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        const char *got = fill(*state, wrong[i], TEMPLATE_TEXT);
        if (strncmp(got, "ERROR line 1: ", 14) != 0) {
            fail_msg("%s gave %s", wrong[i], got);
        }
    }
    assert_string_equal(fill(*state, "\n\n{{ range .X }}", TEMPLATE_TEXT),
                        "ERROR line 3: \"range\" is not supported here");
    struct strbuf deep = strbuf_in(*state, 65536);
    for (int i = 0; i < 1000; i++) {
        strbuf_str(&deep, "{{ if .Yes }}");
    }
    assert_string_equal(fill(*state, deep.data, TEMPLATE_TEXT),
                        "ERROR line 1: if is nested too deeply");
}

static void escaping(void **state)
{
    static const struct sample samples[] = {
        { "<p>{{ .Evil }}</p>",
          "<p>&#34;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;</p>" },
        { "<p title=\"{{ .Evil }}\">",
          "<p title=\"&#34;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;\">" },
        { "<p title={{ .Data.name }} x>", "<p title=O&#39;Neil x>" },
        { "<p title={{ .Evil }}>",
          "<p title=&#34;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;>" },
        { "<a href=\"{{ .URL }}\">",
          "<a href=\"https://h.example/verify?token=pkce_1&amp;type=signup&amp;redirect_to="
          "http://x/\">" },
        { "<a href='{{ .Js }}'>", "<a href='#ZgotmplZ'>" },
        { "<a href = {{ .Js }}>", "<a href = #ZgotmplZ>" },
        { "<a HREF=\" {{ .Js }}\">", "<a HREF=\" #ZgotmplZ\">" },
        { "<a href=\"{{ .App }}\">", "<a href=\"#ZgotmplZ\">" },
        { "<a href=\"/c?to={{ .URL }}&amp;e={{ .Email }}\">",
          "<a href=\"/c?to=https%3a%2f%2fh.example%2fverify%3ftoken%3dpkce_1%26type%3dsignup"
          "%26redirect_to%3dhttp%3a%2f%2fx%2f&amp;e=a%2bb%40example.com\">" },
        { "<a href=\"/p/{{ .Evil }}\">",
          "<a href=\"/p/%22%3e%3cscript%3ealert%28%271%27%29%3c/script%3e&amp;\">" },
        { "<img src=\"{{ .Js }}\" data-src=\"{{ .Js }}\" alt=\"{{ .Js }}\">",
          "<img src=\"#ZgotmplZ\" data-src=\"#ZgotmplZ\" alt=\"javascript:alert(1)\">" },
        /* a scheme in pieces */
        { "<a href=\"{{ .Java }}{{ .Script }}\">", "<a href=\"java#ZgotmplZ\">" },
        { "<a href='{{ .Empty }}{{ .Java }}{{ .Empty }}{{ .Script }}'>",
          "<a href='java#ZgotmplZ'>" },
        { "<a href={{ .JS }}{{ .Colon }}>", "<a href=JaVaScRiPt#ZgotmplZ>" },
        { "<a href=\"java{{ .Script }}\">", "<a href=\"java#ZgotmplZ\">" },
        { "<a href=\"{{ if .Yes }}{{ .Java }}{{ end }}{{ .Script }}\">",
          "<a href=\"java#ZgotmplZ\">" },
        { "<a href=\"{{ .Https }}://{{ .Host }}/{{ .Script }}\">",
          "<a href=\"https://h.example/script:alert%281%29\">" },
        { "<a href=\"htt{{ .Data.name }}\">", "<a href=\"httO%27Neil\">" },
        { "<a href=\"com.example.app://in?c={{ .Token }}\">",
          "<a href=\"com.example.app://in?c=123456\">" },
        /* several addresses */
        { "<img srcset=\"/a.png 1x, {{ .Js }} 2x\">", "<img srcset=\"/a.png 1x, #ZgotmplZ 2x\">" },
        { "<img srcset=\"{{ .URL }} 1x, {{ .Java }}{{ .Script }} 2x\">",
          "<img srcset=\"https://h.example/verify?token=pkce_1&amp;type=signup&amp;redirect_to=http://x/ 1x, "
          "java#ZgotmplZ 2x\">" },
        { "<img srcset=\"{{ .Two }}\">", "<img srcset=\"#ZgotmplZ\">" },
        { "<a ping=\"/a {{ .Js }}\">", "<a ping=\"/a #ZgotmplZ\">" },
        { "<animate attributeName=href values=\"/a;{{ .Js }}\">",
          "<animate attributeName=href values=\"/a;#ZgotmplZ\">" },
        { "<set to='{{ .Js }}'>", "<set to='#ZgotmplZ'>" },
        { "<p style=\"color:{{ .Red }}\">", "<p style=\"color:#ff0000\">" },
        { "<p style=\"color:{{ .Css }}\">", "<p style=\"color:ZgotmplZ\">" },
        { "<style>p{color:{{ .Css }}}</style>{{ .Evil }}",
          "<style>p{color:ZgotmplZ}</style>"
          "&#34;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;" },
        { "<!--[if mso]><v:r href=\"{{ .URL }}\"><![endif]-->{{ .Token }}",
          "<!--[if mso]><v:r href=\"https://h.example/verify?token=pkce_1&amp;type=signup&amp;"
          "redirect_to=http://x/\"><![endif]-->123456" },
        { "<!-- {{ .Js }} -->", "<!-- #ZgotmplZ -->" },
        { "<!doctype html><br/><b>{{ .Data.name }}</b>", "<!doctype html><br/><b>O&#39;Neil</b>" },
        { "1 < 2 {{ .Token }}", "1 < 2 123456" },
        { "<td {{ if .Yes }}class=\"x\"{{ end }}>{{ .Token }}", "<td class=\"x\">123456" },
        { "<script>var a=1;</script>{{ .Token }}", "<script>var a=1;</script>123456" },
    };
    check_all(*state, samples, COUNT(samples), TEMPLATE_HTML);
}

static void places_that_are_refused(void **state)
{
    static const char *const wrong[] = {
        "<script>var t = \"{{ .Token }}\"</script>",
        "<p onclick=\"f('{{ .Token }}')\">",
        "<{{ .Token }}>",
        "<p {{ .Token }}>",
        "<p x{{ .Token }}=1>",
        "<iframe srcdoc=\"{{ .Token }}\">",
        "<SCRIPT src=x>{{ .Token }}",
        "<meta http-equiv=refresh content=\"0;url={{ .URL }}\">",
        "<META content='{{ .URL }}' http-equiv=refresh>",
        "<a href=\"javascript:f('{{ .Token }}')\">",
        "<a href=\"{{ .Java }}script:alert(1)\">",
        "<a href={{ .JS }}:alert(1)>",
        "<object data=\"data:text/html,{{ .Token }}\">",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        const char *got = fill(*state, wrong[i], TEMPLATE_HTML);
        if (strncmp(got, "ERROR", 5) != 0) {
            fail_msg("%s gave %s", wrong[i], got);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(language),
        ARENA_TEST(refusals),
        ARENA_TEST(escaping),
        ARENA_TEST(places_that_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
