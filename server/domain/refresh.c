/* refresh.c: the refresh token grant: finding the session, its validity, and what becomes of each
 * form of token (internals.md §3.2 to §3.4; rows R1 to R11, B4). */
#include "crypto/refresh_token.h"
#include "base/deferred.h"
#include "domain/audit_event.h"
#include "domain/mfa_policy.h"
#include "domain/session.h"
#include "store/refresh_tokens.h"

#include <string.h>

/* For so long after a second factor's step a token from before it is refused without ending the
 * session: another tab may still hold it (§3.4, better). */
#define RAISE_GRACE_US (60 * US_PER_S)

/* For so long after a rotation its answer is given again whatever the level: two tabs, or a server
 * and a browser, may have asked with the same token. */
enum { TRIM_EACH = 8 }; /* of version 1: so often old rows are looked for */

#define SAME_ANSWER_US (60 * US_PER_S)

struct refresh {
    const struct realm *realm;
    struct tx *tx;
    const struct client *client;
    struct refresh_token token;
    struct refresh_row row; /* version 1 */
    struct issued_session *issued;
};

static int64_t last_refresh(const struct refresh *r)
{
    const struct session *s = &r->issued->session;
    if (s->refreshed_at || r->token.version == 2) {
        return s->refreshed_at ? s->refreshed_at : s->created_at;
    }
    return r->row.updated_at > s->created_at ? r->row.updated_at : s->created_at;
}

/* §3.2: in this order. */
static enum problem check_validity(const struct refresh *r)
{
    const struct session *s = &r->issued->session;
    const struct config *config = r->realm->config;
    struct ctx *ctx = r->tx->ctx;
    int64_t now = ctx->now_us;
    if ((s->not_after && now > s->not_after) ||
        (config->sessions.timebox_us && now > s->created_at + config->sessions.timebox_us)) {
        return ctx_fail(ctx, P_SESSION_EXPIRED, "");
    }
    if (config->sessions.inactivity_us && now > last_refresh(r) + config->sessions.inactivity_us) {
        return ctx_fail(ctx, P_SESSION_EXPIRED, " (Inactivity)");
    }
    if (config->sessions.low_aal_us && !aal_is_2(s->aal) &&
        now > s->created_at + config->sessions.low_aal_us &&
        factor_any_verified(r->tx, &s->user_id)) {
        return ctx_fail(ctx, P_SESSION_EXPIRED, " (Low AAL: User Needs MFA Verification)");
    }
    if (config->sessions.single &&
        session_newer_exists(
            r->tx, s, config->sessions.timebox_us ? now - config->sessions.timebox_us : 0,
            config->sessions.inactivity_us ? now - config->sessions.inactivity_us : 0)) {
        return ctx_fail(ctx, P_SESSION_EXPIRED, " (Revoked by Newer Login)");
    }
    return P_OK;
}

static bool raised_just_now(const struct refresh *r)
{
    int64_t at = r->issued->session.mfa_at;
    return at && r->tx->ctx->now_us - at < RAISE_GRACE_US;
}

/* An old token was shown: whoever has it may have stolen it, so the session ends, and that is
 * kept although the answer is an error. */
static enum problem refuse_old(struct refresh *r)
{
    char id[UUID_TEXT];
    if (r->realm->config->sessions.rotation && !raised_just_now(r)) {
        const struct log_field session =
            LOG_STR("session_id", uuid_format(&r->issued->session.id, id));
        deferred_log(r->tx->ctx, DEFERRED_IF_COMMITTED, LOG_WARN,
                     "an old refresh token was used again; its session was ended", &session, 1);
        if (r->token.version == 2) {
            session_delete(r->tx, &r->issued->session.id);
            r->issued->rotated = true;
        } else {
            refresh_rows_revoke(r->tx, &r->issued->session.id);
        }
        tx_commit_on_error(r->tx);
    }
    return P_REFRESH_USED;
}

static void add_cause(struct refresh *r, const char *cause)
{
    struct issued_session *g = r->issued;
    g->reused = true;
    g->reuse_cause =
        g->reuse_cause ? arena_printf(r->tx->ctx->arena, "%s,%s", g->reuse_cause, cause) : cause;
}

