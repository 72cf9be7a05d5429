/* assurance.c: from methods to levels, see assurance.h. */
#include "domain/assurance.h"

#include <string.h>

static bool is_second_factor(const char *method)
{
    return strcmp(method, "totp") == 0 || strcmp(method, "mfa/phone") == 0 ||
           strcmp(method, "mfa/webauthn") == 0 || strcmp(method, "mfa/recovery_code") == 0;
}

const char *aal_of(const struct amr *list, int n)
{
    return mfa_at(list, n) ? "aal2" : "aal1";
}

const char *aal_highest(const struct factor *factors, int n)
{
    for (int i = 0; i < n; i++) {
        if (factor_is_verified(&factors[i])) {
            return "aal2";
        }
    }
    return "aal1";
}

bool aal_is_2(const char *aal)
{
    return aal && strcmp(aal, "aal2") == 0;
}

const char *aal_of_request(const char *token_aal, const struct session *session)
{
    return session && aal_is_2(token_aal) && aal_is_2(session->aal) ? "aal2" : "aal1";
}

const char *method_of_factor(const char *factor_type)
{
    return strcmp(factor_type, "totp") == 0    ? "totp"
           : strcmp(factor_type, "phone") == 0 ? "mfa/phone"
                                               : "mfa/webauthn";
}

int64_t mfa_at(const struct amr *list, int n)
{
    int64_t newest = 0;
    for (int i = 0; i < n; i++) {
        if (is_second_factor(list[i].method) && list[i].at_us > newest) {
            newest = list[i].at_us;
        }
    }
    return newest;
}
