/*
 * countersign.h: the client library for multi-factor authentication on Supabase-compatible auth
 * servers (Countersign, Supabase Auth, hosted projects), for C and C++.
 *
 * The calls are those of the official clients with dots as underscores. mfa.enroll({...}) is
 * cs_auth_mfa_enroll(client, &(cs_mfa_enroll_params){...}, &out).
 *
 * RULES THAT HOLD FOR EVERY CALL
 *
 * Result      Fallible calls return a cs_status; CS_OK is 0. What went wrong in detail (HTTP
 *             status, the server's error code, a message, when to try again) is in
 *             cs_client_last_error().
 * Answers     The out-parameter is last. It is set to NULL first and points to an answer only if
 *             CS_OK is returned. The caller owns it and gives it to the matching _free call, which
 *             wipes it, clears the pointer and takes NULL. Everything an answer points to lives
 *             exactly as long as the answer.
 * Text        UTF-8, NUL-terminated. In answers a text field is never NULL: what the server did not
 *             send is "". Objects inside answers (session, user, totp) are NULL when absent.
 * Parameters  Structs made for compound literals: a field left out (NULL, 0, false) means "not
 *             given" or "the default". The library copies what it keeps; parameters need to live
 *             only during the call.
 * Times       Fields ending in _at of type int64_t are seconds since 1970-01-01 UTC; text ones are
 *             RFC 3339. Durations carry their unit: _ms, _s.
 * Threads     Every call may be made by any thread at any time on the same client, except
 *             cs_client_free(), which must be the last one. Answers are plain data: any thread may
 *             read one while none frees it. No call uses global state; none prints or exits.
 *
 * HOW THE STRUCTS GROW
 *
 * Parameter, option and callback structs, and structs that stand in arrays, have a size that stays
 * as it is within a soname: a new field takes the place of a reserved one. Reserved fields must be
 * zero, which compound literals and "= {0}" see to. All other answers are allocated by the library
 * alone and get new fields at their end, so do not copy them by value, take their sizeof or make
 * arrays of them. Enumerations may get new values: treat an unknown cs_status as a failure and an
 * unknown event as nothing of interest. So a program built against an older header of the same
 * soname runs with a newer library unchanged.
 */
#ifndef COUNTERSIGN_H
#define COUNTERSIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CS_VERSION_MAJOR 0
#define CS_VERSION_MINOR 1
#define CS_VERSION_PATCH 0

#if defined(__GNUC__) || defined(__clang__)
#define CS_API __attribute__((visibility("default")))
#define CS_CHECK __attribute__((warn_unused_result))
#else
#define CS_API
#define CS_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------- status and errors */

typedef enum cs_status {
    CS_OK = 0,
    CS_ERR_INVALID_ARGUMENT = 1, /* a parameter is NULL, empty or malformed; nothing was sent */
    CS_ERR_INVALID_URL = 2,      /* the URL has no http:// or https:// or no host */
    CS_ERR_NO_MEMORY = 3,        /* an allocation failed */
    CS_ERR_SESSION_MISSING = 4,  /* nobody is signed in, or the server ended the session */
    CS_ERR_API = 5,              /* the server refused: see http_status, code and message */
    CS_ERR_WEAK_PASSWORD = 6,    /* the server refused the password: see the reasons */
    CS_ERR_RATE_LIMITED = 7,     /* HTTP 429: wait retry_after_s, then try again */
    CS_ERR_UNAVAILABLE = 8,      /* HTTP 502, 503, 504 or 520 to 530: try again later */
    CS_ERR_CONNECT = 9,          /* no connection came about; nothing was sent */
    CS_ERR_NETWORK = 10,         /* the connection broke; the server may have acted */
    CS_ERR_TIMEOUT = 11,         /* no answer in time; the server may have acted */
    CS_ERR_TLS = 12,             /* no trusted TLS connection: check ca_file and the host name */
    CS_ERR_CANCELLED = 13,       /* cs_client_cancel() was called */
    CS_ERR_UNEXPECTED_RESPONSE = 14, /* not an auth server's answer: check the URL and proxies */
    CS_ERR_RESPONSE_TOO_LARGE = 15,  /* the answer is larger than max_response_bytes */
    CS_ERR_STORAGE = 16,             /* the session storage failed; the session is in memory only */
    CS_ERR_INVALID_TOKEN = 17,       /* a JWT is malformed, expired or wrongly signed */
    CS_ERR_SYSTEM = 18               /* the system refused a thread or a lock */
} cs_status;

