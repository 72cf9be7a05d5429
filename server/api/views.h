/* views.h: users, sessions and factors as JSON (accounts.md 1.5; mfa.md F1). */
#ifndef COUNTERSIGN_API_VIEWS_H
#define COUNTERSIGN_API_VIEWS_H

#include "api/call.h"
#include "domain/factor.h"
#include "domain/mfa.h"
#include "store/audit.h"

/* data: const struct account * */
void view_user(struct call *call, struct strbuf *out);

/* data: const struct issued_session * */
void view_session(struct call *call, struct strbuf *out);

/* data: const struct enrollment * */
void view_enrollment(struct call *call, struct strbuf *out);

/* data: const struct opened_challenge * */
void view_challenge(struct call *call, struct strbuf *out);

/* data: const struct factor * */
void view_factor(struct call *call, struct strbuf *out);

/* data: const struct factor_report * */
void view_factor_report(struct call *call, struct strbuf *out);

/* data: const struct account *: its factors as a bare array */
void view_factors(struct call *call, struct strbuf *out);

/* data: const struct uuid *: {"id":..} */
void view_id(struct call *call, struct strbuf *out);

struct people {
    struct account *list;
    int count;
    const char *aud;
};

/* data: const struct people * */
void view_users(struct call *call, struct strbuf *out);

struct audit_list {
    struct audit_row *rows;
    int count;
};

/* data: const struct audit_list * */
void view_audit(struct call *call, struct strbuf *out);

/* data: const char *: JSON text as it is */
void view_text(struct call *call, struct strbuf *out);

void write_user(struct strbuf *out, const struct account *account);

#endif
