/* session.h: sessions begin, are raised and end; their refresh tokens (mfa.md 4.6, 4.7;
 * internals.md §3). */
#ifndef COUNTERSIGN_DOMAIN_SESSION_H
#define COUNTERSIGN_DOMAIN_SESSION_H

#include "domain/issued_session.h"

/* Of new refresh tokens: what the settings say, but for a schema that has no place for 2. */
int session_version(const struct realm *realm, const struct tx *tx);

/* A new aal1 session of issued->person.user by the method (row O10), with its first refresh token;
 * fills the rest of the grant. */
void session_open(const struct realm *realm, struct tx *tx, const struct client *client,
                  const char *method, struct issued_session *issued);

/* After a second factor: a new refresh token, and the end of all others of the session (row V10;
 * docs/protocol/security.md, S7). Changes *session; the caller saves it. */
void session_raise(const struct realm *realm, struct tx *tx, struct session *session,
                   const char **refresh_token);

/* The key of a version 2 session, opened. */
enum problem session_key(const struct realm *realm, struct tx *tx, const struct session *session,
                         uint8_t key[32]) MUST_CHECK;

/* Gives the session a key of its own and counter 0. */
void session_key_new(const struct realm *realm, struct tx *tx, struct session *session,
                     uint8_t key[32]);

/* grant_type=refresh_token, whole. */
enum problem session_refresh(const struct realm *realm, struct tx *tx, const struct client *client,
                             const char *token, struct issued_session *issued) MUST_CHECK;

enum logout_scope { LOGOUT_GLOBAL, LOGOUT_LOCAL, LOGOUT_OTHERS };

/* Row S8. session NULL: every scope acts as global. high: the request's level is aal2; where it is
 * not, other sessions that are stay (S5). */
void session_logout(const struct realm *realm, struct tx *tx, const struct user *user,
                    const struct uuid *session, bool high, enum logout_scope scope);

#endif