/* What a client's last call in this thread came to. Text is never NULL. */
typedef struct cs_error {
    cs_status status;
    int http_status;     /* of the last HTTP answer, 0 if there was none */
    const char *code;    /* the server's error code, also one this library does not know; or "" */
    const char *message; /* a sentence for people: what to do, or the server's own, unfiltered */
    long retry_after_s;  /* how long the server asked to wait; 0: it did not say */
    bool retryable;      /* the same call may succeed later */
    const char *const *weak_password_reasons; /* "length", "characters", "pwned" */
    size_t weak_password_reasons_count;
} cs_error;

/* The status as it is spelled here, such as "CS_ERR_API"; an unknown one is "CS_ERR_UNKNOWN". */
CS_API const char *cs_status_name(cs_status status);

/* A sentence in English that says what the status means and what to do. Never NULL. */
CS_API const char *cs_status_message(cs_status status);

/* Whether the same call may succeed later: rate limited, unavailable, connect, network, timeout. */
CS_API bool cs_status_is_retryable(cs_status status);

/* The version of the library at run time, such as "0.1.0". */
CS_API const char *cs_version(void);

/* ---------------------------------------------------------------- bring your own HTTP */

typedef struct cs_http_header {
    const char *name;
    const char *value;
} cs_http_header;

/* One request, made by the library, valid until the transport returns. */
typedef struct cs_http_request {
    const char *method; /* "GET", "POST", "PUT", "DELETE" */
    const char *url;    /* absolute */
    const cs_http_header *headers;
    size_t headers_count;
    const char *body; /* NULL if there is none */
    size_t body_size;
    long timeout_ms;         /* what is left for the whole exchange */
    long connect_timeout_ms; /* of that, for the connection */
    size_t max_response_bytes;
    const void *internal; /* for cs_http_request_is_cancelled() */
    const void *reserved[4];
} cs_http_request;

typedef struct cs_http_response cs_http_response;

/*
 * Sends one request. The callback fills `response` with the calls below and returns CS_OK once a
 * complete HTTP answer, whatever its status, is in it. Otherwise it returns CS_ERR_CONNECT (nothing
 * was sent), CS_ERR_NETWORK, CS_ERR_TIMEOUT, CS_ERR_TLS, CS_ERR_CANCELLED, CS_ERR_NO_MEMORY or
 * what cs_http_response_append_body() returned. It must not follow redirects and is called by
 * several threads at once. It must not call the client.
 */
typedef struct cs_transport {
    cs_status (*send)(void *userdata, const cs_http_request *request, cs_http_response *response);
    void *userdata;
    const void *reserved[4];
} cs_transport;

/* For transports: sets the status of the answer and drops headers and body collected so far. */
CS_API void cs_http_response_set_status(cs_http_response *response, int http_status);

/* For transports: adds a header line. Names the library has no use for are ignored. */
CS_API void cs_http_response_add_header(cs_http_response *response, const char *name,
                                        const char *value);

/* For transports: appends to the body. CS_ERR_RESPONSE_TOO_LARGE or CS_ERR_NO_MEMORY: stop. */
CS_API CS_CHECK cs_status cs_http_response_append_body(cs_http_response *response, const void *data,
                                                       size_t size);

/* For transports: whether cs_client_cancel() was called since the request began. */
CS_API bool cs_http_request_is_cancelled(const cs_http_request *request);

/* ---------------------------------------------------------------- session storage */

/*
 * Where a session outlives the process. Each callback returns 0, or anything else for failure,
 * which surfaces as CS_ERR_STORAGE. Calls for one client never overlap. They must not call the
 * client.
 */
typedef struct cs_storage {
    /* Puts a NUL-terminated copy into *value, or NULL if nothing is stored. What it gives is
     * released, also if it fails. */
    int (*load)(void *userdata, const char *key, char **value);
    int (*save)(void *userdata, const char *key, const char *value);
    int (*remove)(void *userdata, const char *key); /* nothing stored is a success */
    /* Frees what load gave; the library has wiped it. NULL: free() is used. */
    void (*release)(void *userdata, char *value);
    void *userdata;
    const void *reserved[4];
} cs_storage;

