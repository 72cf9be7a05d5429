/* The code that an app would show now. */
#include "examples.h"

#include <stdio.h>
#include <time.h>

cs_status example_totp(const char *secret)
{
    char code[CS_TOTP_CODE_SIZE];
    cs_status status = cs_totp_code(secret, time(NULL), code);
    if (status == CS_OK) {
        printf("%s, for %d more seconds\n", code, 30 - (int)(time(NULL) % 30));
    }
    return status;
}
