/* Signing up, or signing in if the account is there already. */
#include "examples.h"

#include <stdio.h>
#include <string.h>

cs_status example_sign_up(cs_client *client, const char *email, const char *password)
{
    cs_auth_response *response = NULL;
    cs_status status = cs_auth_sign_up(
        client, &(cs_sign_up_params){ .email = email, .password = password }, &response);
    if (status == CS_ERR_API &&
        strcmp(cs_client_last_error(client)->code, "user_already_exists") == 0) {
        status = cs_auth_sign_in_with_password(
            client, &(cs_sign_in_with_password_params){ .email = email, .password = password },
            &response);
    }
    if (status == CS_OK && response->session == NULL) {
        puts("Look into your mail to confirm the address.");
    }
    cs_auth_response_free(&response);
    return status;
}