/* ---------------------------------------------------------------- the client */

/* Zero is the default of every field. */
typedef struct cs_client_options {
    const char *client_info;        /* name and version of the program, sent in X-Client-Info */
    const char *proxy;              /* URL of a proxy; "": none; NULL: as the environment says */
    const char *ca_file;            /* PEM file of trusted authorities; NULL: the system's */
    const char *ca_path;            /* directory of them */
    long timeout_ms;                /* for a request with its retries; default 30000 */
    long connect_timeout_ms;        /* default 10000 */
    int max_retries;                /* default 3; -1: none */
    long retry_base_ms;             /* first pause, doubled each time; default 200 */
    size_t max_response_bytes;      /* default 1 MiB */
    const char *session_file;       /* keep the session in this file, mode 0600, replaced atomically
                                       and under a lock: processes may share it, and follow whoever
                                       signs in or out there */
    const cs_storage *storage;      /* or here (copied); neither: in memory only */
    const char *storage_key;        /* default "supabase.auth.token" */
    const cs_transport *transport;  /* bring your own HTTP (copied); NULL: libcurl */
    int64_t (*now)(void *userdata); /* seconds since 1970; NULL: the system's clock */
    void *now_userdata;
    bool no_auto_refresh;           /* do not refresh ahead of expiry before calls */
    bool no_refresh_after_unenroll; /* leave the session as it is after unenroll */
    const void *reserved[8];
} cs_client_options;

/* A client for one project and one signed-in user. */
typedef struct cs_client cs_client;

/*
 * Makes a client. `url` is the project's URL as for the official clients: /auth/v1 is appended,
 * unless it ends so already.
 * `key` is the anon or publishable key, or for the admin calls the service-role or secret key.
 * `options` may be NULL. No request is made. The caller frees *out with cs_client_free().
 * Errors: INVALID_URL, INVALID_ARGUMENT, NO_MEMORY, SYSTEM.
 */
CS_API CS_CHECK cs_status cs_client_new(const char *url, const char *key,
                                        const cs_client_options *options, cs_client **out);

/*
 * Ends a client: stops the auto refresh thread, wipes and frees the session in memory, keeps the
 * stored one. Takes NULL and a pointer to NULL. No other call of this client may be running; not
 * from inside a callback of this client.
 */
CS_API void cs_client_free(cs_client **client);

/*
 * Makes all calls of this client that are running in any thread return CS_ERR_CANCELLED soon.
 * Later calls are not affected. Does not touch the last error. Takes NULL.
 */
CS_API void cs_client_cancel(cs_client *client);

/*
 * What the last call of this client in this thread came to; never NULL, also for a NULL client.
 * The client owns it; it is valid until this thread's next call of this client. A client keeps one
 * small record a thread that had a failure, until it is freed.
 */
CS_API const cs_error *cs_client_last_error(const cs_client *client);

/* ---------------------------------------------------------------- users and sessions */

typedef struct cs_factor {
    const char *id;
    const char *factor_type; /* "totp", "phone", "webauthn", "recovery_code", or a newer one */
    const char *status;      /* "verified" or "unverified" */
    const char *friendly_name;
    const char *phone;
    const char *created_at;
    const char *updated_at;
    const char *last_challenged_at;
    const void *reserved[4];
} cs_factor;

typedef struct cs_identity {
    const char *identity_id;
    const char *id;
    const char *user_id;
    const char *provider;
    const char *email;
    const char *identity_data; /* JSON text */
    const char *created_at;
    const char *updated_at;
    const char *last_sign_in_at;
    const void *reserved[4];
} cs_identity;

typedef struct cs_user {
    const char *id;
    const char *aud;
    const char *role;
    const char *email;
    const char *phone;
    const char *new_email;
    const char *new_phone;
    const char *created_at;
    const char *updated_at;
    const char *confirmed_at;
    const char *email_confirmed_at;
    const char *phone_confirmed_at;
    const char *last_sign_in_at;
    const char *invited_at;
    const char *banned_until;
    const char *app_metadata;  /* JSON text */
    const char *user_metadata; /* JSON text */
    bool is_anonymous;
    const cs_factor *factors;
    size_t factors_count;
    const cs_identity *identities;
    size_t identities_count;
    const char *json; /* the whole user as the server sent it, for what has no field here */
} cs_user;

