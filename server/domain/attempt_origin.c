/* attempt_origin.c: see attempt_origin.h. */
#include "domain/attempt_origin.h"

#include "base/ip_block.h"
#include "domain/assurance.h"

#include <string.h>

#define DAY_US (86400 * US_PER_S)
#define KNOWN_FOR_US (90 * DAY_US)

void attempt_origin_prefetch(struct tx *tx, const struct uuid *user_id,
                             const struct uuid *subject_id)
{
    step_guards_prefetch(tx, user_id, subject_id);
}

/* By a keyed hash: the table names nobody. The machine itself is none: it stands for whoever comes
 * through a proxy that nobody told the server to trust. */
static const char *network_of(const struct realm *realm, struct arena *arena,
                              const struct uuid *user_id, const char *ip)
{
    uint8_t mac[SHA256_SIZE];
    char id[UUID_TEXT], hex[2 * SHA256_SIZE + 1];
    if (!ip || !*ip || strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0) {
        return NULL;
    }
    const char *text =
        arena_printf(arena, "network %s %s", uuid_format(user_id, id), ip_block(arena, ip));
    hmac_of(DIGEST_SHA256, realm->lookup_key, sizeof realm->lookup_key, text, strlen(text), mac);
    return arena_printf(arena, "network %s", hex_encode(mac, 16, hex));
}

/* Did it begin with more than the password? A mailed code or link, or a code to the number. */
static bool began_otherwise(const struct amr *list, int n)
{
    for (int i = 0; i < n; i++) {
        const char *method = list[i].method;
        if (!method_is_second_factor(method) && strcmp(method, "password") != 0) {
            return true;
        }
    }
    return false;
}

static void look_at_networks(struct attempt_origin *o, const struct step_guard *list, int n,
                             int64_t now_us, bool *known)
{
    int networks = 0;
    for (int i = 0; i < n; i++) {
        if (!uuid_is_nil(&list[i].subject_id)) {
            continue;
        }
        o->oldest = ++networks >= NETWORKS_MAX ? list[i].origin : NULL; /* newest first */
        if (o->network && strcmp(list[i].origin, o->network) == 0) {
            *known = list[i].updated_at > now_us - KNOWN_FOR_US;
            o->fresh = list[i].updated_at > now_us - DAY_US;
        }
    }
}

struct attempt_origin attempt_origin_of(const struct realm *realm, struct tx *tx,
                                        const struct request_proof *p)
{
    struct step_guard *guards = ARENA_ARRAY(tx->ctx->arena, struct step_guard, STEP_GUARDS_MAX);
    int n_guards = step_guards_of(tx, p->user_id, p->subject_id, guards);
    struct attempt_origin o = { .network = network_of(realm, tx->ctx->arena, p->user_id, p->ip) };
    bool known = false;
    look_at_networks(&o, guards, n_guards, tx->ctx->now_us, &known);
    o.name = aal_is_2(p->aal)                    ? "raised"
             : began_otherwise(p->amr, p->n_amr) ? "proved"
             : known                             ? o.network
                                                 : NULL;
    for (int i = 0; o.name && i < n_guards; i++) {
        if (!uuid_is_nil(&guards[i].subject_id) && strcmp(guards[i].origin, o.name) == 0) {
            o.tries = guards[i].tries;
        }
    }
    return o;
}

void attempt_origin_proved(struct tx *tx, const struct uuid *user_id,
                           const struct attempt_origin *origin)
{
    if (!origin->network || origin->fresh) {
        return;
    }
    if (origin->oldest) {
        known_network_drop(tx, user_id, origin->oldest);
    }
    known_network_put(tx, user_id, origin->network);
}
