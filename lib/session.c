/* The current session: read from the server's answers and from storage, made current, stored. The
 * storage lock is held over a change and its storing, so that both are in the same order in every
 * thread; the client's lock only over the change itself. */
#include "session.h"

#include "answer.h"
#include "buf.h"
#include "client.h"
#include "decode.h"
#include "jwt.h"
#include "mem.h"
#include "storage_file.h"
#include "url.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct csi_session *csi_session_get(struct csi_session *session)
{
    if (session != NULL) {
        atomic_fetch_add(&session->references, 1);
    }
    return session;
}

void csi_session_put(struct csi_session *session)
{
    if (session != NULL && atomic_fetch_sub(&session->references, 1) == 1) {
        csi_box_free(session);
    }
}

static cs_status new_session(struct csi_call *call, struct csi_session **out)
{
    *out = csi_box_new(sizeof **out);
    if (*out == NULL) {
        return csi_fail_no_memory(call);
    }
    atomic_init(&(*out)->references, 1);
    return CS_OK;
}

static cs_status check_box(struct csi_call *call, struct csi_session **session)
{
    if (csi_box_ok(*session)) {
        return CS_OK;
    }
    csi_session_put(*session);
    *session = NULL;
    return csi_fail_no_memory(call);
}

/* A lifetime that is one: more than nothing, and no more than thousands of years. */
static bool read_lifetime(const json_t *json, int64_t now, int64_t *expires_in)
{
    int64_t expires_at = 0;
    if (!csi_json_int(json, "expires_in", expires_in)) {
        *expires_in = csi_json_int(json, "expires_at", &expires_at) ? expires_at - now : 0;
    }
    return *expires_in > 0 && *expires_in < 1000000000000;
}

static void read_times(const json_t *json, int64_t now, struct csi_session *session)
{
    session->local_expires_at = now + session->expires_in;
    if (!csi_json_int(json, "expires_at", &session->expires_at)) {
        session->expires_at = session->local_expires_at;
    }
}

/* What this library stored says when it ends by this machine's clock; what another client stored
 * says it by the server's alone. How old it is, expires_in does not tell. */
static void read_stored_times(const json_t *json, struct csi_session *session)
{
    if (!csi_json_int(json, "local_expires_at", &session->local_expires_at)) {
        session->local_expires_at = session->expires_at;
    }
}

cs_status csi_session_from_json(struct csi_call *call, const json_t *json, struct csi_session **out)
{
    *out = NULL;
    const char *token = csi_json_text(json, "access_token");
    const char *refresh_token = csi_json_text(json, "refresh_token");
    if (!csi_is_token(token)) {
        return csi_answer_lacks(call, "access_token");
    }
    if (!csi_is_token(refresh_token)) {
        return csi_answer_lacks(call, "refresh_token");
    }
    int64_t expires_in = 0, now = csi_client_now(call->client);
    if (!read_lifetime(json, now, &expires_in)) {
        return csi_answer_lacks(call, "expires_in");
    }
    cs_status status = new_session(call, out);
    if (status != CS_OK) {
        return status;
    }
    struct csi_session *session = *out;
    session->expires_in = expires_in;
    session->access_token = csi_json_box_text(session, json, "access_token");
    session->refresh_token = csi_json_box_text(session, json, "refresh_token");
    session->token_type = csi_json_box_text(session, json, "token_type");
    session->user_json = csi_json_box_dump(session, csi_json_object(json, "user"));
    read_times(json, now, session);
    return check_box(call, out);
}

