/* Time for a client: the option's clock or the machine's, a steady one, and waiting by it. */
#include "client.h"

#include <time.h>

int64_t csi_client_now(const cs_client *client)
{
    return client->options.now != NULL ? client->options.now(client->options.now_userdata)
                                       : (int64_t)time(NULL);
}

int64_t csi_monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void csi_client_wait_until(cs_client *client, int64_t until_ms)
{
    struct timespec until = { .tv_sec = (time_t)(until_ms / 1000),
                              .tv_nsec = (long)(until_ms % 1000) * 1000000 };
    pthread_cond_timedwait(&client->changed, &client->lock, &until);
}
