/* Being told when the session changes. */
#include "examples.h"

#include <stdio.h>

static void on_change(cs_auth_event event, const cs_session *session, void *userdata)
{
    (void)userdata;
    printf("%s: %s\n", cs_auth_event_name(event), session == NULL ? "nobody" : "signed in");
}

cs_status example_events(cs_client *client, cs_subscription *subscription)
{
    /* ended by cs_auth_unsubscribe(client, *subscription) */
    return cs_auth_on_auth_state_change(client, on_change, NULL, subscription);
}
