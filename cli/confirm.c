/* confirm.c: the question before something is removed for good, see job.h. */
#include "job.h"

#include "prompt.h"

#include <string.h>

int job_confirm(struct job *job, const char *question)
{
    if (job->options.yes) {
        return -1;
    }
    if (!prompt_possible()) {
        return job_complain(job, EXIT_USAGE,
                            "nobody is here to confirm it, so nothing was removed.\n"
                            "Next: the same with --yes");
    }
    const char *prompt = arena_printf(job->arena, "%s Type yes to go on: ", question);
    const char *answer = prompt_line(job->arena, prompt);
    if (answer && (strcmp(answer, "yes") == 0 || strcmp(answer, "y") == 0)) {
        return -1;
    }
    return job_complain(job, EXIT_REFUSED, "nothing was removed");
}