typedef struct cs_session {
    const char *access_token;
    const char *refresh_token;
    const char *token_type;
    int64_t expires_in;  /* seconds, when the session was issued */
    int64_t expires_at;  /* by the server's clock */
    const cs_user *user; /* NULL only if the server sent none */
} cs_session;

/* Frees a session that cs_auth_get_session() gave. */
CS_API void cs_session_free(cs_session **session);

typedef struct cs_auth_response {
    const cs_session *session; /* NULL: the address is still to be confirmed */
    const cs_user *user;
    const char *message; /* set when a first of two confirmations was accepted */
} cs_auth_response;

CS_API void cs_auth_response_free(cs_auth_response **response);

typedef struct cs_sign_up_params {
    const char *email; /* one of email and phone */
    const char *phone;
    const char *password;
    const char *data;    /* JSON object for user_metadata */
    const char *channel; /* "sms" or "whatsapp", with phone */
    const char *email_redirect_to;
    const char *captcha_token;
    const void *reserved[4];
} cs_sign_up_params;

/*
 * POST /signup. Keeps the session, if the answer has one, and emits SIGNED_IN.
 * Not retried once anything was sent.
 */
CS_API CS_CHECK cs_status cs_auth_sign_up(cs_client *client, const cs_sign_up_params *params,
                                          cs_auth_response **out);

typedef struct cs_sign_in_with_password_params {
    const char *email; /* one of email and phone */
    const char *phone;
    const char *password;
    const char *captcha_token;
    const void *reserved[4];
} cs_sign_in_with_password_params;

/*
 * POST /token?grant_type=password. Keeps the session, which a successful answer always has, and
 * emits SIGNED_IN.
 */
CS_API CS_CHECK cs_status cs_auth_sign_in_with_password(
    cs_client *client, const cs_sign_in_with_password_params *params, cs_auth_response **out);

typedef struct cs_sign_in_with_otp_params {
    const char *email; /* one of email and phone */
    const char *phone;
    const char *data; /* JSON object for a new user's user_metadata */
    const char *channel;
    const char *email_redirect_to;
    const char *captcha_token;
    bool should_not_create_user;
    const void *reserved[4];
} cs_sign_in_with_otp_params;

typedef struct cs_otp_response {
    const char *message_id;
} cs_otp_response;

CS_API void cs_otp_response_free(cs_otp_response **response);

/* POST /otp: sends a code or a link. The session comes with cs_auth_verify_otp(). */
CS_API CS_CHECK cs_status cs_auth_sign_in_with_otp(cs_client *client,
                                                   const cs_sign_in_with_otp_params *params,
                                                   cs_otp_response **out);

typedef struct cs_verify_otp_params {
    const char *type; /* "email", "sms", "signup", "recovery", "email_change", "phone_change" … */
    const char *token;      /* with email or phone */
    const char *token_hash; /* or this alone */
    const char *email;
    const char *phone;
    const char *redirect_to;
    const char *captcha_token;
    const void *reserved[4];
} cs_verify_otp_params;

/* POST /verify. Keeps the session; emits SIGNED_IN, for type "recovery" PASSWORD_RECOVERY. */
CS_API CS_CHECK cs_status cs_auth_verify_otp(cs_client *client, const cs_verify_otp_params *params,
                                             cs_auth_response **out);

/*
 * Exchanges the refresh token for a new session and emits TOKEN_REFRESHED. `refresh_token` NULL
 * means the current session's: then threads that ask at the same time share one request. If the
 * server refuses the current session for good, it is removed and SIGNED_OUT is emitted.
 */
CS_API CS_CHECK cs_status cs_auth_refresh_session(cs_client *client, const char *refresh_token,
                                                  cs_auth_response **out);

/*
 * A copy of the current session, refreshed first if it is about to expire: less than 90 seconds
 * before, or half its life if that is shorter. While the server cannot be had it is given as long
 * as it is good, and asked for again after 30 seconds. SESSION_MISSING if nobody is signed in.
 */
CS_API CS_CHECK cs_status cs_auth_get_session(cs_client *client, cs_session **out);

typedef struct cs_set_session_params {
    const char *access_token;
    const char *refresh_token;
    const void *reserved[4];
} cs_set_session_params;

