/* Removing a factor. */
#include "examples.h"

#include <stdio.h>

cs_status example_unenroll(cs_client *client, const char *factor_id)
{
    cs_mfa_unenroll_response *gone = NULL;
    cs_status status =
        cs_auth_mfa_unenroll(client, &(cs_mfa_unenroll_params){ .factor_id = factor_id }, &gone);
    if (status == CS_OK && gone->refresh_status != CS_OK) {
        printf("removed; the session shows it after the next refresh (%s)\n",
               cs_status_name(gone->refresh_status));
    }
    cs_mfa_unenroll_response_free(&gone);
    return status;
}
