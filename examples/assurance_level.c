/* Whether to ask for a second factor now. */
#include "examples.h"

#include <string.h>

cs_status example_assurance_level(cs_client *client, bool *needs_mfa)
{
    cs_mfa_assurance_level *level = NULL;
    cs_status status = cs_auth_mfa_get_authenticator_assurance_level(client, &level);
    *needs_mfa = status == CS_OK && strcmp(level->current_level, level->next_level) != 0;
    cs_mfa_assurance_level_free(&level);
    return status;
}

/* The same, for a service that got a token with a request and trusts nobody but the server. */
cs_status example_assurance_level_of(cs_client *client, const char *token, bool *is_aal2)
{
    cs_mfa_assurance_level *level = NULL;
    cs_status status =
        cs_auth_mfa_get_authenticator_assurance_level_from_server(client, token, &level);
    *is_aal2 = status == CS_OK && strcmp(level->current_level, "aal2") == 0;
    cs_mfa_assurance_level_free(&level);
    return status;
}
