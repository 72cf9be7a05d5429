/* Raising the session to aal2, in two steps. With an app one call does both:
 * cs_auth_mfa_challenge_and_verify(). */
#include "examples.h"

cs_status example_verify(cs_client *client, const char *factor_id, const char *code)
{
    cs_mfa_challenge_response *challenge = NULL;
    cs_mfa_verify_response *verified = NULL;
    cs_status status = cs_auth_mfa_challenge(
        client, &(cs_mfa_challenge_params){ .factor_id = factor_id }, &challenge);
    if (status == CS_OK) {
        status = cs_auth_mfa_verify(client,
                                    &(cs_mfa_verify_params){
                                        .factor_id = factor_id,
                                        .challenge_id = challenge->id,
                                        .code = code,
                                    },
                                    &verified);
    }
    cs_mfa_challenge_response_free(&challenge);
    cs_mfa_verify_response_free(&verified);
    return status;
}
