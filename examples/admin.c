/* Helping somebody who lost the phone: an administrator removes the verified factors. */
#include "examples.h"

#include <string.h>

cs_status example_admin(cs_client *admin, const char *user_id)
{
    cs_admin_mfa_list_factors_response *list = NULL;
    cs_status status = cs_auth_admin_mfa_list_factors(
        admin, &(cs_admin_mfa_list_factors_params){ .user_id = user_id }, &list);
    for (size_t i = 0; status == CS_OK && i < list->factors_count; i++) {
        cs_admin_mfa_delete_factor_response *deleted = NULL;
        if (strcmp(list->factors[i].status, "verified") == 0) {
            status = cs_auth_admin_mfa_delete_factor(admin,
                                                     &(cs_admin_mfa_delete_factor_params){
                                                         .id = list->factors[i].id,
                                                         .user_id = user_id,
                                                     },
                                                     &deleted);
        }
        cs_admin_mfa_delete_factor_response_free(&deleted);
    }
    cs_admin_mfa_list_factors_response_free(&list);
    return status;
}
