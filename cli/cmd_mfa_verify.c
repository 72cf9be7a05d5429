/* cmd_mfa_verify.c: `countersign mfa verify`: answers a challenge with a code. */
#include "factor.h"
#include "help.h"

static int act(struct job *job)
{
    const char *id, *name;
    cs_mfa_verify_response *verified = NULL;
    if (!job->options.challenge) {
        return usage_error(job->command, "--challenge is missing: countersign mfa challenge makes "
                                         "one, and mfa challenge-and-verify does both");
    }
    int code = factor_pick(job, job->options.words[0], &id, &name);
    const char *digits = code >= 0 ? NULL : factor_code(job, "Code: ");
    if (!digits) {
        return code >= 0 ? code : EXIT_USAGE;
    }
    cs_status status = cs_auth_mfa_verify(
        job->client,
        &(cs_mfa_verify_params){
            .factor_id = id, .challenge_id = job->options.challenge, .code = digits },
        &verified);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    code = factor_verified(job, name, verified);
    cs_mfa_verify_response_free(&verified);
    return code;
}

const struct command command_mfa_verify = {
    .name = "mfa verify",
    .summary = "answer a challenge with a code",
    .help = "usage: countersign mfa verify [FACTOR] --challenge ID [OPTION]...\n\n"
            "Verifies the code of the factor, named by its id or its name; without one, of your\n"
            "only verified factor. The session is at level aal2 afterwards. The code is asked\n"
            "for, or read as a line from standard input.\n\n"
            "  --challenge ID      what mfa challenge printed\n" HELP_CODE HELP_URL HELP_EXIT,
    .act = act,
    .client = CLIENT_USER,
    .words_max = 1,
};
