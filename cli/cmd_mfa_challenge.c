/* cmd_mfa_challenge.c: `countersign mfa challenge`: prepares a verification. */
#include "factor.h"
#include "help.h"
#include "show.h"

#include <stdio.h>

static void show(struct job *job, const char *factor_id, const cs_mfa_challenge_response *made)
{
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        json_add_int(&out, "expires_at", made->expires_at);
        json_add_text(&out, "id", made->id);
        json_add_text(&out, "type", made->type);
        json_end(&out, '}');
        return;
    }
    const char *id = safe(job->arena, made->id);
    printf("Challenge %s, good until %s.\nNext: countersign mfa verify %s --challenge %s\n", id,
           time_text(job->arena, made->expires_at), safe(job->arena, factor_id), id);
}

static int act(struct job *job)
{
    const char *id, *name;
    cs_mfa_challenge_response *made = NULL;
    int code = factor_pick(job, job->options.words[0], &id, &name);
    if (code >= 0) {
        return code;
    }
    cs_status status = cs_auth_mfa_challenge(
        job->client, &(cs_mfa_challenge_params){ .factor_id = id, .channel = job->options.channel },
        &made);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    show(job, id, made);
    cs_mfa_challenge_response_free(&made);
    return EXIT_OK;
}

const struct command command_mfa_challenge = {
    .name = "mfa challenge",
    .summary = "prepare a verification; a phone gets its code now",
    .help = "usage: countersign mfa challenge [FACTOR] [OPTION]...\n\n"
            "Makes a challenge for the factor, named by its id or its name; without one, for your\n"
            "only verified factor. mfa verify then takes the code.\n\n"
            "  --channel CHANNEL   sms or whatsapp, for a phone\n" HELP_URL HELP_EXIT,
    .act = act,
    .client = CLIENT_USER,
    .words_max = 1,
};
