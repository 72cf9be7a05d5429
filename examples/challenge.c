/* Sending a code to the phone that is a factor. */
#include "examples.h"

#include <stdio.h>
#include <time.h>

cs_status example_challenge(cs_client *client, const char *phone_factor_id)
{
    cs_mfa_challenge_response *challenge = NULL;
    cs_status status = cs_auth_mfa_challenge(
        client, &(cs_mfa_challenge_params){ .factor_id = phone_factor_id, .channel = "sms" },
        &challenge);
    if (status == CS_OK) { /* next: ask for the code, then cs_auth_mfa_verify() */
        printf("challenge %s is open for %lld seconds\n", challenge->id,
               (long long)challenge->expires_at - (long long)time(NULL));
    }
    cs_mfa_challenge_response_free(&challenge);
    return status;
}
