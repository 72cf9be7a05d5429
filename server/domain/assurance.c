/* assurance.c: from methods to levels, see assurance.h. */
#include "domain/assurance.h"

#include "factor/methods.h"

#include <string.h>

bool method_is_second_factor(const char *method)
{
    return strncmp(method, METHOD_PREFIX, strlen(METHOD_PREFIX)) == 0 ||
           strcmp(method, METHOD_WITHOUT_PREFIX) == 0;
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

int64_t mfa_at(const struct amr *list, int n)
{
    int64_t newest = 0;
    for (int i = 0; i < n; i++) {
        if (method_is_second_factor(list[i].method) && list[i].at_us > newest) {
            newest = list[i].at_us;
        }
    }
    return newest;
}
