/* The calls about the session that is there: get, set, refresh, sign out. */
#include "auth.h"

#include "decode.h"
#include "events.h"
#include "jwt.h"
#include "mem.h"
#include "refresh.h"
#include "session.h"
#include "url.h"

#include "client.h"

#include <string.h>

void cs_session_free(cs_session **session)
{
    if (session != NULL && *session != NULL) {
        csi_box_free(*session);
        *session = NULL;
    }
}

cs_status cs_auth_get_session(cs_client *client, cs_session **out)
{
    struct csi_call call;
    struct csi_session *session = NULL;
    cs_session *box = NULL;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    cs_status status = csi_session_fresh(&call, &session);
    if (status == CS_OK && (box = csi_box_new(sizeof *box)) != NULL) {
        const cs_session *copy = csi_session_public(box, session);
        if (copy != NULL) {
            *box = *copy; /* its texts are in the same box */
        }
    }
    csi_session_put(session);
    return csi_finish(&call, status, box, out);
}

cs_status cs_auth_refresh_session(cs_client *client, const char *refresh_token,
                                  cs_auth_response **out)
{
    struct csi_call call;
    struct csi_session *session = NULL;
    cs_auth_response *response = NULL;
    cs_status status;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    if (refresh_token != NULL) {
        status = csi_refresh_with(&call, refresh_token, &session);
    } else {
        status = csi_refresh_current(&call);
        status = status ? status : csi_session_current(&call, &session);
    }
    if (status == CS_OK) {
        status = csi_auth_session_answer(&call, session, &response);
    }
    csi_session_put(session);
    return csi_finish(&call, status, response, out);
}

/* A session of two tokens and the user that the server says they belong to. */
static cs_status assemble(struct csi_call *call, const cs_set_session_params *params, int64_t exp,
                          const json_t *user, struct csi_session **out)
{
    json_t *json = json_object();
    int64_t now = csi_client_now(call->client);
    bool good =
        json != NULL &&
        json_object_set_new(json, "access_token", json_string(params->access_token)) == 0 &&
        json_object_set_new(json, "refresh_token", json_string(params->refresh_token)) == 0 &&
        json_object_set_new(json, "token_type", json_string("bearer")) == 0 &&
        json_object_set_new(json, "expires_in", json_integer(exp - now)) == 0 &&
        json_object_set_new(json, "expires_at", json_integer(exp)) == 0 &&
        json_object_set_new(json, "user", json_deep_copy(user)) == 0;
    cs_status status = good ? csi_session_from_json(call, json, out) : csi_fail_no_memory(call);
    csi_json_free(json);
    return status;
}

static cs_status set_live(struct csi_call *call, const cs_set_session_params *params, int64_t exp,
                          struct csi_session **out)
{
    json_t *user = NULL;
    cs_status status = csi_get_user_json(call, params->access_token, &user);
    if (status == CS_OK) {
        status = assemble(call, params, exp, user, out);
    }
    csi_json_free(user);
    if (status == CS_OK) {
        status = csi_session_install(call, csi_session_get(*out), CSI_NEW_LOGIN, NULL);
    }
    return csi_announce(call, status, CS_EVENT_SIGNED_IN, out);
}

