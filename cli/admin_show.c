/* admin_show.c: one user, as the admin commands show it. */
#include "admin.h"

#include "show.h"

#include <stdio.h>
#include <string.h>

void admin_line(struct job *job, const char *label, const char *text)
{
    if (text && *text) {
        printf("  %-12s%s\n", label, safe(job->arena, text));
    }
}

void admin_time_line(struct job *job, const char *label, const struct json_t *of, const char *key)
{
    const char *text = json_member_text(of, key);
    if (text && *text) {
        admin_line(job, label, short_time(job->arena, text));
    }
}

const struct json_t *admin_locks(struct job *job, const struct json_t *user)
{
    const struct json_t *locks = NULL;
    return admin_ask(job, "GET", admin_user_path(job, user, "/locks"), NULL, &locks) == CS_OK
               ? locks
               : NULL;
}

const char *admin_locked(struct job *job, const struct json_t *locks, const char *factor_id)
{
    const struct json_t *list = json_member(locks, *factor_id ? "factors" : "passwords");
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json_t *lock = json_nth(list, i);
        const char *id = json_member_text(lock, "factor_id");
        const char *until = json_member_text(lock, "locked_until");
        if (until && (!*factor_id || (id && strcmp(id, factor_id) == 0))) {
            return strncmp(until, "9999", 4) == 0
                       ? "for good"
                       : arena_printf(job->arena, "until %s", short_time(job->arena, until));
        }
    }
    return NULL;
}

static void metadata(struct job *job, const char *label, const struct json_t *value)
{
    struct strbuf out = strbuf_in(job->arena, 1024 * 1024);
    if (json_count(value)) {
        json_write(&out, value);
        admin_line(job, label, strbuf_ok(&out) ? out.data : "(too long to show: --json)");
    }
}

static void factors(struct job *job, const struct json_t *list, const struct json_t *locks)
{
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json_t *f = json_nth(list, i);
        const char *type = json_member_text(f, "factor_type");
        const char *status = json_member_text(f, "status"), *id = json_member_text(f, "id");
        const char *locked = admin_locked(job, locks, id ? id : "?");
        admin_line(job, i ? "" : "factors",
                   arena_printf(job->arena, "%s  %s, %s, %s%s%s", id ? id : "", type ? type : "",
                                status ? status : "", admin_factor_name(job, f),
                                locked ? ", locked " : "", locked ? locked : ""));
    }
}

int admin_show(struct job *job, const struct json_t *user)
{
    if (job->options.json) {
        json_print(job->arena, user);
        return EXIT_OK;
    }
    printf("%s\n", admin_name_of(job, user));
    admin_line(job, "id", json_member_text(user, "id"));
    admin_line(job, "phone", json_member_text(user, "phone"));
    admin_line(job, "role", json_member_text(user, "role"));
    admin_time_line(job, "created", user, "created_at");
    admin_time_line(job, "confirmed", user, "confirmed_at");
    admin_time_line(job, "last seen", user, "last_sign_in_at");
    admin_time_line(job, "banned to", user, "banned_until");
    admin_time_line(job, "deleted", user, "deleted_at");
    metadata(job, "app data", json_member(user, "app_metadata"));
    metadata(job, "user data", json_member(user, "user_metadata"));
    const struct json_t *locks = admin_locks(job, user);
    admin_line(job, "locked", admin_locked(job, locks, ""));
    factors(job, json_member(user, "factors"), locks);
    return EXIT_OK;
}
