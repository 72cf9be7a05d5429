/* totp_devices.c: SQL of the table totp_devices, see totp_devices.h. */
#include "store/totp_devices.h"

#include "factor/methods.h"

DB_SQL(of_factor, "select algorithm, digits, period_s, drift, readings, read_at, refused_off_s, "
                  "refused_at from @@totp_devices where factor_id = $1");

/* NULLs are those of a factor without a row. */
static struct totp_kind read_kind(struct rows *r, int first)
{
    struct totp_kind kind = totp_default;
    if (!rows_null(r, first)) {
        totp_digest_read(rows_text(r, first), &kind.digest);
        kind.digits = (int)rows_int(r, first + 1);
        kind.period_s = (int)rows_int(r, first + 2);
    }
    return kind;
}

void totp_device_prefetch(struct tx *tx, const struct uuid *factor_id)
{
    db_prefetch(tx, &of_factor, V_ID(factor_id));
}

struct totp_device totp_device_of(struct tx *tx, const struct uuid *factor_id)
{
    struct totp_device device = { .kind = totp_default };
    struct rows *r = db_query(tx, &of_factor, V_ID(factor_id));
    if (rows_next(r)) {
        device = (struct totp_device){
            .kind = read_kind(r, 0),
            .drift = (int)rows_int(r, 3),
            .readings = (int)rows_int(r, 4),
            .read_at = rows_time(r, 5),
            .refused_off_s = rows_int(r, 6),
            .refused_at = rows_time(r, 7),
        };
    }
    rows_end(r);
    return device;
}

void totp_device_put(struct tx *tx, const struct uuid *factor_id, const struct totp_device *d)
{
    DB_SQL(sql, "insert into @@totp_devices (factor_id, algorithm, digits, period_s, drift, "
                "readings, read_at, refused_off_s, refused_at, updated_at) "
                "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (factor_id) do "
                "update set algorithm = excluded.algorithm, digits = excluded.digits, "
                "period_s = excluded.period_s, drift = excluded.drift, "
                "readings = excluded.readings, read_at = excluded.read_at, "
                "refused_off_s = excluded.refused_off_s, refused_at = excluded.refused_at, "
                "updated_at = excluded.updated_at");
    db_run(tx, &sql, V_ID(factor_id), V_TEXT(totp_digest_name(d->kind.digest)),
           V_INT(d->kind.digits), V_INT(d->kind.period_s), V_INT(d->drift), V_INT(d->readings),
           V_TIME(d->read_at), V_INT(d->refused_off_s), V_TIME(d->refused_at),
           V_TIME(tx->ctx->now_us));
}

int totp_owned_page(struct tx *tx, const struct uuid *after, struct totp_owned *out, int n)
{
    DB_SQL(sql,
           "select f.id, f.user_id, f.friendly_name, f.secret, u.email, u.phone, d.algorithm, "
           "d.digits, d.period_s from @mfa_factors f join @users u on u.id = f.user_id "
           "left join @@totp_devices d on d.factor_id = f.id where f.factor_type = '" TOTP_TYPE "' "
           "and f.status = 'verified' and u.deleted_at is null and f.id > $1 "
           "order by f.id limit $2");
    struct rows *r = db_query(tx, &sql, V_ID(after), V_INT(n));
    int found = 0;
    while (found < n && rows_next(r)) {
        const char *name = rows_text(r, 2), *secret = rows_text(r, 3);
        out[found++] = (struct totp_owned){
            .id = rows_id(r, 0),
            .user_id = rows_id(r, 1),
            .friendly_name = name ? name : "",
            .secret = secret ? secret : "",
            .email = rows_text(r, 4),
            .phone = rows_text(r, 5),
            .kind = read_kind(r, 6),
        };
    }
    rows_end(r);
    return found;
}
