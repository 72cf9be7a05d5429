/* admin.c: requests of the admin commands, see admin.h. It uses the library's inner request, which
 * sends, retries and reads errors as for all other calls: the public part has none for users. */
#include "admin.h"

#include "../lib/buf.h"
#include "../lib/call.h"
#include "../lib/request.h"
#include "../lib/url.h"
#include "show.h"

#include <string.h>
#include <strings.h>

enum { FOUND_PER_PAGE = 200, FOUND_PAGES = 50 };

static void free_answer(void *answer)
{
    csi_json_free(answer);
}

cs_status admin_ask(struct job *job, const char *method, const char *path, const char *body,
                    const struct json_t **out)
{
    struct csi_call call;
    struct csi_buf buffer;
    json_t *answer = NULL;
    *out = NULL;
    if (!csi_call_begin(&call, job->client, true)) {
        return CS_ERR_INVALID_ARGUMENT;
    }
    csi_buf_init(&buffer, CSI_BODY_MAX);
    if (body) {
        csi_buf_text(&buffer, body);
    }
    const struct csi_request request = {
        .method = method,
        .path = path,
        .body = body ? &buffer : NULL,
        .repeatable = method[0] == 'G',
    };
    cs_status status = csi_request(&call, &request, &answer);
    csi_buf_free(&buffer);
    if (answer) {
        arena_defer(job->arena, free_answer, answer);
        *out = answer;
    }
    return csi_call_end(&call, status);
}

const char *admin_encoded(struct job *job, const char *text)
{
    struct csi_buf buffer;
    csi_buf_init(&buffer, CSI_URL_MAX);
    csi_buf_encoded(&buffer, text);
    const char *copy = arena_strdup(job->arena, buffer.data ? buffer.data : "");
    csi_buf_free(&buffer);
    return copy;
}

/* As addresses are stored: the filter looks at case. */
static const char *lower(struct job *job, const char *text)
{
    char *copy = arena_strdup(job->arena, text);
    for (char *c = copy; *c; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
    return copy;
}

/* Among the users whose e-mail address or name contains the word, the one whose address it is. */
static int find_by_email(struct job *job, const char *word, const struct json_t **out)
{
    const struct json_t *answer = NULL;
    const char *stored = lower(job, word);
    size_t n = FOUND_PER_PAGE;
    for (int page = 1; n == FOUND_PER_PAGE && page <= FOUND_PAGES; page++) {
        const char *path = arena_printf(job->arena, "/admin/users?filter=%s&page=%d&per_page=%d",
                                        admin_encoded(job, stored), page, FOUND_PER_PAGE);
        cs_status status = admin_ask(job, "GET", path, NULL, &answer);
        if (status != CS_OK) {
            return job_failed(job, status);
        }
        const struct json_t *users = json_member(answer, "users");
        n = json_count(users);
        for (size_t i = 0; i < n; i++) {
            const char *email = json_member_text(json_nth(users, i), "email");
            if (email && strcasecmp(email, word) == 0) {
                *out = json_nth(users, i);
                return -1;
            }
        }
    }
    return job_complain(job, EXIT_REFUSED,
                        "there is no user with the address %s.\n"
                        "Next: countersign admin user list shows the users",
                        safe(job->arena, word));
}

int admin_user(struct job *job, const char *word, const struct json_t **out)
{
    if (strchr(word, '@')) {
        return find_by_email(job, word, out);
    }
    if (!csi_is_uuid(word)) {
        return job_complain(job, EXIT_USAGE,
                            "\"%s\" is neither the id (a UUID) nor the e-mail address of a user.\n"
                            "Next: countersign admin user list shows both",
                            safe(job->arena, word));
    }
    cs_status status =
        admin_ask(job, "GET", arena_printf(job->arena, "/admin/users/%s", word), NULL, out);
    return status == CS_OK ? -1 : job_failed(job, status);
}

int admin_factor(struct job *job, const struct json_t *user, const char *word,
                 const struct json_t **out)
{
    const struct json_t *factors = json_member(user, "factors");
    int found = 0;
    for (size_t i = 0; i < json_count(factors); i++) {
        const struct json_t *factor = json_nth(factors, i);
        const char *id = json_member_text(factor, "id");
        const char *name = json_member_text(factor, "friendly_name");
        if (id && strcasecmp(id, word) == 0) {
            *out = factor;
            return -1;
        }
        if (name && strcmp(name, word) == 0) {
            *out = factor;
            found++;
        }
    }
    if (found == 1) {
        return -1;
    }
    return job_complain(job, EXIT_REFUSED,
                        "%s has %s factor \"%s\".\nNext: countersign admin factor list %s shows "
                        "the factors and their ids",
                        admin_name_of(job, user), found ? "more than one" : "no",
                        safe(job->arena, word), json_member_text(user, "id"));
}

const char *admin_user_path(struct job *job, const struct json_t *user, const char *rest)
{
    const char *id = json_member_text(user, "id");
    return arena_printf(job->arena, "/admin/users/%s%s", id ? id : "", rest);
}

const char *admin_name_of(struct job *job, const struct json_t *user)
{
    static const char *const keys[] = { "email", "phone", "id" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *text = json_member_text(user, keys[i]);
        if (text && *text) {
            return safe(job->arena, text);
        }
    }
    return "the user";
}

const char *admin_factor_name(struct job *job, const struct json_t *factor)
{
    const char *name = json_member_text(factor, "friendly_name");
    return name && *name ? safe(job->arena, name) : "(no name)";
}
