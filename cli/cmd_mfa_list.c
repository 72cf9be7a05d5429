/* cmd_mfa_list.c: `countersign mfa list`: the user's own factors. */
#include "help.h"
#include "job.h"
#include "show.h"

#include <stdio.h>

static void show_json(struct job *job, const cs_mfa_list_factors_response *list)
{
    struct strbuf out = json_begin(job->arena, '[');
    for (size_t i = 0; i < list->all_count; i++) {
        json_add_raw(&out, NULL, factor_json(job->arena, &list->all[i]));
    }
    json_end(&out, ']');
}

static void show_text(struct job *job, const cs_mfa_list_factors_response *list)
{
    static const char *const headings[] = { "ID", "TYPE", "STATUS", "NAME", "CREATED", NULL };
    struct table table = table_new(job->arena, headings);
    for (size_t i = 0; i < list->all_count; i++) {
        const cs_factor *f = &list->all[i];
        const char *cells[] = { f->id, f->factor_type, f->status,
                                *f->friendly_name ? f->friendly_name : f->phone,
                                short_time(job->arena, f->created_at) };
        table_row(&table, cells);
    }
    if (list->all_count) {
        table_print(&table);
    } else {
        printf("No factors yet.\nNext: countersign mfa enroll\n");
    }
}

static int act(struct job *job)
{
    cs_mfa_list_factors_response *list = NULL;
    cs_status status = cs_auth_mfa_list_factors(job->client, &list);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    (job->options.json ? show_json : show_text)(job, list);
    cs_mfa_list_factors_response_free(&list);
    return EXIT_OK;
}

const struct command command_mfa_list = {
    .name = "mfa list",
    .summary = "list your second factors",
    .help = "usage: countersign mfa list [OPTION]...\n\n"
            "Lists your factors as the server knows them now.\n\n" HELP_URL HELP_EXIT,
    .act = act,
    .client = CLIENT_USER,
};
