/* Reading the user and changing a part of the metadata. */
#include "examples.h"

#include <stdio.h>

cs_status example_user(cs_client *client)
{
    cs_user_response *response = NULL;
    cs_status status = cs_auth_get_user(client, NULL, &response);
    if (status == CS_OK) {
        printf("%s, since %s\n", response->user->email, response->user->created_at);
        cs_user_response_free(&response);
        status = cs_auth_update_user(
            client, &(cs_update_user_params){ .data = "{\"theme\":\"dark\"}" }, &response);
    }
    cs_user_response_free(&response);
    return status;
}