/* §3.4. */
static enum problem step_v2(struct refresh *r)
{
    struct session *s = &r->issued->session;
    const struct config *config = r->realm->config;
    int64_t behind = s->refresh_counter - r->token.counter;
    int64_t age = r->tx->ctx->now_us - last_refresh(r);
    if (behind < 0) {
        return P_REFRESH_FOREIGN;
    }
    if (behind > 0) {
        /* S7: from before a step that another server took it is at least two behind (§3.4) */
        bool of_step = behind == 1 || !s->mfa_at;
        if (of_step && age < config->sessions.reuse_interval_s * US_PER_S) {
            add_cause(r, "concurrent-refresh");
        }
        if (behind == 1 && age <= config->sessions.lost_answer_us) {
            add_cause(r, "fail-to-save");
        }
        if (config->sessions.refresh_reuse && of_step) {
            add_cause(r, "always-allow");
        }
        if (!r->issued->reused) {
            return refuse_old(r);
        }
    } else {
        s->refresh_counter++;
        s->refreshed_at = r->tx->ctx->now_us;
    }
    uint8_t key[REFRESH_KEY];
    enum problem problem = session_key(r->realm, r->tx, s, key);
    if (!problem) {
        r->issued->refresh_token =
            refresh_token_v2(r->tx->ctx->arena, key, &s->id, s->refresh_counter);
        explicit_bzero(key, sizeof key);
    }
    return problem;
}

/* A stable draw a session: the last byte of its id, which is random. */
static bool upgrades(const struct refresh *r)
{
    const struct config *config = r->realm->config;
    return session_version(r->realm, r->tx) == 2 &&
           r->issued->session.id.bytes[15] * 100 / 256 < config->sessions.refresh_upgrade;
}

static enum problem to_v2(struct refresh *r)
{
    struct session *s = &r->issued->session;
    uint8_t key[REFRESH_KEY];
    if (!s->refresh_key) {
        session_key_new(r->realm, r->tx, s, key);
    } else {
        enum problem problem = session_key(r->realm, r->tx, s, key);
        if (problem) {
            return problem;
        }
        s->refresh_counter++;
    }
    r->issued->refresh_version = 2;
    r->issued->refresh_token = refresh_token_v2(r->tx->ctx->arena, key, &s->id, s->refresh_counter);
    explicit_bzero(key, sizeof key);
    return P_OK;
}

static enum problem swap_v1(struct refresh *r)
{
    struct session *s = &r->issued->session;
    audit_by_user(r->realm, r->tx, &r->issued->account.user, AUDIT_TOKEN_REVOKED, NULL, NULL);
    if (!r->row.revoked) {
        refresh_row_revoke(r->tx, r->row.id);
    }
    s->refreshed_at = r->tx->ctx->now_us;
    if (upgrades(r)) {
        return to_v2(r);
    }
    r->issued->refresh_token = refresh_token_v1(r->tx->ctx->arena, r->tx->ctx->entropy);
    refresh_row_insert(r->tx, &s->user_id, &s->id, r->issued->refresh_token, r->row.token);
    if (r->row.id % TRIM_EACH == 0) {
        refresh_rows_trim(r->tx, &s->id);
    }
    return P_OK;
}

/* S7: is the token from before a step? Of our own steps none is left (session_raise), but for what
 * has a branch of a session that moved to version 2; another server leaves them. */
static bool before_step(const struct refresh *r)
{
    const struct session *s = &r->issued->session;
    return r->row.created_at < (s->refresh_key ? s->mfa_at : amr_foreign_at(r->tx, &s->id));
}

/* §3.3. */
static enum problem step_v1(struct refresh *r)
{
    struct session *s = &r->issued->session;
    struct refresh_row active;
    if (before_step(r)) {
        return P_REFRESH_USED;
    }
    if (!r->row.revoked) {
        return swap_v1(r);
    }
    int64_t age = r->tx->ctx->now_us - r->row.updated_at;
    bool alive = refresh_row_active(r->tx, &s->id, &active);
    if (alive) {
        if (active.parent && strcmp(active.parent, r->row.token) == 0) {
            r->issued->reused = true;
            r->issued->refresh_token = active.token;
            return P_OK;
        }
    } else if (s->refresh_key && s->refresh_counter == 0 &&
               age <= r->realm->config->sessions.lost_answer_us &&
               refresh_row_newest(r->tx, &s->id) == r->row.id) {
        /* The answer that moved the session to version 2 was lost (§3.3, better). */
        uint8_t key[REFRESH_KEY];
        enum problem problem = session_key(r->realm, r->tx, s, key);
        r->issued->refresh_version = 2;
        r->issued->reused = true;
        r->issued->refresh_token =
            problem ? NULL : refresh_token_v2(r->tx->ctx->arena, key, &s->id, 0);
        explicit_bzero(key, sizeof key);
        return problem;
    }
    /* Where no token is alive, all were revoked for reuse (R5), or the session has moved on. */
    if (alive && age <= r->realm->config->sessions.reuse_interval_s * US_PER_S) {
        return swap_v1(r);
    }
    return refuse_old(r);
}

