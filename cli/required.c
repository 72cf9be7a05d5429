/* required.c: the server marks users of whom a second factor is required, now or from a date on
 * (docs/decisions/0011-mfa-policy.md); see required.h. */
#include "required.h"

#include "base/json.h"
#include "show.h"

#include <string.h>

const char *required_text(struct arena *arena, const cs_user *user)
{
    const char *detail;
    const struct json_t *json =
        user ? json_read(arena, user->json, strlen(user->json), &detail) : NULL;
    const struct json_t *holds = json_member(json, "mfa_required");
    const char *from = json_member_text(json, "mfa_required_from");
    if (json_truth(holds)) {
        return "A second factor is required for this account: without it this session cannot be "
               "renewed.";
    }
    return holds && from
               ? arena_printf(arena, "From %s on a second factor is required for this account.",
                              short_time(arena, from))
               : NULL;
}
