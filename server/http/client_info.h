/* client_info.h: what a client's version can handle, by its X-Client-Info header. */
#ifndef COUNTERSIGN_HTTP_CLIENT_INFO_H
#define COUNTERSIGN_HTTP_CLIENT_INFO_H

#include <stdbool.h>

/* Recovery codes are listed in user.factors to clients that bear a verified factor of that type
 * (mfa.md 2.6). header NULL: the client does not say what it is. */
bool client_lists_recovery_codes(const char *header);

#endif