cs_status csi_session_with_user(struct csi_call *call, const struct csi_session *session,
                                const json_t *user, struct csi_session **out)
{
    cs_status status = new_session(call, out);
    if (status != CS_OK) {
        return status;
    }
    struct csi_session *copy = *out;
    copy->access_token = csi_box_text(copy, session->access_token, strlen(session->access_token));
    copy->refresh_token =
        csi_box_text(copy, session->refresh_token, strlen(session->refresh_token));
    copy->token_type = csi_box_text(copy, session->token_type, strlen(session->token_type));
    copy->expires_in = session->expires_in;
    copy->expires_at = session->expires_at;
    copy->local_expires_at = session->local_expires_at;
    copy->user_json = csi_json_box_dump(copy, user);
    return check_box(call, out);
}

/* Gives back what the storage loaded. */
static void release(const cs_storage *storage, char *text)
{
    if (text == NULL) {
        return;
    }
    csi_wipe(text, strlen(text));
    if (storage->release != NULL) {
        storage->release(storage->userdata, text);
    } else {
        free(text);
    }
}

/* Reads the storage, whose lock is held. *out stays NULL if nothing is there. */
static cs_status load(struct csi_call *call, struct csi_session **out)
{
    const cs_client *client = call->client;
    const cs_storage *storage = &client->storage;
    char *text = NULL;
    json_t *json = NULL;
    *out = NULL;
    if (storage->load(storage->userdata, client->storage_key, &text) != 0) {
        release(storage, text);
        return csi_fail(call, CS_ERR_STORAGE,
                        "the session cannot be read: check the storage's "
                        "path and that only you may read it (mode 0600)");
    }
    if (text == NULL) {
        return CS_OK;
    }
    enum csi_json_result parsed = csi_json_parse(text, strlen(text), &json);
    cs_status status = CS_ERR_STORAGE;
    if (parsed == CSI_JSON_NO_MEMORY) {
        status = csi_fail_no_memory(call);
    } else if (parsed == CSI_JSON_OK) {
        status = csi_session_from_json(call, json, out);
    }
    if (status == CS_OK) {
        read_stored_times(json, *out);
    }
    if (status != CS_OK && status != CS_ERR_NO_MEMORY) {
        status = csi_fail(call, CS_ERR_STORAGE,
                          "what is stored is no session: remove it and sign in again");
    }
    csi_json_free(json);
    release(storage, text);
    return status;
}

/* Reads the storage on first use. */
static cs_status load_once(struct csi_call *call)
{
    cs_client *client = call->client;
    if (client->storage.load == NULL) {
        return CS_OK;
    }
    pthread_mutex_lock(&client->lock);
    bool loaded = client->session_loaded;
    pthread_mutex_unlock(&client->lock);
    if (loaded) {
        return CS_OK;
    }
    pthread_mutex_lock(&client->storage_lock);
    struct csi_session *session = NULL;
    cs_status status = CS_OK;
    if (!client->session_loaded) { /* written only with both locks held */
        status = load(call, &session);
    }
    client->stored = client->stored || session != NULL;
    pthread_mutex_lock(&client->lock);
    if (status == CS_OK && !client->session_loaded) {
        if (session != NULL) {
            session->login = client->login;
        }
        client->session = session;
        client->session_loaded = true;
        session = NULL;
    }
    pthread_mutex_unlock(&client->lock);
    pthread_mutex_unlock(&client->storage_lock);
    csi_session_put(session);
    return status;
}

cs_status csi_session_current(struct csi_call *call, struct csi_session **out)
{
    cs_client *client = call->client;
    *out = NULL;
    cs_status status = load_once(call);
    if (status != CS_OK) {
        return status;
    }
    pthread_mutex_lock(&client->lock);
    *out = csi_session_get(client->session);
    pthread_mutex_unlock(&client->lock);
    if (*out == NULL) {
        return csi_fail(call, CS_ERR_SESSION_MISSING, "%s",
                        cs_status_message(CS_ERR_SESSION_MISSING));
    }
    return CS_OK;
}