/*
 * Takes a session from elsewhere. A live access token is checked with GET /user, an expired one is
 * refreshed. Emits SIGNED_IN or TOKEN_REFRESHED.
 */
CS_API CS_CHECK cs_status cs_auth_set_session(cs_client *client,
                                              const cs_set_session_params *params,
                                              cs_auth_response **out);

typedef struct cs_user_response {
    const cs_user *user;
} cs_user_response;

CS_API void cs_user_response_free(cs_user_response **response);

/* GET /user: the user as the server knows it now. `jwt` NULL: the current session's. */
CS_API CS_CHECK cs_status cs_auth_get_user(cs_client *client, const char *jwt,
                                           cs_user_response **out);

typedef struct cs_update_user_params {
    const char *email;
    const char *phone;
    const char *password;
    const char *current_password;
    const char *nonce; /* from a reauthentication mail */
    const char *data;  /* JSON object, merged into user_metadata */
    const char *channel;
    const char *email_redirect_to;
    const void *reserved[4];
} cs_update_user_params;

/* PUT /user. Keeps the changed user in the session and emits USER_UPDATED. */
CS_API CS_CHECK cs_status cs_auth_update_user(cs_client *client,
                                              const cs_update_user_params *params,
                                              cs_user_response **out);

typedef struct cs_sign_out_params {
    const char *scope; /* "global" (default), "local", "others" */
    const void *reserved[4];
} cs_sign_out_params;

/*
 * POST /logout. `params` may be NULL. Removes the session and emits SIGNED_OUT, except for
 * "others". Calls under way in other threads do not bring it back. A session that the server no
 * longer knows (401, 403, 404) is a success. With "local" the session is gone from here even if the
 * server cannot be reached. SESSION_MISSING if nobody is signed in.
 */
CS_API cs_status cs_auth_sign_out(cs_client *client, const cs_sign_out_params *params);

/* ---------------------------------------------------------------- events */

typedef enum cs_auth_event {
    CS_EVENT_INITIAL_SESSION = 0,
    CS_EVENT_SIGNED_IN = 1,
    CS_EVENT_SIGNED_OUT = 2,
    CS_EVENT_TOKEN_REFRESHED = 3,
    CS_EVENT_USER_UPDATED = 4,
    CS_EVENT_PASSWORD_RECOVERY = 5,
    CS_EVENT_MFA_CHALLENGE_VERIFIED = 6
} cs_auth_event;

/* The official clients' name of an event, such as "SIGNED_IN"; "UNKNOWN" for others. */
CS_API const char *cs_auth_event_name(cs_auth_event event);

/*
 * Called after each change, in the thread that made it, with no lock held: it may call the client,
 * unsubscribe itself included, but not cs_client_free(). `session` is NULL when signed out and
 * valid only during the call. SIGNED_OUT comes also when a call learns that the server no longer
 * knows the session, or will never renew it, or that another process removed it from the storage.
 * SIGNED_IN comes also when another process signed in on that storage and its session is taken.
 * Changes by several threads may call back at the same time; one that was overtaken, because
 * somebody signed out or in since, is not told any more.
 */
typedef void (*cs_auth_callback)(cs_auth_event event, const cs_session *session, void *userdata);

/* Names a subscription; 0 is none. */
typedef uint64_t cs_subscription;

/* Subscribes, and calls back at once with INITIAL_SESSION. No request is made. */
CS_API CS_CHECK cs_status cs_auth_on_auth_state_change(cs_client *client, cs_auth_callback callback,
                                                       void *userdata, cs_subscription *out);

/*
 * Ends a subscription. When it returns, no other thread is inside the callback any more; an
 * unknown subscription is ignored.
 */
CS_API void cs_auth_unsubscribe(cs_client *client, cs_subscription subscription);

/*
 * Starts a thread that refreshes the session ahead of expiry: it looks every 30 seconds and acts
 * when three whole ticks or less are left (under 120 seconds), as the official clients do. Starting
 * twice is fine. Without it, calls that need a token refresh it themselves. Errors: SYSTEM.
 */
CS_API CS_CHECK cs_status cs_auth_start_auto_refresh(cs_client *client);

/*
 * Stops that thread and waits for it; a refresh under way is finished first (cs_client_cancel()
 * cuts it short). From inside a callback it does not wait.
 */
