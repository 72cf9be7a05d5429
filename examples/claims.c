/* Granting something to the bearer of a token only if it was signed in with a second factor. */
#include "examples.h"

#include <stdio.h>
#include <string.h>

cs_status example_claims(cs_client *client, const char *token)
{
    cs_claims *claims = NULL;
    cs_status status = cs_auth_get_claims(client, &(cs_get_claims_params){ .jwt = token }, &claims);
    if (status == CS_OK) { /* verified: by the server's key, or by the server */
        printf("%s may %sdo it\n", claims->sub, strcmp(claims->aal, "aal2") == 0 ? "" : "not ");
    }
    cs_claims_free(&claims);
    return status;
}

/* For showing only: nobody verified these. */
cs_status example_local_claims(cs_client *client)
{
    cs_claims *claims = NULL;
    cs_status status = cs_auth_get_local_claims(client, &claims);
    if (status == CS_OK) {
        printf("session %s of %s\n", claims->session_id, claims->sub);
    }
    cs_claims_free(&claims);
    return status;
}
