/* drift.c: see drift.h. */
#include "factor/totp/drift.h"

#include <stdlib.h>

int drift_of(const struct config *config, const struct totp_device *device)
{
    int most = DRIFT_MAX_S / device->kind.period_s;
    return !config->mfa.totp_drift ? 0
           : device->drift > most  ? most
           : device->drift < -most ? -most
                                   : device->drift;
}

bool drift_accepted(const struct config *config, struct totp_device *device, int64_t steps,
                    int64_t now_us)
{
    bool changed = device->refused_at != 0;
    device->refused_at = device->refused_off_s = 0;
    if (!config->mfa.totp_drift) {
        return changed;
    }
    int drift = drift_of(config, device), side = (int)steps - drift;
    if (device->readings && (side == 0 || (side > 0) != (device->readings > 0))) {
        device->readings = 0;
        changed = true;
    }
    if (side == 0 || (device->readings && now_us - device->read_at < DRIFT_READING_S * US_PER_S)) {
        return changed;
    }
    device->readings += side;
    device->read_at = now_us;
    if (abs(device->readings) == DRIFT_READINGS) {
        bool room = abs(drift + side) * device->kind.period_s <= DRIFT_MAX_S;
        device->drift = room ? drift + side : drift;
        device->readings = 0;
    }
    return true;
}

enum clock_finding drift_refused(struct totp_device *device, int64_t steps, int64_t now_us,
                                 int64_t *off_s)
{
    int64_t period_us = device->kind.period_s * US_PER_S;
    if (steps >= -1 && steps <= 1) { /* such a code was refused only for the drift */
        device->drift = device->readings = 0;
        return CLOCK_SET_RIGHT;
    }
    /* The middle of the code's step, since nobody knows when in it the code was typed. */
    int64_t into_us = now_us % period_us;
    *off_s = (steps * period_us + period_us / 2 - into_us) / US_PER_S;
    device->refused_off_s = *off_s;
    device->refused_at = now_us;
    return CLOCK_OFF;
}
