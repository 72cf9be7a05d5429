/* people.h: what nearly every pipeline test needs: users, sessions, TOTP factors and their codes.
 */
#ifndef COUNTERSIGN_TESTS_PIPELINE_PEOPLE_H
#define COUNTERSIGN_TESTS_PIPELINE_PEOPLE_H

#include "rig.h"

#define PASSWORD "correct horse battery"

struct login_session {
    const char *access, *refresh, *user_id, *session_id;
};

struct totp {
    const char *id, *secret; /* base32 */
};

/* A user with that e-mail address and PASSWORD, and a session of it. */
struct login_session sign_up(struct rig *rig, const char *email);
struct login_session sign_in(struct rig *rig, const char *email);
struct login_session sign_up_anonymously(struct rig *rig);

/* What an answer with a session holds. */
struct login_session session_in(const struct got *got);

const struct got *password_grant(struct rig *rig, const char *email, const char *password);
const struct got *refresh(struct rig *rig, const char *token);

const struct got *enroll(struct rig *rig, const char *access, const char *name);
struct totp enrolled(const struct got *got);

/* The code of the step that is `steps` after now. */
const char *code_at(struct rig *rig, const struct totp *factor, int steps);

/* A code of the right form that is none of the codes around now. */
const char *wrong_code(struct rig *rig, const struct totp *factor);

const char *challenge(struct rig *rig, const char *access, const char *factor_id);
const struct got *verify(struct rig *rig, const char *access, const char *factor_id,
                         const char *challenge_id, const char *code);

/* A challenge and its verification. */
const struct got *prove(struct rig *rig, const char *access, const struct totp *factor,
                        const char *code);

/* Enrolls a factor of that name and verifies it; *session becomes the raised one. */
struct totp add_totp(struct rig *rig, struct login_session *session, const char *name);

/* The level in the token, and the methods, newest first: "totp,password". */
const char *aal_in(struct rig *rig, const char *access);
const char *amr_in(struct rig *rig, const char *access);
int64_t exp_in(struct rig *rig, const char *access);

#endif
