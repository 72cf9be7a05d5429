/* cmd_admin_factor_delete.c: `countersign admin factor delete`: for who lost the phone. */
#include "admin.h"
#include "help.h"
#include "show.h"

#include <stdio.h>

static int act(struct job *job)
{
    const struct json_t *user, *factor;
    cs_admin_mfa_delete_factor_response *gone = NULL;
    int code = admin_user(job, job->options.words[0], &user);
    code = code >= 0 ? code : admin_factor(job, user, job->options.words[1], &factor);
    if (code < 0) {
        code = job_confirm(job,
                           arena_printf(job->arena, "Delete the factor %s of %s?",
                                        admin_factor_name(job, factor), admin_name_of(job, user)));
    }
    if (code >= 0) {
        return code;
    }
    cs_status status = cs_auth_admin_mfa_delete_factor(
        job->client,
        &(cs_admin_mfa_delete_factor_params){ .id = json_member_text(factor, "id"),
                                              .user_id = json_member_text(user, "id") },
        &gone);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        json_add_text(&out, "id", gone->id);
        json_end(&out, '}');
    } else {
        printf("Deleted the factor %s of %s.\n", admin_factor_name(job, factor),
               admin_name_of(job, user));
    }
    cs_admin_mfa_delete_factor_response_free(&gone);
    return EXIT_OK;
}

const struct command command_admin_factor_delete = {
    .name = "admin factor delete",
    .summary = "delete a second factor of an account",
    .help = "usage: countersign admin factor delete USER FACTOR [OPTION]...\n\n"
            "Deletes the factor, named by its id or its name, of the account, named by its id or\n"
            "its e-mail address, after asking: for somebody who lost the device.\n\n" HELP_YES
                HELP_ADMIN HELP_EXIT,
    .act = act,
    .client = CLIENT_ADMIN,
    .words_min = 2,
    .words_max = 2,
};
