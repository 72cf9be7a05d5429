/* admin_users.c: /admin/users and /admin/users/{user_id} (accounts.md 6.5). */
#include "api/bodies.h"
#include "api/handlers.h"
#include "api/external_calls.h"
#include "api/paging.h"
#include "api/views.h"
#include "base/utf8.h"
#include "crypto/password.h"
#include "domain/admin_account.h"

#include <string.h>

/* Row AD4: "created_at", "created_at asc", "created_at desc"; the first counts. */
static enum problem read_sort(struct call *call, bool *ascending)
{
    const char *sort;
    *ascending = false;
    enum problem problem = P_OK;
    for (int n = 0; !problem; n++) {
        problem = call_query_nth(call, "sort", n, &sort);
        if (problem || !sort) {
            break;
        }
        size_t len = strcspn(sort, " ");
        const char *direction = sort[len] ? sort + len + 1 : "desc";
        if (len != 10 || strncmp(sort, "created_at", 10) != 0) {
            return ctx_fail(
                &call->ctx, P_BAD_SORT_FIELD,
                arena_strndup(call->ctx.arena, sort, utf8_prefix(sort, len < 64 ? len : 64)));
        }
        if (strcmp(direction, "asc") != 0 && strcmp(direction, "desc") != 0) {
            return ctx_fail(&call->ctx, P_BAD_SORT_DIRECTION,
                            arena_strndup(call->ctx.arena, direction, utf8_prefix(direction, 64)));
        }
        *ascending = n == 0 ? strcmp(direction, "asc") == 0 : *ascending;
    }
    return problem;
}

enum problem admin_users_get(struct call *call, struct tx *tx)
{
    struct page page;
    const char *filter = NULL;
    struct user_query query = { .aud = call->audience };
    enum problem problem = page_read(call, &page);
    if (!problem) {
        problem = read_sort(call, &query.ascending);
    }
    if (!problem) {
        problem = call_query(call, "filter", &filter);
    }
    if (problem) {
        return problem;
    }
    query.filter = filter ? filter : "";
    query.limit = page.size;
    query.offset = page_offset(&page);
    struct user *users;
    int n = users_page(tx, &query, &users);
    struct people *people = ARENA_NEW(call->ctx.arena, struct people);
    *people = (struct people){
        .list = ARENA_ARRAY(call->ctx.arena, struct account, n + 1),
        .count = n,
        .aud = call->audience,
    };
    for (int i = 0; i < n; i++) {
        people->list[i].user = users[i];
        account_load(tx, &people->list[i]);
    }
    call->reply.n_headers = 0;
    page_headers(call, &page, users_count(tx, &query));
    return reply_with(call, view_users, people);
}

enum problem admin_user_get(struct call *call, struct tx *tx)
{
    struct account *account = ARENA_NEW(call->ctx.arena, struct account);
    if (!user_by_id(tx, &call->param_ids[PARAM_USER], &account->user)) {
        return P_USER_NOT_FOUND;
    }
    account_load(tx, account);
    return reply_with(call, view_user, account);
}

static struct admin_user *input_of(struct call *call)
{
    const struct body_admin_user *body = call->in;
    struct admin_user *in = ARENA_NEW(call->ctx.arena, struct admin_user);
    *in = (struct admin_user){
        .id = body->id,
        .aud = body->aud && *body->aud ? body->aud : call->audience,
        .role = body->role,
        .email = body->email,
        .phone = body->phone,
        .password = body->password,
        .password_hash = body->password_hash,
        .enforce_password_rules = body->enforce_password_rules,
        .ban_duration = body->ban_duration,
        .email_confirm = body->email_confirm,
        .phone_confirm = body->phone_confirm,
        .user_metadata = body->user_metadata,
        .app_metadata = body->app_metadata,
        .admin_role = call->principal.claims.role,
    };
    return in;
}

struct run {
    struct call *call;
    struct admin_user *in;
    struct account *out;
};

static enum problem create_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct run *run = arg;
    (void)ctx;
    enum problem problem = admin_create(&run->call->services->realm, tx, run->in, run->out);
    return problem ? problem : reply_with(run->call, view_user, run->out);
}

static enum problem update_in_tx(struct ctx *ctx, struct tx *tx, void *arg)
{
    struct run *run = arg;
    (void)ctx;
    struct call *call = run->call;
    enum problem problem =
        admin_update(&call->services->realm, tx, &call->param_ids[PARAM_USER], run->in, run->out);
    return problem ? problem : reply_with(call, view_user, run->out);
}

static enum problem hash_and_write(struct call *call, struct admin_user *in, tx_fn *fn)
{
    struct account *out = ARENA_NEW(call->ctx.arena, struct account);
    if (in->password && *in->password) {
        in->new_hash = password_hash(call->ctx.arena, call->ctx.entropy, in->password);
    }
    struct run *run = ARENA_NEW(call->ctx.arena, struct run);
    *run = (struct run){ call, in, out };
    return call_write(call, fn, run);
}

enum problem admin_users_post(struct call *call, struct tx *tx)
{
    struct admin_user *in = input_of(call);
    (void)tx;
    enum problem problem = admin_create_check(&call->services->realm, &call->ctx, in);
    return problem ? problem : hash_and_write(call, in, create_in_tx);
}

enum problem admin_user_put(struct call *call, struct tx *tx)
{
    struct admin_user *in = input_of(call);
    (void)tx;
    enum problem problem = admin_update_check(&call->services->realm, &call->ctx, in);
    return problem ? problem : hash_and_write(call, in, update_in_tx);
}

enum problem admin_user_delete(struct call *call, struct tx *tx)
{
    const struct body_user_delete *body = call->in;
    enum problem problem = admin_delete(&call->services->realm, tx, &call->param_ids[PARAM_USER],
                                        body->should_soft_delete, call->principal.claims.role);
    return problem ? problem : reply_empty_object(call);
}
