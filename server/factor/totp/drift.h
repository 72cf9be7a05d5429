/* drift.h: how an authenticator's clock goes (RFC 6238 §6): learned from codes that were accepted,
 * forgotten when the clock was set right. Decision 0010 says why so. No storage here. */
#ifndef COUNTERSIGN_FACTOR_TOTP_DRIFT_H
#define COUNTERSIGN_FACTOR_TOTP_DRIFT_H

#include "domain/factor.h"

enum {
    DRIFT_READINGS = 3,     /* accepted codes in a row that move the window a step */
    DRIFT_READING_S = 3600, /* one that came sooner after another is no reading of its own */
    DRIFT_MAX_S = 300,      /* as far as the window goes away from our clock */
    DRIFT_SEEN_S = 600,     /* so far off a code is known, though refused */
};

/* Steps ahead of our clock around which codes are taken. */
int drift_of(const struct config *config, const struct totp_device *device);

/* A code was accepted that is `steps` ahead of our clock, at most one beside drift_of(). true: the
 * device has changed and is to be stored. */
bool drift_accepted(const struct config *config, struct totp_device *device, int64_t steps,
                    int64_t now_us);

/* A code was refused that is `steps` ahead of our clock. Changes the device. */
enum clock_finding drift_refused(struct totp_device *device, int64_t steps, int64_t now_us,
                                 int64_t *off_s);

#endif