cs_status cs_auth_set_session(cs_client *client, const cs_set_session_params *params,
                              cs_auth_response **out)
{
    struct csi_call call;
    struct csi_session *session = NULL;
    cs_auth_response *response = NULL;
    int64_t exp = 0;
    if (out != NULL) {
        *out = NULL;
    }
    if (!csi_call_begin(&call, client, params != NULL && out != NULL)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    cs_status status = CS_OK;
    if (!csi_is_token(params->access_token) || !csi_is_token(params->refresh_token)) {
        status = csi_fail(&call, CS_ERR_INVALID_ARGUMENT,
                          "access_token and refresh_token are both needed");
    }
    status = status ? status : csi_jwt_expiry(&call, params->access_token, &exp);
    if (status == CS_OK && exp > csi_client_now(client)) {
        status = set_live(&call, params, exp, &session);
    } else if (status == CS_OK) {
        status = csi_refresh_with(&call, params->refresh_token, &session);
    }
    if (status == CS_OK) {
        status = csi_auth_session_answer(&call, session, &response);
    }
    csi_session_put(session);
    return csi_finish(&call, status, response, out);
}

/* Forgets the session here and tells the subscribers, unless somebody else signed in meanwhile. */
static cs_status forget(struct csi_call *call, const struct csi_session *session)
{
    bool removed = false;
    cs_status stored = csi_session_install(call, NULL, session->login, &removed);
    struct csi_problem problem = call->problem;
    cs_status told = removed ? csi_emit(call, CS_EVENT_SIGNED_OUT, NULL) : CS_OK;
    if (stored != CS_OK) {
        call->problem = problem;
    }
    return stored ? stored : told;
}

static const char *logout_path(const char *scope)
{
    static const char *const scopes[][2] = { { "global", "/logout?scope=global" },
                                             { "local", "/logout?scope=local" },
                                             { "others", "/logout?scope=others" } };
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
        if (strcmp(scope, scopes[i][0]) == 0) {
            return scopes[i][1];
        }
    }
    return NULL;
}

static cs_status log_out(struct csi_call *call, const char *path, const char *token)
{
    json_t *answer = NULL;
    const struct csi_request request = {
        .method = "POST", .path = path, .bearer = token, .repeatable = true
    };
    cs_status status = csi_request(call, &request, &answer);
    csi_json_free(answer);
    int http_status = call->problem.http_status;
    bool unknown = status != CS_OK && (status == CS_ERR_API || status == CS_ERR_SESSION_MISSING) &&
                   (http_status == 401 || http_status == 403 || http_status == 404);
    return unknown ? CS_OK : status; /* the server has no such session: that is what was wanted */
}

/* Takes a token that the server accepts, so that it does end the session. False if there is nothing
 * left to do: the session turned out to be dead (then the status is CS_OK) or cannot be renewed. */
static bool use_fresh(struct csi_call *call, cs_status *status, struct csi_session **session)
{
    csi_session_put(*session);
    *status = csi_session_fresh(call, session);
    if (*status == CS_OK) {
        return true;
    }
    struct csi_problem problem = call->problem;
    struct csi_session *left = NULL;
    if (csi_session_current(call, &left) == CS_ERR_SESSION_MISSING) {
        *status = CS_OK;
    }
    csi_session_put(left);
    call->problem = problem;
    return false;
}

cs_status cs_auth_sign_out(cs_client *client, const cs_sign_out_params *params)
{
    struct csi_call call;
    struct csi_session *session = NULL;
    if (!csi_call_begin(&call, client, true)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    const char *scope = params == NULL || params->scope == NULL ? "global" : params->scope;
    const char *path = logout_path(scope);
    bool local = strcmp(scope, "local") == 0;
    bool others = strcmp(scope, "others") == 0;
    cs_status status = CS_OK, forgotten = CS_OK;
    if (path == NULL) {
        status = csi_fail(&call, CS_ERR_INVALID_ARGUMENT,
                          "scope must be \"global\", \"local\" or \"others\"");
    }
    status = status ? status : csi_session_current(&call, &session);
    if (status == CS_OK && !local && !use_fresh(&call, &status, &session)) {
        return csi_call_end(&call, status);
    }
    if (status == CS_OK && local) {
        forgotten = forget(&call, session); /* before the request: it must work without a network */
    }
    struct csi_problem problem = call.problem;
    if (status == CS_OK) { /* also if the storage still has the tokens: then all the more */
        status = log_out(&call, path, session->access_token);
    }
    if (status == CS_OK && !local && !others) {
        forgotten = forget(&call, session);
    } else if (status == CS_OK) {
        call.problem = problem;
    }
    csi_session_put(session);
    return csi_call_end(&call, status ? status : forgotten);
}
