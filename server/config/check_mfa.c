/* check_mfa.c: whom second factors are required of, and from when (docs/decisions/0011). What is
 * misspelt here would let people in who must not be, so it is refused. Called by check.c. */
#include "config/check.h"

#include "base/rfc3339.h"

#include <string.h>

enum { DAY_TEXT = 10 }; /* 2027-01-31 */

static const char *check_roles(struct arena *arena, const struct text_list *roles)
{
    for (int i = 0; i < roles->count; i++) {
        const char *role = roles->items[i];
        size_t len = strlen(role);
        if (!len || strchr(" \t\r\n", role[0]) || strchr(" \t\r\n", role[len - 1])) {
            return arena_printf(arena,
                                "COUNTERSIGN_MFA_REQUIRED_ROLES: the role \"%s\" is empty or has "
                                "blanks around it; roles with commas alone between them are "
                                "allowed, such as admin,staff, or * for everyone",
                                role);
        }
    }
    return NULL;
}

static const char *check_from(struct arena *arena, struct config *c)
{
    const char *from = c->mfa.required_from;
    const char *time = strlen(from) == DAY_TEXT ? arena_printf(arena, "%sT00:00:00Z", from) : from;
    if (!*from) {
        return NULL;
    }
    if (!rfc3339_parse(time, &c->mfa_required_from_us)) {
        return arena_printf(arena,
                            "COUNTERSIGN_MFA_REQUIRED_FROM=%s: a time as in "
                            "2027-01-31T00:00:00Z, or a day as in 2027-01-31, is allowed",
                            from);
    }
    return c->mfa.required_roles.count
               ? NULL
               : "COUNTERSIGN_MFA_REQUIRED_FROM says when; COUNTERSIGN_MFA_REQUIRED_ROLES must say "
                 "who: roles such as admin,staff, or * for everyone";
}

const char *check_mfa(struct arena *arena, struct config *c)
{
    bool possible = (c->mfa.totp_enroll && c->mfa.totp_verify) ||
                    (c->mfa.phone_enroll && c->mfa.phone_verify) ||
                    (c->mfa.webauthn_enroll && c->mfa.webauthn_verify);
    const char *wrong = check_roles(arena, &c->mfa.required_roles);
    wrong = wrong ? wrong : check_from(arena, c);
    if (!wrong && c->mfa.required_roles.count && !possible) {
        wrong = "COUNTERSIGN_MFA_REQUIRED_ROLES needs a kind of factor that people can enroll and "
                "verify: switch on GOTRUE_MFA_TOTP_ENROLL_ENABLED and "
                "GOTRUE_MFA_TOTP_VERIFY_ENABLED, or those of PHONE or WEB_AUTHN";
    }
    return wrong;
}
