/* factor.c: finds the factor that an argument names, and ends verifications, see factor.h. */
#include "factor.h"

#include "prompt.h"
#include "show.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const cs_factor *named(const cs_mfa_list_factors_response *list, const char *word,
                              size_t *found)
{
    const cs_factor *factor = NULL;
    *found = 0;
    for (size_t i = 0; i < list->all_count; i++) {
        const cs_factor *f = &list->all[i];
        if (strcasecmp(f->id, word) == 0) {
            *found = 1;
            return f;
        }
        if (strcmp(f->friendly_name, word) == 0) {
            factor = f;
            ++*found;
        }
    }
    return factor;
}

/* The verified one; of several or none, nothing. */
static const cs_factor *only_one(const cs_mfa_list_factors_response *list, size_t *found)
{
    const cs_factor *factor = NULL;
    *found = 0;
    for (size_t i = 0; i < list->all_count; i++) {
        const cs_factor *f = &list->all[i];
        if (strcmp(f->status, "verified") == 0 && strcmp(f->factor_type, "recovery_code") != 0) {
            factor = f;
            ++*found;
        }
    }
    return factor;
}

static int not_one(struct job *job, const char *word, size_t found)
{
    if (word) {
        return job_complain(job, EXIT_REFUSED,
                            "you have %s factor \"%s\".\nNext: countersign mfa list shows your "
                            "factors and their ids",
                            found ? "more than one" : "no", safe(job->arena, word));
    }
    return found ? job_complain(job, EXIT_USAGE,
                                "you have %zu verified factors: name one of them.\n"
                                "Next: countersign mfa list shows them",
                                found)
                 : job_complain(job, EXIT_REFUSED,
                                "you have no verified factor yet.\nNext: countersign mfa enroll, "
                                "or name the one that is to be verified (countersign mfa list)");
}

int factor_pick(struct job *job, const char *word, const char **id, const char **name)
{
    cs_mfa_list_factors_response *list = NULL;
    size_t found;
    cs_status status = cs_auth_mfa_list_factors(job->client, &list);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    const cs_factor *factor = word ? named(list, word, &found) : only_one(list, &found);
    int code = found == 1 ? -1 : not_one(job, word, found);
    if (code < 0) {
        *id = arena_strdup(job->arena, factor->id);
        *name = safe(job->arena, *factor->friendly_name ? factor->friendly_name : *id);
    }
    cs_mfa_list_factors_response_free(&list);
    return code;
}

const char *factor_code(struct job *job, const char *prompt)
{
    const char *code = job->options.code ? job->options.code : prompt_line(job->arena, prompt);
    if (!code) {
        job_complain(job, EXIT_USAGE,
                     "there is no code.\nNext: type it at the prompt, or pipe it "
                     "in as one line");
        return NULL;
    }
    /* People write 123 456; the server wants digits alone. */
    char *tight = arena_strdup(job->arena, code), *to = tight;
    for (const char *from = code; *from; from++) {
        if (*from != ' ' && *from != '\t') {
            *to++ = *from;
        }
    }
    *to = '\0';
    return tight;
}

int factor_verified(struct job *job, const char *name, const cs_mfa_verify_response *verified)
{
    cs_mfa_assurance_level *level = NULL;
    cs_status status = cs_auth_mfa_get_authenticator_assurance_level(job->client, &level);
    if (status != CS_OK) {
        return job_failed(job, status);
    }
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        json_add_text(&out, "current_level", level->current_level);
        json_add_int(&out, "expires_at", verified->expires_at);
        json_add_text(&out, "next_level", level->next_level);
        json_add_raw(&out, "user", verified->user ? verified->user->json : "");
        json_end(&out, '}');
    } else {
        printf("Verified with %s: the session is at level %s.\n", name,
               safe(job->arena, level->current_level));
    }
    cs_mfa_assurance_level_free(&level);
    return EXIT_OK;
}