CS_API void cs_auth_stop_auto_refresh(cs_client *client);

/* ---------------------------------------------------------------- claims */

typedef struct cs_amr_entry {
    const char *method; /* "password", "otp", "totp", "mfa/phone", "mfa/recovery_code" … */
    int64_t timestamp;
    const void *reserved[2];
} cs_amr_entry;

typedef struct cs_claims {
    const char *iss;
    const char *sub;
    const char *aud;
    const char *role;
    const char *aal;
    const char *session_id;
    const char *email;
    const char *phone;
    int64_t exp;
    int64_t iat;
    bool is_anonymous;
    const cs_amr_entry *amr;
    size_t amr_count;
    const char *alg;
    const char *kid;
    bool verified;      /* the signature was checked, here or by the server */
    const char *header; /* JSON text */
    const char *claims; /* JSON text of all claims */
} cs_claims;

CS_API void cs_claims_free(cs_claims **claims);

/*
 * The claims of the current session's access token, read without a request and NOT verified: fit
 * for showing, not for granting. Errors: SESSION_MISSING, INVALID_TOKEN.
 */
CS_API CS_CHECK cs_status cs_auth_get_local_claims(cs_client *client, cs_claims **out);

typedef struct cs_get_claims_params {
    const char *jwt;    /* NULL: the current session's access token */
    bool allow_expired; /* do not look at exp */
    const void *reserved[4];
} cs_get_claims_params;

/*
 * The claims of a token, verified: RS256 and ES256 against the server's JWKS, which is kept for
 * ten minutes and, if it cannot be had, not asked for again at once; a token signed with HS256, or
 * by a key that is not in the JWKS, by asking the server (GET /user). A token whose nbf is to come,
 * by more than a minute, or that has crit in its header is refused. `params` may be NULL. Errors:
 * INVALID_TOKEN and those of requests.
 */
CS_API CS_CHECK cs_status cs_auth_get_claims(cs_client *client, const cs_get_claims_params *params,
                                             cs_claims **out);

/* ---------------------------------------------------------------- multi-factor authentication */

typedef struct cs_mfa_enroll_params {
    const char *factor_type; /* "totp", "phone" or "webauthn" */
    const char *friendly_name;
    const char *issuer; /* totp: shown by the authenticator app */
    const char *phone;  /* phone: in E.164 form */
    const void *reserved[4];
} cs_mfa_enroll_params;

typedef struct cs_mfa_totp {
    const char *qr_code; /* as the official clients give it: data:image/svg+xml;utf-8,<svg…> */
    const char *qr_svg;  /* the same without the data: prefix, fit for a file */
    const char *secret;  /* base32, to type in where a code cannot be scanned */
    const char *uri;     /* otpauth://totp/… */
} cs_mfa_totp;

typedef struct cs_mfa_enroll_response {
    const char *id;
    const char *type;
    const char *friendly_name;
    const cs_mfa_totp *totp; /* NULL unless type is "totp" */
    const char *phone;
} cs_mfa_enroll_response;

CS_API void cs_mfa_enroll_response_free(cs_mfa_enroll_response **response);

/* POST /factors: starts the enrollment of a factor. It counts once a code of it was verified. */
CS_API CS_CHECK cs_status cs_auth_mfa_enroll(cs_client *client, const cs_mfa_enroll_params *params,
                                             cs_mfa_enroll_response **out);

typedef struct cs_mfa_challenge_params {
    const char *factor_id;
    const char *channel; /* phone: "sms" or "whatsapp" */
    const void *reserved[4];
} cs_mfa_challenge_params;

typedef struct cs_mfa_challenge_response {
    const char *id;
    const char *type;
    int64_t expires_at;
    const char *webauthn; /* JSON text of the options for a WebAuthn factor, else "" */
} cs_mfa_challenge_response;

CS_API void cs_mfa_challenge_response_free(cs_mfa_challenge_response **response);

/* POST /factors/{id}/challenge: prepares a verification; a phone gets its code now. */
CS_API CS_CHECK cs_status cs_auth_mfa_challenge(cs_client *client,
                                                const cs_mfa_challenge_params *params,
                                                cs_mfa_challenge_response **out);

