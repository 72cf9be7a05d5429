// The public header compiles as C++, and the library links and works from it.
#include <countersign.h>

#include <cstring>

static cs_status answer(void *, const cs_http_request *request, cs_http_response *response)
{
    const char *body = std::strstr(request->url, "/factors") ? "{\"id\":\"f\"}" : "{}";
    cs_http_response_set_status(response, 200);
    return cs_http_response_append_body(response, body, std::strlen(body));
}

int main()
{
    cs_transport transport = cs_transport();
    transport.send = answer;
    cs_client_options options = cs_client_options();
    options.transport = &transport;
    cs_client *client = nullptr;
    if (cs_client_new("http://localhost", "key", &options, &client) != CS_OK) {
        return 1;
    }
    cs_admin_mfa_delete_factor_params params = cs_admin_mfa_delete_factor_params();
    params.id = "34e770dd-9ff9-416c-87fa-43b31d7ef225";
    params.user_id = "a89baba7-b1b7-440f-b4bb-91026967f66b";
    cs_admin_mfa_delete_factor_response *deleted = nullptr;
    cs_status status = cs_auth_admin_mfa_delete_factor(client, &params, &deleted);
    bool good = status == CS_OK && std::strcmp(deleted->id, "f") == 0;
    cs_admin_mfa_delete_factor_response_free(&deleted);
    cs_client_free(&client);
    return good ? 0 : 1;
}
