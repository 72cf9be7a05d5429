/* Showing a user's factors. */
#include "examples.h"

#include <stdio.h>

cs_status example_list_factors(cs_client *client)
{
    cs_mfa_list_factors_response *list = NULL;
    cs_status status = cs_auth_mfa_list_factors(client, &list);
    for (size_t i = 0; status == CS_OK && i < list->all_count; i++) {
        const cs_factor *factor = &list->all[i];
        printf("%s  %s  %s  %s\n", factor->id, factor->factor_type, factor->status,
               factor->friendly_name);
    }
    cs_mfa_list_factors_response_free(&list);
    return status;
}
