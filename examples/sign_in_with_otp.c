/* Signing in with a code by SMS. */
#include "examples.h"

cs_status example_sign_in_with_otp(cs_client *client, const char *phone, const char *code)
{
    cs_otp_response *sent = NULL;
    cs_auth_response *response = NULL;
    cs_status status =
        cs_auth_sign_in_with_otp(client, &(cs_sign_in_with_otp_params){ .phone = phone }, &sent);
    if (status == CS_OK) { /* a program would now ask for the code */
        status = cs_auth_verify_otp(
            client, &(cs_verify_otp_params){ .type = "sms", .phone = phone, .token = code },
            &response);
    }
    cs_otp_response_free(&sent);
    cs_auth_response_free(&response);
    return status;
}
