/* A complete program: signs in with a password, then asks for a second factor if the user has one
 * and offers to enroll an authenticator app if not.
 *
 *     cc sign_in_with_mfa.c $(pkg-config --cflags --libs countersign) -o sign_in_with_mfa
 *     ./sign_in_with_mfa URL ANON_KEY EMAIL
 *
 * The password is the first line of the standard input, codes are the lines after it. Exits with 0
 * once the session is as sure as it can be. */
#include <countersign.h>

#include <stdio.h>
#include <string.h>

enum { TRIES = 3 };

static int complain(const cs_client *client, const char *what, cs_status status)
{
    const cs_error *error = cs_client_last_error(client);
    fprintf(stderr, "%s: %s\n", what, error->message);
    if (status == CS_ERR_RATE_LIMITED && error->retry_after_s > 0) {
        fprintf(stderr, "try again in %ld seconds\n", error->retry_after_s);
    }
    return 1;
}

static bool ask(const char *prompt, char *line, size_t size)
{
    fprintf(stderr, "%s", prompt);
    if (fgets(line, (int)size, stdin) == NULL) {
        return false;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return line[0] != '\0';
}

/* Asks for a code of the factor until one is right. */
static int verify(cs_client *client, const char *factor_id)
{
    char code[32];
    cs_status status = CS_ERR_API;
    for (int i = 0; i < TRIES && ask("Code: ", code, sizeof code); i++) {
        cs_mfa_verify_response *verified = NULL;
        status = cs_auth_mfa_challenge_and_verify(
            client, &(cs_mfa_challenge_and_verify_params){ .factor_id = factor_id, .code = code },
            &verified);
        cs_mfa_verify_response_free(&verified);
        const char *reason = cs_client_last_error(client)->code;
        if (status == CS_OK || strcmp(reason, "mfa_verification_failed") != 0) {
            break;
        }
        fprintf(stderr, "That code is wrong. Wait for the next one.\n");
    }
    return status == CS_OK ? 0 : complain(client, "verification", status);
}

static int enroll(cs_client *client)
{
    cs_mfa_enroll_response *enrolled = NULL;
    cs_status status = cs_auth_mfa_enroll(
        client, &(cs_mfa_enroll_params){ .factor_type = "totp", .friendly_name = "app" },
        &enrolled);
    if (status != CS_OK) {
        return complain(client, "enrollment", status);
    }
    printf("Add this to your authenticator app:\n  secret %s\n  %s\n", enrolled->totp->secret,
           enrolled->totp->uri);
    fflush(stdout);
    int result = verify(client, enrolled->id);
    cs_mfa_enroll_response_free(&enrolled);
    return result;
}

static int second_factor(cs_client *client)
{
    cs_mfa_list_factors_response *list = NULL;
    cs_status status = cs_auth_mfa_list_factors(client, &list);
    if (status != CS_OK) {
        return complain(client, "factors", status);
    }
    int result = list->totp_count > 0 ? verify(client, list->totp[0].id) : enroll(client);
    cs_mfa_list_factors_response_free(&list);
    return result;
}

static int run(cs_client *client, const char *email)
{
    char password[256];
    cs_auth_response *signed_in = NULL;
    cs_mfa_assurance_level *level = NULL;
    if (!ask("Password: ", password, sizeof password)) {
        return 1;
    }
    cs_status status = cs_auth_sign_in_with_password(
        client, &(cs_sign_in_with_password_params){ .email = email, .password = password },
        &signed_in);
    if (status != CS_OK) {
        return complain(client, "sign-in", status);
    }
    cs_auth_response_free(&signed_in);
    int result = second_factor(client);
    status = cs_auth_mfa_get_authenticator_assurance_level(client, &level);
    if (status != CS_OK) {
        return complain(client, "level", status);
    }
    printf("%s is signed in at %s (%s is possible)\n", email, level->current_level,
           level->next_level);
    cs_mfa_assurance_level_free(&level);
    return result;
}

int main(int argc, char **argv)
{
    cs_client *client = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: %s URL ANON_KEY EMAIL\n", argv[0]);
        return 2;
    }
    cs_status status = cs_client_new(
        argv[1], argv[2], &(cs_client_options){ .client_info = "sign_in_with_mfa" }, &client);
    if (status != CS_OK) {
        fprintf(stderr, "%s\n", cs_status_message(status));
        return 2;
    }
    int result = run(client, argv[3]);
    cs_client_free(&client);
    return result;
}
