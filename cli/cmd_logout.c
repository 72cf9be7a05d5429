/* cmd_logout.c: `countersign logout`: ends the session, on the server and here. */
#include "help.h"
#include "place.h"
#include "say.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

static int act(struct job *job)
{
    const char *scope = job->options.scope ? job->options.scope : "local";
    if (strcmp(scope, "local") != 0 && strcmp(scope, "global") != 0 &&
        strcmp(scope, "others") != 0) {
        return usage_error(job->command, "--scope is local, global or others, not \"%s\"", scope);
    }
    cs_status status = cs_auth_sign_out(job->client, &(cs_sign_out_params){ .scope = scope });
    if (status != CS_OK) {
        int code = job_failed(job, status);
        if (code == EXIT_UNREACHABLE && strcmp(scope, "local") == 0) {
            place_forget(job); /* the library removed the session already */
            say_warning("the session is removed from this machine; the server keeps it until it "
                        "ends there");
        }
        return code;
    }
    if (strcmp(scope, "others") != 0) {
        place_forget(job);
    }
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        json_add_text(&out, "scope", scope);
        json_end(&out, '}');
        return EXIT_OK;
    }
    printf(strcmp(scope, "others") == 0   ? "All your other sessions are ended.\n"
           : strcmp(scope, "global") == 0 ? "Signed out, here and everywhere else.\n"
                                          : "Signed out.\n");
    return EXIT_OK;
}

const struct command command_logout = {
    .name = "logout",
    .summary = "end the session",
    .help = "usage: countersign logout [OPTION]...\n\n"
            "Ends the session on the server and removes it from this machine.\n\n"
            "  --scope SCOPE       local (this session, the default), global (all sessions of the\n"
            "                      account) or others (all but this one)\n" HELP_URL HELP_EXIT,
    .act = act,
    .client = CLIENT_USER,
};
