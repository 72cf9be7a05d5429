/* cmd_mfa_challenge_and_verify.c: `countersign mfa challenge-and-verify`: both steps in one. */
#include "factor.h"
#include "help.h"

static int act(struct job *job)
{
    const char *id, *name;
    cs_mfa_verify_response *verified = NULL;
    int code = factor_pick(job, job->options.words[0], &id, &name);
    const char *digits = code >= 0 ? NULL : factor_code(job, "Code that the app shows: ");
    if (!digits) {
        return code >= 0 ? code : EXIT_USAGE;
    }
    cs_status status = cs_auth_mfa_challenge_and_verify(
        job->client, &(cs_mfa_challenge_and_verify_params){ .factor_id = id, .code = digits },
        &verified);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    code = factor_verified(job, name, verified);
    cs_mfa_verify_response_free(&verified);
    return code;
}

const struct command command_mfa_challenge_and_verify = {
    .name = "mfa challenge-and-verify",
    .summary = "raise the session to aal2 with a code of the app",
    .help = "usage: countersign mfa challenge-and-verify [FACTOR] [OPTION]...\n\n"
            "Makes a challenge and answers it with the code that the authenticator app shows. The\n"
            "factor is named by its id or its name; without one it is your only verified factor.\n"
            "The code is asked for, or read as a line from standard input.\n\n" HELP_CODE HELP_URL
                HELP_EXIT,
    .act = act,
    .client = CLIENT_USER,
    .words_max = 1,
};
