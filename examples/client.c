/* A client whose session outlives the program. */
#include "examples.h"

#include <stdio.h>

cs_client *example_client(const char *url, const char *key)
{
    const cs_client_options options = {
        .client_info = "example/1.0",
        .session_file = "session.json",
        .timeout_ms = 15000,
    };
    cs_client *client = NULL;
    cs_status status = cs_client_new(url, key, &options, &client);
    if (status != CS_OK) {
        fprintf(stderr, "%s: %s\n", url, cs_status_message(status));
    }
    return client;
}

/* Called by another thread when the program is to end: running calls return CS_ERR_CANCELLED. The
 * threads that make them are joined before the client is freed. */
void example_stop(cs_client **client, void (*join_threads)(void))
{
    cs_client_cancel(*client);
    join_threads();
    cs_client_free(client);
}
