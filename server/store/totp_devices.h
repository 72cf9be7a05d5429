/* totp_devices.h: our own table totp_devices: the authenticator behind a TOTP factor, its kind of
 * code and how its clock goes. A factor without a row has the usual kind and a clock like ours. */
#ifndef COUNTERSIGN_STORE_TOTP_DEVICES_H
#define COUNTERSIGN_STORE_TOTP_DEVICES_H

#include "crypto/totp.h"
#include "store/db.h"

struct totp_device {
    struct totp_kind kind;
    int drift;       /* steps that its clock is ahead of ours; negative: behind */
    int readings;    /* accepted codes in a row that were off to one side; its sign says which */
    int64_t read_at; /* when the newest of them was */
    int64_t refused_off_s; /* seconds ahead, when its newest code was refused for that; see
                              refused_at */
    int64_t refused_at;    /* 0: its newest code was not refused for that */
};

struct totp_device totp_device_of(struct tx *tx, const struct uuid *factor_id);
void totp_device_prefetch(struct tx *tx, const struct uuid *factor_id);
void totp_device_put(struct tx *tx, const struct uuid *factor_id, const struct totp_device *device);

/* A verified TOTP factor with its kind and its owner, to be exported. */
struct totp_owned {
    struct uuid id, user_id;
    const char *friendly_name, *secret; /* the secret as it is stored */
    const char *email, *phone;          /* NULL if there is none */
    struct totp_kind kind;
};

/* Those whose id is greater than after, in the order of ids, at most n; returns how many. */
int totp_owned_page(struct tx *tx, const struct uuid *after, struct totp_owned *out, int n);

#endif
