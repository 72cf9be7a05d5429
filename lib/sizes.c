/* sizes.c: structs whose size is promised within a soname (countersign.h, "How the structs grow"):
 * a program built against an older header lays them out itself. On machines whose pointers have 64
 * bits; on others the layout follows from the same members. */
#include <countersign.h>

#define PROMISED "its size is promised: a new member takes the place of a reserved one"

#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(cs_http_header) == 16, PROMISED);
_Static_assert(sizeof(cs_http_request) == 112, PROMISED);
_Static_assert(sizeof(cs_transport) == 48, PROMISED);
_Static_assert(sizeof(cs_storage) == 72, PROMISED);
_Static_assert(sizeof(cs_client_options) == 192, PROMISED);
_Static_assert(sizeof(cs_factor) == 96, PROMISED);
_Static_assert(sizeof(cs_identity) == 104, PROMISED);
_Static_assert(sizeof(cs_sign_up_params) == 88, PROMISED);
_Static_assert(sizeof(cs_sign_in_with_password_params) == 64, PROMISED);
_Static_assert(sizeof(cs_sign_in_with_otp_params) == 88, PROMISED);
_Static_assert(sizeof(cs_verify_otp_params) == 88, PROMISED);
_Static_assert(sizeof(cs_set_session_params) == 48, PROMISED);
_Static_assert(sizeof(cs_update_user_params) == 96, PROMISED);
_Static_assert(sizeof(cs_sign_out_params) == 40, PROMISED);
_Static_assert(sizeof(cs_amr_entry) == 32, PROMISED);
_Static_assert(sizeof(cs_get_claims_params) == 48, PROMISED);
_Static_assert(sizeof(cs_mfa_enroll_params) == 64, PROMISED);
_Static_assert(sizeof(cs_mfa_challenge_params) == 48, PROMISED);
_Static_assert(sizeof(cs_mfa_verify_params) == 64, PROMISED);
_Static_assert(sizeof(cs_mfa_challenge_and_verify_params) == 48, PROMISED);
_Static_assert(sizeof(cs_mfa_unenroll_params) == 40, PROMISED);
_Static_assert(sizeof(cs_mfa_recovery_codes_generate_params) == 40, PROMISED);
_Static_assert(sizeof(cs_mfa_recovery_codes_verify_params) == 40, PROMISED);
_Static_assert(sizeof(cs_admin_mfa_delete_factor_params) == 48, PROMISED);
_Static_assert(sizeof(cs_admin_mfa_list_factors_params) == 40, PROMISED);
#endif
