/* Making recovery codes, once there is another factor, and using one when it is lost. */
#include "examples.h"

#include <stdio.h>

cs_status example_recovery_codes(cs_client *client)
{
    cs_mfa_recovery_codes *codes = NULL;
    cs_status status = cs_auth_mfa_recovery_codes_generate(client, NULL, &codes);
    if (status == CS_OK) {
        puts("Keep these where only you find them. Each works once:");
        for (size_t i = 0; i < codes->codes_count; i++) {
            puts(codes->codes[i]);
        }
    }
    cs_mfa_recovery_codes_free(&codes);
    return status;
}

cs_status example_use_recovery_code(cs_client *client, const char *code)
{
    cs_mfa_verify_response *verified = NULL;
    cs_mfa_recovery_codes_status *left = NULL;
    cs_mfa_recovery_codes *codes = NULL;
    cs_status status = cs_auth_mfa_recovery_codes_verify(
        client, &(cs_mfa_recovery_codes_verify_params){ .code = code }, &verified);
    if (status == CS_OK) {
        status = cs_auth_mfa_recovery_codes_get(client, &left);
    }
    if (status == CS_OK && left->remaining == 0) { /* time for a new set */
        status = cs_auth_mfa_recovery_codes_regenerate(client, &codes);
    }
    cs_mfa_recovery_codes_free(&codes);
    cs_mfa_recovery_codes_status_free(&left);
    cs_mfa_verify_response_free(&verified);
    return status;
}

cs_status example_drop_recovery_codes(cs_client *client)
{
    cs_mfa_unenroll_response *gone = NULL;
    cs_status status = cs_auth_mfa_recovery_codes_unenroll(client, &gone);
    cs_mfa_unenroll_response_free(&gone);
    return status;
}