/* Writes a session, or removes it, with the storage's lock held. */
static cs_status store(struct csi_call *call, const struct csi_session *session)
{
    const cs_client *client = call->client;
    const cs_storage *storage = &client->storage;
    int failed;
    if (storage->load == NULL) {
        return CS_OK;
    }
    if (session == NULL) {
        failed = storage->remove(storage->userdata, client->storage_key);
    } else {
        struct csi_buf text;
        csi_buf_init(&text, CSI_STORED_MAX);
        csi_buf_object_open(&text, NULL);
        csi_buf_member_text(&text, "access_token", session->access_token);
        csi_buf_member_text(&text, "refresh_token", session->refresh_token);
        csi_buf_member_text(&text, "token_type", session->token_type);
        csi_buf_member_int(&text, "expires_in", session->expires_in);
        csi_buf_member_int(&text, "expires_at", session->expires_at);
        csi_buf_member_int(&text, "local_expires_at", session->local_expires_at);
        csi_buf_member_json(&text, "user", session->user_json[0] ? session->user_json : NULL);
        csi_buf_object_close(&text);
        if (text.failure == CSI_BUF_NO_MEMORY) {
            csi_buf_free(&text);
            return csi_fail_no_memory(call);
        }
        failed = text.failure != CSI_BUF_OK ||
                 storage->save(storage->userdata, client->storage_key, text.data) != 0;
        csi_buf_free(&text);
    }
    return failed == 0 ? CS_OK
                       : csi_fail(call, CS_ERR_STORAGE,
                                  "%s, but not stored: check the storage's "
                                  "path, permissions and the space left",
                                  session == NULL ? "signed out here" : "signed in for now");
}

bool csi_session_is_same_login(struct csi_call *call, const struct csi_session *one,
                               const struct csi_session *other)
{
    struct csi_problem problem = call->problem;
    struct csi_jwt first, second;
    bool read = csi_jwt_parse(call, one->access_token, &first) == CS_OK;
    bool both = csi_jwt_parse(call, other->access_token, &second) == CS_OK && read;
    const char *a = both ? csi_json_text(first.claims, "session_id") : NULL;
    const char *b = both ? csi_json_text(second.claims, "session_id") : NULL;
    bool same = a == NULL || b == NULL || strcmp(a, b) == 0;
    csi_jwt_free(&first);
    csi_jwt_free(&second);
    call->problem = problem; /* tokens need not be JWTs */
    return same;
}

/* A session with another's user, whose tokens were renewed by another process meanwhile. */
static void take_user(struct csi_call *call, struct csi_session **stored, const char *user_json)
{
    json_t *user = NULL;
    struct csi_session *merged = NULL;
    if (csi_json_parse(user_json, strlen(user_json), &user) == CSI_JSON_OK &&
        csi_session_with_user(call, *stored, user, &merged) == CS_OK) {
        csi_session_put(*stored);
        *stored = merged;
    }
    csi_json_free(user);
}

/* Whether what is stored is what the new session came of, so that nobody was faster. */
static bool is_before(const struct csi_session *session, const struct csi_session *known,
                      const struct csi_session *stored)
{
    const char *from = session->renewed_from ? session->renewed_from : known->refresh_token;
    return strcmp(stored->refresh_token, from) == 0;
}

/* What a change of the current session comes to in view of what other processes stored, which is
 * locked: *session may become theirs. *keep: what is stored is to stay as it is. */