typedef struct cs_mfa_verify_params {
    const char *factor_id;
    const char *challenge_id;
    const char *code;
    const char *webauthn; /* JSON object, instead of code, for a WebAuthn factor */
    const void *reserved[4];
} cs_mfa_verify_params;

typedef struct cs_mfa_verify_response {
    const char *access_token;
    const char *refresh_token;
    const char *token_type;
    int64_t expires_in;
    int64_t expires_at;
    const cs_user *user;
} cs_mfa_verify_response;

CS_API void cs_mfa_verify_response_free(cs_mfa_verify_response **response);

/*
 * POST /factors/{id}/verify. Keeps the new session, which has level aal2, and emits
 * MFA_CHALLENGE_VERIFIED. Not retried once anything was sent: a code counts once.
 */
CS_API CS_CHECK cs_status cs_auth_mfa_verify(cs_client *client, const cs_mfa_verify_params *params,
                                             cs_mfa_verify_response **out);

typedef struct cs_mfa_challenge_and_verify_params {
    const char *factor_id;
    const char *code;
    const void *reserved[4];
} cs_mfa_challenge_and_verify_params;

/* cs_auth_mfa_challenge() and cs_auth_mfa_verify() in one: for factors that need no message. */
CS_API CS_CHECK cs_status cs_auth_mfa_challenge_and_verify(
    cs_client *client, const cs_mfa_challenge_and_verify_params *params,
    cs_mfa_verify_response **out);

typedef struct cs_mfa_unenroll_params {
    const char *factor_id;
    const void *reserved[4];
} cs_mfa_unenroll_params;

typedef struct cs_mfa_unenroll_response {
    const char *id;
    cs_status refresh_status; /* what the refresh of the session after it came to */
} cs_mfa_unenroll_response;

CS_API void cs_mfa_unenroll_response_free(cs_mfa_unenroll_response **response);

/*
 * DELETE /factors/{id}. A verified factor needs a session of level aal2. Afterwards the session is
 * refreshed, so that its level is right at once, unless no_refresh_after_unenroll is set. If only
 * that refresh fails the call is still CS_OK and refresh_status says why.
 */
CS_API CS_CHECK cs_status cs_auth_mfa_unenroll(cs_client *client,
                                               const cs_mfa_unenroll_params *params,
                                               cs_mfa_unenroll_response **out);

/* `all` has every factor; the others only the verified ones of their type. */
typedef struct cs_mfa_list_factors_response {
    const cs_factor *all;
    size_t all_count;
    const cs_factor *totp;
    size_t totp_count;
    const cs_factor *phone;
    size_t phone_count;
    const cs_factor *webauthn;
    size_t webauthn_count;
    const cs_factor *recovery_code;
    size_t recovery_code_count;
} cs_mfa_list_factors_response;

CS_API void cs_mfa_list_factors_response_free(cs_mfa_list_factors_response **response);

/* The user's factors, asked of the server (GET /user). */
CS_API CS_CHECK cs_status cs_auth_mfa_list_factors(cs_client *client,
                                                   cs_mfa_list_factors_response **out);

typedef struct cs_mfa_assurance_level {
    const char *current_level; /* "aal1" or "aal2": how the session was signed in */
    const char *next_level;    /* what it can be raised to with the user's verified factors */
    const cs_amr_entry *current_authentication_methods;
    size_t current_authentication_methods_count;
} cs_mfa_assurance_level;

CS_API void cs_mfa_assurance_level_free(cs_mfa_assurance_level **level);

/*
 * The level of the current session and the one it can reach, from what is stored here: no request
 * is made and the token is not verified. Errors: SESSION_MISSING, INVALID_TOKEN.
 */
CS_API CS_CHECK cs_status
cs_auth_mfa_get_authenticator_assurance_level(cs_client *client, cs_mfa_assurance_level **out);

/*
 * The same, but the server is asked (GET /user), which checks the token and knows factors that
 * were added or removed elsewhere. `jwt` NULL: the current session's.
 */
CS_API CS_CHECK cs_status cs_auth_mfa_get_authenticator_assurance_level_from_server(
    cs_client *client, const char *jwt, cs_mfa_assurance_level **out);

/* ---------------------------------------------------------------- recovery codes */

typedef struct cs_mfa_recovery_codes_status {
    const char *id;
    const char *type;
    int64_t total;
    int64_t remaining;
} cs_mfa_recovery_codes_status;

