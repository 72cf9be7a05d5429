/* answer.h: the body's member "webauthn" of POST /factors/{id}/verify, taken apart: what the
 * browser's credential is made of (WebAuthn §5.1, §5.2). All of it is the client's word. */
#ifndef COUNTERSIGN_FACTOR_WEBAUTHN_ANSWER_H
#define COUNTERSIGN_FACTOR_WEBAUTHN_ANSWER_H

#include "base/ctx.h"
#include "factor/webauthn/client_data.h"

enum {
    ATTESTATION_MAX = 16384,
    SIGNATURE_MAX = 1024,
    USER_HANDLE_MAX = 64,
    TRANSPORTS_MAX = 16,
    TRANSPORT_CHARS_MAX = 32,
    EXTENSION_RESULTS_MAX = 4096
};

/* The attestation statement of packed (WebAuthn §8.2); of none all are absent. */
struct statement {
    struct blob text; /* the whole map */
    int64_t pairs, alg;
    struct blob signature;
    struct cursor certificates; /* the items of "x5c" and what follows them */
    int64_t n_certificates;
};

struct answer {
    bool creates; /* "create", not "request" */
    const char *id;
    struct blob raw_id;
    const char *attachment;                 /* "platform", "cross-platform" or "" */
    const struct json_t *extension_results; /* NULL: none */
    const struct json_t *response;
    struct client_data client;
    struct authenticator_data data;
    /* create */
    struct blob object;
    const char *format;
    struct statement statement;
    struct text_list transports;
    struct blob told_data; /* the optional member authenticatorData; bytes NULL: not sent */
    int64_t told_alg;      /* publicKeyAlgorithm; 0: not sent */
    /* request */
    struct blob signature, user_handle; /* handle: bytes NULL: not sent */
};

/* P_OK, or a row of V13 that says what of its form is wrong. */
enum problem answer_read(struct ctx *ctx, const struct json_t *webauthn,
                         struct answer *out) MUST_CHECK;

#endif
