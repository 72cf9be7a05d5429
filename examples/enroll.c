/* Enrolling an authenticator app. */
#include "examples.h"

#include <stdio.h>

cs_status example_enroll(cs_client *client)
{
    cs_mfa_enroll_response *enrolled = NULL;
    cs_status status = cs_auth_mfa_enroll(client,
                                          &(cs_mfa_enroll_params){
                                              .factor_type = "totp",
                                              .friendly_name = "your_friendly_name",
                                          },
                                          &enrolled);
    if (status == CS_OK) {
        printf("Scan this, or type in %s:\n%s\n", enrolled->totp->secret, enrolled->totp->uri);
        /* next: ask for a code, then cs_auth_mfa_challenge_and_verify() */
    }
    cs_mfa_enroll_response_free(&enrolled);
    return status;
}
