/* place.c: $XDG_STATE_HOME/countersign/session.json, which the library writes, and beside it
 * server.json, which says where the session is good: a token must never go to another server. */
#include "place.h"

#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SERVER_FILE_MAX = 65536 };

/* The folder of all state, or NULL. Relative paths do not count (XDG Base Directory). */
static const char *state_folder(struct arena *arena)
{
    const char *state = environment("XDG_STATE_HOME"), *home = environment("HOME");
    if (state && *state == '/') {
        return arena_printf(arena, "%s/countersign", state);
    }
    return home ? arena_printf(arena, "%s/.local/state/countersign", home) : NULL;
}

/* Makes the folder and those above it, for the user alone. */
static bool make_folders(struct arena *arena, const char *path)
{
    char *copy = arena_strdup(arena, path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
            return false;
        }
        *slash = '/';
    }
    return mkdir(copy, 0700) == 0 || errno == EEXIST;
}

static void read_server_file(struct arena *arena, struct place *out)
{
    const char *detail;
    char *text = arena_alloc(arena, SERVER_FILE_MAX);
    FILE *file = fopen(out->server_file, "re");
    size_t len = file ? fread(text, 1, SERVER_FILE_MAX, file) : 0;
    const struct json_t *json = len ? json_read(arena, text, len, &detail) : NULL;
    if (file) {
        fclose(file);
    }
    out->url = json ? json_member_text(json, "url") : NULL;
    out->key = json ? json_member_text(json, "key") : NULL;
}

int place_load(struct job *job, struct place *out)
{
    const char *folder = state_folder(job->arena);
    *out = (struct place){ 0 };
    if (!folder) {
        return job_complain(job, EXIT_REFUSED,
                            "there is no place to keep the session: set HOME or XDG_STATE_HOME");
    }
    if (job->command->client == CLIENT_SIGN_IN && !make_folders(job->arena, folder)) {
        return job_complain(job, EXIT_REFUSED, "cannot make the folder %s for the session: %s",
                            folder, strerror(errno));
    }
    out->session_file = arena_printf(job->arena, "%s/session.json", folder);
    out->server_file = arena_printf(job->arena, "%s/server.json", folder);
    read_server_file(job->arena, out);
    return -1;
}

static const char *server_file_of(struct job *job)
{
    size_t folder = strlen(job->session_file) - strlen("session.json");
    return arena_printf(job->arena, "%.*sserver.json", (int)folder, job->session_file);
}

void place_lock(struct job *job)
{
    const char *note = server_file_of(job);
    char *folder = arena_strndup(job->arena, note, (size_t)(strrchr(note, '/') - note));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* left open: it holds the lock */
    if (fd >= 0) {
        (void)flock(fd, LOCK_EX);
    }
}

int place_save(struct job *job)
{
    const char *path = server_file_of(job);
    char *beside = arena_printf(job->arena, "%s.XXXXXX", path);
    struct strbuf b = strbuf_in(job->arena, SERVER_FILE_MAX);
    strbuf_str(&b, "{\"key\":");
    json_quote(&b, job->options.key);
    strbuf_str(&b, ",\"url\":");
    json_quote(&b, job->url);
    strbuf_str(&b, "}\n");
    int fd = strbuf_ok(&b) ? mkstemp(beside) : -1; /* makes it with mode 0600 */
    bool good = fd >= 0 && write(fd, b.data, b.len) == (ssize_t)b.len;
    good = fd >= 0 && close(fd) == 0 && good;
    good = good && rename(beside, path) == 0;
    if (!good) {
        int code = job_complain(job, EXIT_REFUSED, "cannot write %s: %s", path, strerror(errno));
        unlink(beside);
        return code;
    }
    return -1;
}

void place_forget(struct job *job)
{
    unlink(server_file_of(job));
}