CS_API void cs_mfa_recovery_codes_status_free(cs_mfa_recovery_codes_status **status);

typedef struct cs_mfa_recovery_codes {
    const char *id;
    const char *type;
    const char *friendly_name;
    int64_t total;
    const char *const *codes; /* shown this once */
    size_t codes_count;
} cs_mfa_recovery_codes;

CS_API void cs_mfa_recovery_codes_free(cs_mfa_recovery_codes **codes);

typedef struct cs_mfa_recovery_codes_generate_params {
    const char *friendly_name;
    const void *reserved[4];
} cs_mfa_recovery_codes_generate_params;

typedef struct cs_mfa_recovery_codes_verify_params {
    const char *code;
    const void *reserved[4];
} cs_mfa_recovery_codes_verify_params;

/* GET /factors/recovery-codes: how many are left. */
CS_API CS_CHECK cs_status cs_auth_mfa_recovery_codes_get(cs_client *client,
                                                         cs_mfa_recovery_codes_status **out);

/* POST /factors/recovery-codes: makes the first set; needs aal2. `params` may be NULL. */
CS_API CS_CHECK cs_status cs_auth_mfa_recovery_codes_generate(
    cs_client *client, const cs_mfa_recovery_codes_generate_params *params,
    cs_mfa_recovery_codes **out);

/* POST /factors/recovery-codes/regenerate: replaces the set; needs aal2. */
CS_API CS_CHECK cs_status cs_auth_mfa_recovery_codes_regenerate(cs_client *client,
                                                                cs_mfa_recovery_codes **out);

/* POST /factors/recovery-codes/verify: as cs_auth_mfa_verify(), with a code that counts once. */
CS_API CS_CHECK cs_status cs_auth_mfa_recovery_codes_verify(
    cs_client *client, const cs_mfa_recovery_codes_verify_params *params,
    cs_mfa_verify_response **out);

/* DELETE /factors/recovery-codes: then as cs_auth_mfa_unenroll(). */
CS_API CS_CHECK cs_status cs_auth_mfa_recovery_codes_unenroll(cs_client *client,
                                                              cs_mfa_unenroll_response **out);

/* ---------------------------------------------------------------- admin, with a service key */

typedef struct cs_admin_mfa_delete_factor_params {
    const char *id;      /* UUID of the factor */
    const char *user_id; /* UUID of its owner */
    const void *reserved[4];
} cs_admin_mfa_delete_factor_params;

typedef struct cs_admin_mfa_delete_factor_response {
    const char *id;
} cs_admin_mfa_delete_factor_response;

CS_API void
cs_admin_mfa_delete_factor_response_free(cs_admin_mfa_delete_factor_response **response);

/* DELETE /admin/users/{user_id}/factors/{id}. What is not a UUID is refused here already. */
CS_API CS_CHECK cs_status
cs_auth_admin_mfa_delete_factor(cs_client *client, const cs_admin_mfa_delete_factor_params *params,
                                cs_admin_mfa_delete_factor_response **out);

typedef struct cs_admin_mfa_list_factors_params {
    const char *user_id; /* UUID */
    const void *reserved[4];
} cs_admin_mfa_list_factors_params;

typedef struct cs_admin_mfa_list_factors_response {
    const cs_factor *factors;
    size_t factors_count;
} cs_admin_mfa_list_factors_response;

CS_API void cs_admin_mfa_list_factors_response_free(cs_admin_mfa_list_factors_response **response);

/* GET /admin/users/{user_id}/factors. */
CS_API CS_CHECK cs_status
cs_auth_admin_mfa_list_factors(cs_client *client, const cs_admin_mfa_list_factors_params *params,
                               cs_admin_mfa_list_factors_response **out);

/* ---------------------------------------------------------------- codes */

#define CS_TOTP_CODE_SIZE 7 /* six digits and the NUL */

/*
 * The code that an authenticator app shows at `unix_time_s` (RFC 6238: SHA-1, six digits, 30
 * seconds) for a base32 secret; blanks, hyphens, lower case and padding in it are accepted. Without
 * a client. Errors: INVALID_ARGUMENT (then code is ""), NO_MEMORY.
 */
CS_API CS_CHECK cs_status cs_totp_code(const char *secret, int64_t unix_time_s,
                                       char code[CS_TOTP_CODE_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
