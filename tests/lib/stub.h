/* A transport that answers from a script and remembers what it was asked, a clock that tests set,
 * and the JSON of sessions as a server would send it. */
#ifndef STUB_H
#define STUB_H

#include "countersign.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { STUB_ANSWERS = 64, STUB_BODY = 8192 };

struct stub_answer {
    cs_status fail; /* what the transport returns; CS_OK: the answer below */
    int http_status;
    const char *body;
    const char *headers;     /* "Name: value" lines */
    long delay_ms;           /* until then, or until cancelled */
    void (*meanwhile)(void); /* what happens while the request is under way */
};

struct stub {
    pthread_mutex_t lock;
    struct stub_answer answers[STUB_ANSWERS]; /* the last one is repeated */
    int answers_count;
    int asked; /* how many requests came */
    char method[16];
    char url[2048]; /* of the last request, as all below */
    char headers[STUB_BODY];
    char body[STUB_BODY];
    int64_t now;
    char session[4][4096]; /* texts that answers point to */
};

void stub_init(struct stub *stub);
void stub_free(struct stub *stub);

/* Drops the script and the count. */
void stub_reset(struct stub *stub);
void stub_add(struct stub *stub, struct stub_answer answer);
void stub_answer(struct stub *stub, int http_status, const char *body);

/* Resets, then answers so. */
void stub_only(struct stub *stub, int http_status, const char *body);

/* A client over the stub; options may be NULL and is changed. */
cs_client *stub_client(struct stub *stub, cs_client_options *options);

/* The JSON of a session in slot 0 to 3, whose token expires in `expires_in` seconds. */
const char *stub_session(struct stub *stub, int slot, const char *aal, long expires_in,
                         const char *refresh_token);

/* Signs a client in with a session that lives for an hour, at aal1, refresh token "refresh-1". */
void stub_sign_in(struct stub *stub, cs_client *client);

/* A token with these parts and a signature that is none. */
void stub_jwt(char *out, size_t size, const char *header, const char *claims);

/* base64url without padding; returns the size. */
size_t stub_base64url(char *out, const void *data, size_t size);

#define USER_ID "11111111-2222-4333-8444-555555555555"
#define FACTOR_ID "34e770dd-9ff9-416c-87fa-43b31d7ef225"
#define CHALLENGE_ID "4034ae6f-a8ce-4fb5-8ee5-69a5863a7c15"
#define FACTOR_JSON                                                                                \
    "{\"id\":\"" FACTOR_ID "\",\"factor_type\":\"totp\",\"status\":\"verified\","                  \
    "\"friendly_name\":\"a\",\"phone\":\"\",\"created_at\":\"2026-01-01T00:00:00Z\","              \
    "\"updated_at\":\"2026-01-01T00:00:00Z\",\"last_challenged_at\":null}"
#define USER_JSON                                                                                  \
    "{\"id\":\"" USER_ID "\",\"aud\":\"authenticated\",\"role\":\"authenticated\","                \
    "\"email\":\"a@example.com\",\"phone\":\"\",\"app_metadata\":{\"provider\":\"email\"},"        \
    "\"user_metadata\":{},\"factors\":[" FACTOR_JSON "],\"identities\":[{\"identity_id\":\"i\","   \
    "\"id\":\"" USER_ID "\",\"user_id\":\"" USER_ID "\",\"provider\":\"email\","                   \
    "\"identity_data\":{\"sub\":\"x\"},\"created_at\":\"2026-01-01T00:00:00Z\"}],"                 \
    "\"created_at\":\"2026-01-01T00:00:00Z\",\"updated_at\":\"2026-01-01T00:00:00Z\","             \
    "\"is_anonymous\":false,\"unknown_field\":[1,2,{\"x\":null}]}"

#endif
