/* captcha.h: asks hCaptcha or Turnstile whether a token is a person's (accounts.md
 * section 9). On a pool thread: it waits for the provider. */
#ifndef COUNTERSIGN_DELIVER_CAPTCHA_H
#define COUNTERSIGN_DELIVER_CAPTCHA_H

#include "base/ctx.h"
#include "config/config.h"

/* P_CAPTCHA_MISSING, P_CAPTCHA_FAILED, P_CAPTCHA_UNREACHABLE (rows CP3 to CP5). */
enum problem captcha_check(const struct config *config, struct ctx *ctx, const char *token,
                           const char *ip) MUST_CHECK;

#endif
