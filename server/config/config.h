/* config.h: the settings, read once at start from the environment and a file; settings.def lists
 * them. Read-only afterwards, shared by all threads. */
#ifndef COUNTERSIGN_CONFIG_CONFIG_H
#define COUNTERSIGN_CONFIG_CONFIG_H

#include "base/arena.h"
#include "base/url_pattern.h"

#include <stdbool.h>
#include <stdint.h>

struct text_list {
    const char *const *items;
    int count;
};

/* A limit on what the whole server sends: n in each hour, or a bucket of n that gets one back each
 * refill_us. */
struct send_rate {
    double n;
    int64_t refill_us; /* 0: n an hour */
};

/* A phone with a fixed code, to which nothing is sent. */
struct test_otp {
    const char *phone, *code; /* digits */
};

/* A BOOL that can also be left open: what is then done depends on other settings. */
enum setting_switch { SWITCH_OPEN, SWITCH_OFF, SWITCH_ON };

#define CONFIG_TYPE_TEXT const char *
#define CONFIG_TYPE_SECRET const char *
#define CONFIG_TYPE_CHOICE const char *
#define CONFIG_TYPE_LIST struct text_list
#define CONFIG_TYPE_BOOL bool
#define CONFIG_TYPE_SWITCH enum setting_switch
#define CONFIG_TYPE_INT int64_t
#define CONFIG_TYPE_REAL double
#define CONFIG_TYPE_DURATION int64_t /* microseconds */

struct ip_network;

struct config {
#define GROUP(group) struct {
#define SETTING(type, group, field, names, preset, development, least, most, help)                 \
    CONFIG_TYPE_##type field;
#define GROUP_END(group)                                                                           \
    }                                                                                              \
    group;
#include "config/settings.def"
#undef GROUP
#undef SETTING
#undef GROUP_END
    bool development;               /* GOTRUE_SITE_URL is not set: development defaults hold */
    const char *database_uri;       /* of either kind */
    bool postgres;                  /* DATABASE_URL names a PostgreSQL database */
    const char *database_path;      /* of the SQLite file; key files begin with it */
    struct text_list password_sets; /* password_characters, split */
    struct send_rate email_rate, sms_rate; /* rate_email_sent, rate_sms_sent, read */
    bool sms_in_folder;               /* no provider, and nothing says that this is a real site */
    const struct test_otp *test_otps; /* sms_test_otp, read */
    int test_otp_count;
    int64_t test_otp_until_us;               /* 0: for ever */
    const struct ip_network *proxy_networks; /* trusted_proxies, read */
    int64_t mfa_required_from_us;            /* mfa_required_from, read; 0: at once */
    struct url_patterns redirect_patterns;   /* uri_allow_list, read */
    struct text_list redirect_advice; /* what a person should know of it; among the warnings */
    struct text_list warnings;        /* for a person, made while reading */
    const char *const *origins;       /* of each row of settings.def: where its value comes from */
};

/* Where settings come from, later ones win: environ-like "NAME=value" entries, a dotenv file, and
 * "NAME=value" entries of the command line. Each may be NULL. That the file wins over the
 * environment is the official server's rule. */
struct config_sources {
    const char *const *environment;
    const char *file;
    const char *const *arguments;
};

/* NULL on error, with *error naming the variable, the value and what is allowed. A secret's value
 * is never shown. */
const struct config *config_load(struct arena *arena, const struct config_sources *sources,
                                 const char **error);

/* An empty text is on no list. */
bool list_has(const struct text_list *list, const char *text);

/* The fixed code of a phone (digits); NULL if it has none (any more). */
const char *config_test_otp(const struct config *config, const char *phone, int64_t now_us);

/* Rows of settings.def, for documentation and --help. */
struct setting_row {
    const char *type, *names, *preset, *development, *help;
};
const struct setting_row *config_rows(int *count);

/* What holds now, one for each row: of secrets only whether there is one. */
struct setting_held {
    const char *value;
    const char
        *origin; /* "default", "development default", "environment", "file", "command line" */
};
const struct setting_held *config_held(struct arena *arena, const struct config *config);

#endif
