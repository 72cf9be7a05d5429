/* methods.h: how kinds of factor are named as authentication methods (amr): "mfa/" and the type;
 * one older than that has none. Names alone, for any layer; what a kind does is in its folder. */
#ifndef COUNTERSIGN_FACTOR_METHODS_H
#define COUNTERSIGN_FACTOR_METHODS_H

#define METHOD_PREFIX "mfa/"
#define TOTP_TYPE "totp"
#define METHOD_WITHOUT_PREFIX TOTP_TYPE

/* Recovery codes are listed and count like a factor, and are no kind: they stand in for one. */
#define RECOVERY_CODE_TYPE "recovery_code"
#define RECOVERY_CODE_METHOD METHOD_PREFIX RECOVERY_CODE_TYPE

#endif
