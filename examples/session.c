/* Handing a session over, using it, ending it. */
#include "examples.h"

#include <stdio.h>

cs_status example_session(cs_client *client)
{
    cs_session *session = NULL;
    cs_auth_response *response = NULL;
    cs_status status = cs_auth_get_session(client, &session);
    if (status == CS_OK) { /* another client, or another process, could take it like this */
        status = cs_auth_set_session(client,
                                     &(cs_set_session_params){
                                         .access_token = session->access_token,
                                         .refresh_token = session->refresh_token,
                                     },
                                     &response);
    }
    cs_session_free(&session);
    cs_auth_response_free(&response);
    if (status == CS_OK) {
        status = cs_auth_refresh_session(client, NULL, &response);
    }
    if (status == CS_OK) {
        printf("renewed until %lld\n", (long long)response->session->expires_at);
        status = cs_auth_sign_out(client, &(cs_sign_out_params){ .scope = "local" });
    }
    cs_auth_response_free(&response);
    return status;
}
