/* Telling people, and the program, what went wrong. */
#include "examples.h"

#include <stdio.h>
#include <string.h>

bool example_last_error(cs_client *client, cs_status status)
{
    const cs_error *error = cs_client_last_error(client);
    if (status == CS_OK) {
        return false;
    }
    if (strcmp(error->code, "mfa_verification_failed") == 0) {
        puts("That code was wrong. Try the next one.");
    } else if (error->retry_after_s > 0) {
        printf("Wait %ld seconds, then try again.\n", error->retry_after_s);
    } else {
        fprintf(stderr, "libcountersign %s: %s (HTTP %d, %s): %s\n", cs_version(),
                cs_status_name(status), error->http_status, error->code, error->message);
    }
    return cs_status_is_retryable(status);
}
