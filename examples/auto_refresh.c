/* Keeping the session fresh while the program waits for something else. */
#include "examples.h"

cs_status example_auto_refresh(cs_client *client)
{
    cs_status status = cs_auth_start_auto_refresh(client);
    if (status == CS_OK) {
        /* the program's own loop runs here */
        cs_auth_stop_auto_refresh(client);
    }
    return status;
}
