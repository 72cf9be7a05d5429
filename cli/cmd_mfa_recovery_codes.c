/* cmd_mfa_recovery_codes.c: `countersign mfa recovery-codes`: codes that count once each, for who
 * lost the other factors. Where the server has none it says so, and that is shown. */
#include "factor.h"
#include "help.h"
#include "prompt.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

/* Not an error of who asks how many are left. */
static int none_made(struct job *job)
{
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        json_add_int(&out, "remaining", 0);
        json_add_int(&out, "total", 0);
        json_end(&out, '}');
    } else {
        printf("You have no recovery codes.\n"
               "Next: countersign mfa recovery-codes generate, at level aal2\n");
    }
    return EXIT_OK;
}

static int status_act(struct job *job)
{
    cs_mfa_recovery_codes_status *left = NULL;
    cs_status status = cs_auth_mfa_recovery_codes_get(job->client, &left);
    const char *reason = cs_client_last_error(job->client)->code;
    if (status == CS_ERR_API && strcmp(reason, "mfa_factor_not_found") == 0) {
        return none_made(job);
    }
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        json_add_text(&out, "id", left->id);
        json_add_int(&out, "remaining", left->remaining);
        json_add_int(&out, "total", left->total);
        json_end(&out, '}');
    } else {
        printf("%lld of %lld recovery codes are left.\n", (long long)left->remaining,
               (long long)left->total);
    }
    cs_mfa_recovery_codes_status_free(&left);
    return EXIT_OK;
}

static int show_codes(struct job *job, cs_status status, cs_mfa_recovery_codes *codes)
{
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    struct strbuf list = json_begin(job->arena, '[');
    for (size_t i = 0; i < codes->codes_count; i++) {
        json_add_text(&list, NULL, codes->codes[i]);
        if (!job->options.json) {
            printf("%s\n", safe(job->arena, codes->codes[i]));
        }
    }
    strbuf_char(&list, ']');
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        json_add_raw(&out, "codes", list.data);
        json_add_text(&out, "id", codes->id);
        json_end(&out, '}');
    } else {
        printf("Next: keep these in a safe place: they are shown this once, and each counts "
               "once.\n");
    }
    cs_mfa_recovery_codes_free(&codes);
    return EXIT_OK;
}

static int generate_act(struct job *job)
{
    cs_mfa_recovery_codes *codes = NULL;
    cs_status status = cs_auth_mfa_recovery_codes_generate(
        job->client, &(cs_mfa_recovery_codes_generate_params){ .friendly_name = job->options.name },
        &codes);
    return show_codes(job, status, codes);
}

static int regenerate_act(struct job *job)
{
    cs_mfa_recovery_codes *codes = NULL;
    int code = job_confirm(job, "The codes you have will not count any more.");
    if (code >= 0) {
        return code;
    }
    cs_status status = cs_auth_mfa_recovery_codes_regenerate(job->client, &codes);
    return show_codes(job, status, codes);
}

static int verify_act(struct job *job)
{
    cs_mfa_verify_response *verified = NULL;
    const char *code =
        job->options.code ? job->options.code : prompt_secret(job->arena, "Recovery code: ");
    if (!code) {
        return job_complain(job, EXIT_USAGE,
                            "there is no code.\nNext: type it at the prompt, or "
                            "pipe it in as one line");
    }
    cs_status status = cs_auth_mfa_recovery_codes_verify(
        job->client, &(cs_mfa_recovery_codes_verify_params){ .code = code }, &verified);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    int done = factor_verified(job, "a recovery code", verified);
    cs_mfa_verify_response_free(&verified);
    return done;
}

static int remove_act(struct job *job)
{
    cs_mfa_unenroll_response *gone = NULL;
    int code = job_confirm(job, "Remove all recovery codes?");
    if (code >= 0) {
        return code;
    }
    cs_status status = cs_auth_mfa_recovery_codes_unenroll(job->client, &gone);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        json_add_text(&out, "id", gone->id);
        json_end(&out, '}');
    } else {
        printf("Removed.\n");
    }
    cs_mfa_unenroll_response_free(&gone);
    return EXIT_OK;
}

static const struct {
    const char *name;
    int (*act)(struct job *job);
} actions[] = {
    { "status", status_act }, { "generate", generate_act }, { "regenerate", regenerate_act },
    { "verify", verify_act }, { "remove", remove_act },
};

static int act(struct job *job)
{
    const char *word = job->options.words[0] ? job->options.words[0] : "status";
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(actions[i].name, word) == 0) {
            return actions[i].act(job);
        }
    }
    return usage_error(job->command, "there is no \"%s\" of recovery codes", word);
}

const struct command command_mfa_recovery_codes = {
    .name = "mfa recovery-codes",
    .summary = "codes for when the other factors are lost",
    .help = "usage: countersign mfa recovery-codes [ACTION] [OPTION]...\n\n"
            "Actions: status (how many are left, the default), generate, regenerate (the old ones\n"
            "end), verify (sign in the second step with one), remove. Making and removing them\n"
            "needs level aal2.\n\n"
            "  --name NAME         a name for the set, with generate\n" HELP_CODE HELP_YES HELP_URL
                HELP_EXIT,
    .act = act,
    .client = CLIENT_USER,
    .words_max = 1,
    .choices = "status generate regenerate verify remove",
};
