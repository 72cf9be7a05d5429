/* The short examples of the manual pages, one function a file. */
#ifndef EXAMPLES_H
#define EXAMPLES_H

#include <countersign.h>

cs_client *example_client(const char *url, const char *key);
void example_stop(cs_client **client, void (*join_threads)(void));
bool example_last_error(cs_client *client, cs_status status);
cs_status example_transport(void *userdata, const cs_http_request *request,
                            cs_http_response *response);
cs_status example_sign_up(cs_client *client, const char *email, const char *password);
cs_status example_sign_in_with_otp(cs_client *client, const char *phone, const char *code);
cs_status example_session(cs_client *client);
cs_status example_user(cs_client *client);
cs_status example_events(cs_client *client, cs_subscription *subscription);
cs_status example_auto_refresh(cs_client *client);
cs_status example_claims(cs_client *client, const char *token);
cs_status example_local_claims(cs_client *client);
cs_status example_enroll(cs_client *client);
cs_status example_challenge(cs_client *client, const char *phone_factor_id);
cs_status example_verify(cs_client *client, const char *factor_id, const char *code);
cs_status example_unenroll(cs_client *client, const char *factor_id);
cs_status example_list_factors(cs_client *client);
cs_status example_assurance_level(cs_client *client, bool *needs_mfa);
cs_status example_assurance_level_of(cs_client *client, const char *token, bool *is_aal2);
cs_status example_recovery_codes(cs_client *client);
cs_status example_use_recovery_code(cs_client *client, const char *code);
cs_status example_drop_recovery_codes(cs_client *client);
cs_status example_admin(cs_client *admin, const char *user_id);
cs_status example_totp(const char *secret);

#endif