static enum problem find_session(struct refresh *r)
{
    struct issued_session *g = r->issued;
    uint8_t key[REFRESH_KEY];
    if (r->token.version == 1) {
        refresh_row_lock(r->tx, r->token.text);
        if (!refresh_row_by_token(r->tx, r->token.text, &r->row)) {
            return P_REFRESH_NOT_FOUND;
        }
        if (uuid_is_nil(&r->row.session_id) ||
            !session_by_id(r->tx, &r->row.session_id, &g->session)) {
            refresh_row_delete(r->tx, r->row.id);
            tx_commit_on_error(r->tx);
            return P_REFRESH_NO_SESSION;
        }
    } else {
        session_lock(r->tx, &r->token.session);
        if (!session_by_id(r->tx, &r->token.session, &g->session) || !g->session.refresh_key) {
            return P_REFRESH_NOT_FOUND;
        }
        enum problem problem = session_key(r->realm, r->tx, &g->session, key);
        if (problem) {
            return problem;
        }
        if (!refresh_token_fits(&r->token, key)) {
            return P_REFRESH_NOT_FOUND;
        }
    }
    g->session.aal = g->session.mfa_at ? "aal2" : "aal1"; /* as the token will say (S8) */
    if (r->token.version == 1 && !g->session.refresh_key) {
        amr_foreign_at_prefetch(r->tx, &g->session.id);
    }
    mfa_policy_age_prefetch(r->realm, r->tx, &g->session.id);
    bool found = user_by_id(r->tx, &g->session.user_id, &g->account.user);
    return found && !g->account.user.deleted_at ? P_OK : P_REFRESH_NOT_FOUND;
}

/* The token's own rules; then decision 0011, which is about sessions that were low already: one
 * that falls now gets its tokens, so that it can be raised again. */
static enum problem take_step(struct refresh *r)
{
    struct session *s = &r->issued->session;
    bool was_high = aal_is_2(s->aal);
    int64_t age = r->tx->ctx->now_us - last_refresh(r);
    bool falls = mfa_policy_age(r->realm, r->tx, s);
    enum problem problem = check_validity(r);
    if (problem && falls) {
        tx_commit_on_error(r->tx); /* another server must see it fall too */
    }
    if (!problem) {
        problem = r->token.version == 2 ? step_v2(r) : step_v1(r);
    }
    bool again = r->issued->reused && age < SAME_ANSWER_US;
    return problem || was_high || falls || again
               ? problem
               : mfa_policy_refresh(r->realm, r->tx, &r->issued->account.user, s);
}

enum problem session_refresh(const struct realm *realm, struct tx *tx, const struct client *client,
                             const char *token, struct issued_session *issued)
{
    struct refresh r = { .realm = realm, .tx = tx, .client = client, .issued = issued };
    *issued = (struct issued_session){ 0 };
    if (!refresh_token_parse(tx->ctx->arena, token ? token : "", &r.token)) {
        return P_REFRESH_MALFORMED;
    }
    issued->refresh_version = r.token.version;
    enum problem problem = find_session(&r);
    if (problem) {
        return problem;
    }
    if (issued->account.user.banned_until > tx->ctx->now_us) {
        return P_REFRESH_BANNED;
    }
    problem = take_step(&r);
    if (problem) {
        return problem;
    }
    struct session *s = &issued->session;
    audit_by_user(realm, tx, &issued->account.user, AUDIT_TOKEN_REFRESHED, NULL, NULL);
    if (vault_stale(realm->vault, tx->ctx->arena, s->refresh_key ? s->refresh_key : "")) {
        const char *plain =
            vault_open(realm->vault, tx->ctx->arena, &s->id, s->refresh_key ? s->refresh_key : "");
        s->refresh_key = plain && *plain ? vault_seal(realm->vault, tx->ctx->arena,
                                                      tx->ctx->entropy, &s->id, plain)
                                         : s->refresh_key;
    }
    if (s->has_dead) {
        amr_drop_dead(tx, &s->id);
        s->factor_id = uuid_nil;
    }
    s->user_agent = client->user_agent;
    s->ip = client->ip;
    session_save(tx, s);
    issued->signed_in = true;
    issued->method = "token_refresh";
    issued_session_load(tx, issued);
    return P_OK;
}
