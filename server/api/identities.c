/* identities.c: DELETE /user/identities/{identity_id} (accounts.md 5.3). */
#include "api/handlers.h"
#include "domain/unlink.h"

#include <string.h>

enum problem identity_delete_one(struct call *call, struct tx *tx)
{
    struct uuid id;
    const char *aud = call->principal.claims.aud;
    if (!call->services->config->accounts.manual_linking) {
        return P_LINKING_OFF;
    }
    if (!uuid_parse(call->params[PARAM_IDENTITY], &id)) {
        return P_IDENTITY_ID_NOT_UUID;
    }
    if (call_wants_other_audience(call) || strcmp(call->audience, aud ? aud : "") != 0) {
        return P_UNLINK_AUDIENCE;
    }
    struct subject subject = call_subject(call);
    enum problem problem = identity_unlink(&call->services->realm, tx, &subject, &id);
    return problem ? problem : reply_empty_object(call);
}
