/* held.c: the settings as they hold after all rules, as text: config_held() of config.h. */
#include "config/config.h"

#include "base/strbuf.h"
#include "config/duration.h"

enum { TEXT_MAX = 256 << 10 };

static const char *show_TEXT(struct arena *arena, const char *value)
{
    (void)arena;
    return value ? value : "";
}

static const char *show_CHOICE(struct arena *arena, const char *value)
{
    return show_TEXT(arena, value);
}

static const char *show_SECRET(struct arena *arena, const char *value)
{
    (void)arena;
    return value && *value ? "(set, not shown)" : "";
}

static const char *show_LIST(struct arena *arena, struct text_list list)
{
    struct strbuf b = strbuf_in(arena, TEXT_MAX);
    strbuf_str(&b, "");
    for (int i = 0; i < list.count; i++) {
        strbuf_printf(&b, "%s%s", i ? "," : "", list.items[i]);
    }
    return strbuf_ok(&b) ? b.data : "(too long to be shown)";
}

static const char *show_BOOL(struct arena *arena, bool value)
{
    (void)arena;
    return value ? "true" : "false";
}

static const char *show_SWITCH(struct arena *arena, enum setting_switch value)
{
    (void)arena;
    return value == SWITCH_OPEN ? "" : value == SWITCH_ON ? "true" : "false";
}

static const char *show_INT(struct arena *arena, int64_t value)
{
    return arena_printf(arena, "%lld", (long long)value);
}

static const char *show_REAL(struct arena *arena, double value)
{
    return arena_printf(arena, "%.15g", value);
}

static const char *show_DURATION(struct arena *arena, int64_t us)
{
    return duration_text(arena, us);
}

const struct setting_held *config_held(struct arena *arena, const struct config *c)
{
    int n;
    (void)config_rows(&n);
    struct setting_held *held = ARENA_ARRAY(arena, struct setting_held, n), *next = held;
#define GROUP(group)
#define GROUP_END(group)
#define SETTING(type, group, field, names, preset, development, least, most, help)                 \
    *next = (struct setting_held){ show_##type(arena, c->group.field), c->origins[next - held] };  \
    next++;
#include "config/settings.def"
#undef SETTING
#undef GROUP
#undef GROUP_END
    return held;
}
