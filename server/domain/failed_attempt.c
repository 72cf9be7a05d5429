/* failed_attempt.c: audit and notices of wrong codes, see failed_attempt.h. */
#include "domain/failed_attempt.h"

#include "domain/assurance.h"
#include "domain/audit_event.h"
#include "domain/notice.h"
#include "store/notices.h"

#include <string.h>

enum { ALARMING = 10 }; /* wrong codes after a right password, in a day */
#define DAY_US (86400 * US_PER_S)

static void audit(const struct realm *realm, struct tx *tx, const struct failed_attempt *w)
{
    char factor[UUID_TEXT], challenge[UUID_TEXT];
    struct trait traits[4] = { { "factor_id", uuid_format(w->factor_id, factor) },
                               { "factor_type", w->factor_type } };
    if (w->challenge_id) {
        traits[2] = (struct trait){ "challenge_id", uuid_format(w->challenge_id, challenge) };
    }
    audit_by_user(realm, tx, w->user, AUDIT_VERIFICATION_FAILED, w->ip, traits);
    if (w->locked_until) {
        const char *count = arena_printf(tx->ctx->arena, "%lld", (long long)w->failures);
        audit_by_user(realm, tx, w->user, AUDIT_FACTOR_LOCKED, w->ip,
                      TRAITS({ "factor_id", factor }, { "factor_type", w->factor_type },
                             { "wrong_codes", count }));
    }
}

void failed_attempts_before_prefetch(struct tx *tx, const struct session *session)
{
    if (!aal_is_2(session->aal)) {
        failed_attempts_prefetch(tx, &session->user_id, tx->ctx->now_us - DAY_US);
    }
}

int64_t failed_attempts_before(struct tx *tx, const struct session *session, const struct amr *list,
                               int n)
{
    for (int i = 0; !aal_is_2(session->aal) && i < n; i++) {
        if (strcmp(list[i].method, "password") == 0) {
            return failed_attempts_of(tx, &session->user_id, tx->ctx->now_us - DAY_US);
        }
    }
    return -1;
}

static bool password_at_risk(struct tx *tx, const struct failed_attempt *w)
{
    if (!w->verified || w->before < 0) {
        return false;
    }
    failed_attempt_put(tx, &w->session->id, &w->user->id);
    return w->before + 1 >= ALARMING;
}

/* Of the locks of a factor in a day the first is told of, and those for days. */
static bool lockout_is_news(struct tx *tx, const struct failed_attempt *w)
{
    const char *kind = mail_kind_name(MAIL_FACTOR_LOCKED);
    return notice_count(tx, w->factor_id, kind, DAY_US, NULL) == 1 || w->for_days;
}

void record_failed_attempt(const struct realm *realm, struct tx *tx, const struct failed_attempt *w)
{
    struct mail mail = {
        .kind = MAIL_PASSWORD_AT_RISK,
        .to = w->user->email,
        .factor_type = w->factor_type,
        .locked = w->for_days       ? "days"
                  : w->locked_until ? "a while"
                                    : NULL,
    };
    audit(realm, tx, w);
    if (!w->guessable || !notice_wanted(realm, &mail)) {
        return;
    }
    bool news = w->locked_until && lockout_is_news(tx, w);
    if (password_at_risk(tx, w) && notify(realm, tx, w->user, &mail)) {
        return; /* which says that it is locked, too */
    }
    mail.kind = MAIL_FACTOR_LOCKED;
    if (news) {
        notify(realm, tx, w->user, &mail);
    }
}