static cs_status settle(struct csi_call *call, struct csi_session **session, bool *keep)
{
    const struct csi_session *known = call->client->session;
    struct csi_problem problem = call->problem;
    struct csi_session *stored = NULL;
    *keep = false;
    if (known == NULL || call->client->storage.load == NULL || load(call, &stored) != CS_OK) {
        call->problem = problem; /* what cannot be read is overwritten */
        return CS_OK;
    }
    if (stored == NULL) {
        bool gone = *session != NULL && call->client->stored;
        return !gone ? CS_OK
                     : csi_fail(call, CS_ERR_SESSION_MISSING,
                                "another process that shares the storage signed out");
    }
    bool same = csi_session_is_same_login(call, stored, known);
    bool alone = *session == NULL || (*session)->stepped_up || is_before(*session, known, stored);
    if (alone && *session != NULL && !same) {
        csi_session_put(stored);
        return csi_fail(call, CS_ERR_SESSION_MISSING,
                        "another process that shares the storage signed in anew");
    }
    if (alone) {
        *keep = !same;
    } else {
        bool renewed = strcmp((*session)->refresh_token, known->refresh_token) != 0;
        *keep = !same || renewed;
        if (!*keep) {
            take_user(call, &stored, (*session)->user_json);
        }
        csi_session_put(*session);
        *session = stored;
        stored = NULL;
    }
    csi_session_put(stored);
    return CS_OK;
}

/* Makes it current, with the storage's lock held, and returns what was. */
static struct csi_session *swap(cs_client *client, struct csi_session *session, bool new_login)
{
    pthread_mutex_lock(&client->lock);
    struct csi_session *old = client->session;
    client->session = csi_session_get(session);
    client->login += new_login;
    if (session != NULL) {
        session->login = client->login;
    }
    client->session_loaded = true;
    pthread_mutex_unlock(&client->lock);
    return old;
}

cs_status csi_session_install(struct csi_call *call, struct csi_session *session, uint64_t login,
                              bool *installed)
{
    cs_client *client = call->client;
    cs_status status = CS_OK;
    pthread_mutex_lock(&client->storage_lock); /* without it nobody changes login or session */
    bool new_login = login == CSI_NEW_LOGIN, keep = false;
    bool current = new_login || login == client->login;
    int locked = current ? csi_file_storage_lock(client->file_storage) : -1;
    if (current && !new_login) {
        status = settle(call, &session, &keep);
        current = status == CS_OK;
    }
    if (current) {
        const struct csi_session *known = client->session;
        new_login = new_login || session == NULL ||
                    (known != NULL && !csi_session_is_same_login(call, session, known));
        csi_session_put(swap(client, session, new_login));
        status = keep ? CS_OK : store(call, session);
        client->stored = status == CS_OK && session != NULL;
    }
    if (locked >= 0) {
        close(locked);
    }
    pthread_mutex_unlock(&client->storage_lock);
    csi_session_put(session);
    if (installed != NULL) {
        *installed = current;
    }
    return status;
}

struct csi_session *csi_session_reread(struct csi_call *call, const struct csi_session *known,
                                       bool *gone)
{
    cs_client *client = call->client;
    struct csi_session *stored = NULL;
    *gone = false;
    if (client->storage.load == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&client->storage_lock);
    cs_status status = load(call, &stored);
    *gone = status == CS_OK && stored == NULL && client->stored;
    pthread_mutex_unlock(&client->storage_lock);
    if (status == CS_OK && stored != NULL &&
        strcmp(stored->refresh_token, known->refresh_token) != 0) {
        return stored;
    }
    csi_session_put(stored);
    return NULL;
}

const cs_session *csi_session_public(void *box, const struct csi_session *session)
{
    cs_session *copy = csi_box_alloc(box, 1, sizeof *copy);
    json_t *user = NULL;
    if (copy == NULL) {
        return NULL;
    }
    copy->access_token = csi_box_text(box, session->access_token, strlen(session->access_token));
    copy->refresh_token = csi_box_text(box, session->refresh_token, strlen(session->refresh_token));
    copy->token_type = csi_box_text(box, session->token_type, strlen(session->token_type));
    copy->expires_in = session->expires_in;
    copy->expires_at = session->expires_at;
    if (session->user_json[0] != '\0') {
        if (csi_json_parse(session->user_json, strlen(session->user_json), &user) != CSI_JSON_OK) {
            csi_box_fail(box); /* it was JSON before, so it is memory */
        }
        copy->user = csi_decode_user(box, user);
        csi_json_free(user);
    }
    return copy;
}
