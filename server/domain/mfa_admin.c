/* mfa_admin.c: what administrators do with the factors of others; see mfa.h. */
#include "domain/address.h"
#include "domain/audit_event.h"
#include "domain/mfa_parts.h"
#include "domain/notice.h"
#include "domain/request.h"
#include "store/recovery_sets.h"
#include "store/step_guards.h"

#include <string.h>

/* The user's recovery codes, by the id under which they are listed. */
static bool own_codes(struct tx *tx, const struct uuid *user_id, const struct uuid *id,
                      struct factor *out)
{
    return recovery_set_as_factor(tx, user_id, out) && uuid_equal(&out->id, id);
}

enum problem mfa_admin_delete(const struct realm *realm, struct tx *tx, const struct user *user,
                              const struct uuid *factor_id, const char *ip, struct factor *out)
{
    user_lock(tx, &user->id);
    if (own_codes(tx, &user->id, factor_id, out)) {
        mfa_remove_codes(tx, user, factor_id);
    } else {
        enum problem problem = mfa_own_factor(tx, &user->id, factor_id, out);
        if (problem) {
            return problem;
        }
        mfa_remove_factor(realm, tx, user, out, ip);
    }
    char id[UUID_TEXT], user_id[UUID_TEXT];
    audit_by_user(realm, tx, user, AUDIT_FACTOR_DELETED, ip,
                  TRAITS({ "factor_id", uuid_format(factor_id, id) },
                         { "user_id", uuid_format(&user->id, user_id) }));
    if (factor_is_verified(out)) {
        notify_of_factor(realm, tx, user, MAIL_FACTOR_REMOVED_BY_ADMIN, out->type);
    }
    return P_OK;
}

/* For the report: the lock that lasts longest, and the most wrong codes in a row. */
static void add_step_guards(struct tx *tx, const struct user *user, const struct uuid *factor_id,
                            struct tries *worst)
{
    struct step_guard *list = ARENA_ARRAY(tx->ctx->arena, struct step_guard, STEP_GUARDS_MAX);
    int n = step_guards_of(tx, &user->id, factor_id, list);
    for (int i = 0; i < n; i++) {
        const struct tries *t = &list[i].tries;
        worst->failures = t->failures > worst->failures ? t->failures : worst->failures;
        worst->locked_until =
            t->locked_until > worst->locked_until ? t->locked_until : worst->locked_until;
    }
}

enum problem mfa_admin_show(struct tx *tx, const struct user *user, const struct uuid *factor_id,
                            struct factor_report *out)
{
    factor_prefetch(tx, factor_id);
    factor_guard_prefetch(tx, factor_id);
    totp_device_prefetch(tx, factor_id);
    enum problem problem = mfa_own_factor(tx, &user->id, factor_id, &out->factor);
    if (!problem) {
        out->guard = factor_guard_of(tx, factor_id);
        add_step_guards(tx, user, factor_id, &out->guard.tries);
        out->device = totp_device_of(tx, factor_id);
    }
    return problem;
}

static enum problem change_name(struct tx *tx, struct factor *factor, const char *name)
{
    if (mfa_name_length(name) > NAME_MAX_CHARS) {
        return ctx_fail(tx->ctx, P_TEXT_TOO_LONG,
                        "friendly_name cannot be longer than 255 characters");
    }
    struct factor *list;
    int n = factors_of(tx, &factor->user_id, &list);
    for (int i = 0; i < n; i++) {
        if (!uuid_equal(&list[i].id, &factor->id) && strcmp(list[i].friendly_name, name) == 0) {
            return ctx_fail(tx->ctx, P_FACTOR_NAME_TAKEN, name);
        }
    }
    factor->friendly_name = name;
    return P_OK;
}

/* Only a phone has a number: another factor with one would stand in the way of enrolling it. */
static enum problem change_phone(const struct realm *realm, struct tx *tx, struct factor *factor,
                                 const char *phone)
{
    const char *digits;
    struct factor *list;
    enum problem problem = phone_normalise(tx->ctx, phone, &digits);
    const struct factor_kind *kind = factor_kind_of(realm, factor->type);
    if (problem || !kind || !kind->has_number) {
        return problem;
    }
    int n = factors_of(tx, &factor->user_id, &list);
    for (int i = 0; i < n; i++) {
        if (!uuid_equal(&list[i].id, &factor->id) && list[i].phone &&
            strcmp(list[i].phone, digits) == 0) {
            return P_FACTOR_PHONE_TAKEN;
        }
    }
    factor->phone = digits;
    return P_OK;
}

static enum problem unlock_codes(struct tx *tx, const struct user *user,
                                 const struct factor *renamed)
{
    struct recovery_set set;
    if (!recovery_set_of(tx, &user->id, &set)) {
        return P_FACTOR_NOT_FOUND;
    }
    set.friendly_name = renamed->friendly_name;
    set.failures = set.locked_until = 0;
    recovery_set_save(tx, &set);
    step_guards_clear(tx, &user->id, &set.id);
    return P_OK;
}

static enum problem change_factor(const struct realm *realm, struct tx *tx, const struct user *user,
                                  struct factor *factor, const struct factor_change *change,
                                  bool codes)
{
    enum problem problem = P_OK;
    if (change->phone && *change->phone && !codes) {
        problem = change_phone(realm, tx, factor, change->phone);
    }
    if (!problem && change->friendly_name && *change->friendly_name) {
        problem = change_name(tx, factor, change->friendly_name);
    }
    if (problem || codes) {
        return problem ? problem : unlock_codes(tx, user, factor);
    }
    factor_save(tx, factor);
    factor_guard_clear(tx, &factor->id);
    step_guards_clear(tx, &user->id, &factor->id);
    return P_OK;
}

enum problem mfa_admin_update(const struct realm *realm, struct tx *tx, const struct user *user,
                              const struct uuid *factor_id, const struct factor_change *change,
                              struct factor *out)
{
    user_lock(tx, &user->id);
    bool codes = own_codes(tx, &user->id, factor_id, out);
    enum problem problem = codes ? P_OK : mfa_own_factor(tx, &user->id, factor_id, out);
    if (!problem) {
        problem = change_factor(realm, tx, user, out, change, codes);
    }
    if (problem) {
        return problem;
    }
    char id[UUID_TEXT], user_id[UUID_TEXT];
    audit_by_admin(realm, tx, request_of(tx->ctx)->admin_role, AUDIT_FACTOR_UPDATED,
                   TRAITS({ "factor_id", uuid_format(factor_id, id) }, { "factor_type", out->type },
                          { "user_id", uuid_format(&user->id, user_id) }));
    return P_OK;
}
