/* database_errors.c: see database_errors.h. Applications hang triggers and foreign keys on the
 * tables of accounts (handle_new_user), and these words are what people then search for. */
#include "http/database_errors.h"

#include "http/router.h"

#include <string.h>

static const struct {
    const char *method, *pattern, *words;
} operations[] = {
    { "POST", "/signup/?", "Database error saving new user" },
    { "POST", "/otp", "Database error saving new user" },
    { "POST", "/magiclink", "Database error saving new user" },
    { "POST", "/invite", "Database error saving new user" },
    { "POST", "/admin/generate_link", "Database error saving new user" },
    { "POST", "/admin/users/?", "Database error creating new user" },
    { "GET", "/admin/users/?", "Database error finding users" },
    { "PUT", "/admin/users/{user_id}/?", "Error updating user" },
    { "DELETE", "/admin/users/{user_id}/?", "Database error deleting user" },
    { "PUT", "/user/?", "Database error updating user" },
    { "GET", "/verify/?", "Database error updating user" },
    { "POST", "/verify/?", "Database error updating user" },
    { "POST", "/token", "Database error granting user" },
    { "POST", "/recover", "Unable to process request" },
    { "POST", "/resend", "Unable to process request" },
    { "POST", "/logout", "Error logging out user" },
};

const char *database_error_words(const struct call *call)
{
    const struct body_sign_up *in = call->in;
    if (!call->route) {
        return NULL;
    }
    if (call->route->limiter == LIMIT_SIGNUP && in && !(in->email && *in->email) &&
        !(in->phone && *in->phone)) {
        return "Database error creating anonymous user";
    }
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].method, call->method) == 0 &&
            strcmp(operations[i].pattern, call->route->pattern) == 0) {
            return operations[i].words;
        }
    }
    return NULL;
}
