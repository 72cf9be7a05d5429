/* place.c: $XDG_STATE_HOME/countersign/session-ID.json, which the library writes, and beside it
 * server.json, which says where the session is good: a token must never go to another server. */
#include "place.h"

#include "base/json.h"
#include "crypto/digest.h"

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

/* A file of the folder, whoever wrote the note. */
static bool is_session_name(const char *name)
{
    size_t len = strlen(name);
    return strncmp(name, "session", 7) == 0 && len > 5 && strcmp(name + len - 5, ".json") == 0 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len;
}

static const char *beside(struct arena *arena, const char *server_file, const char *name)
{
    size_t folder = strlen(server_file) - strlen("server.json");
    return arena_printf(arena, "%.*s%s", (int)folder, server_file, name);
}

const char *place_session_file(struct arena *arena, const struct place *place, const char *url)
{
    uint8_t hash[SHA256_SIZE];
    char hex[17];
    digest_of(DIGEST_SHA256, url, strlen(url), hash);
    return beside(arena, place->server_file,
                  arena_printf(arena, "session-%s.json", hex_encode(hash, 8, hex)));
}

/* Notes of earlier versions name no file: theirs was session.json. */
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
    const char *name = json ? json_member_text(json, "session") : NULL;
    name = name && is_session_name(name) ? name : "session.json";
    out->session_file = out->url ? beside(arena, out->server_file, name) : NULL;
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
    out->server_file = arena_printf(job->arena, "%s/server.json", folder);
    read_server_file(job->arena, out);
    return -1;
}

void place_lock(struct job *job)
{
    const char *note = job->server_file;
    char *folder = arena_strndup(job->arena, note, (size_t)(strrchr(note, '/') - note));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* left open: it holds the lock */
    if (fd >= 0) {
        (void)flock(fd, LOCK_EX);
    }
}

int place_save(struct job *job)
{
    const char *path = job->server_file;
    char *draft = arena_printf(job->arena, "%s.XXXXXX", path);
    struct place before = { .server_file = path };
    read_server_file(job->arena, &before);
    struct strbuf b = strbuf_in(job->arena, SERVER_FILE_MAX);
    strbuf_str(&b, "{\"key\":");
    json_quote(&b, job->options.key);
    strbuf_str(&b, ",\"session\":");
    json_quote(&b, strrchr(job->session_file, '/') + 1);
    strbuf_str(&b, ",\"url\":");
    json_quote(&b, job->url);
    strbuf_str(&b, "}\n");
    int fd = strbuf_ok(&b) ? mkstemp(draft) : -1; /* makes it with mode 0600 */
    bool good = fd >= 0 && write(fd, b.data, b.len) == (ssize_t)b.len;
    good = fd >= 0 && close(fd) == 0 && good;
    good = good && rename(draft, path) == 0;
    if (!good) {
        int code = job_complain(job, EXIT_REFUSED, "cannot write %s: %s", path, strerror(errno));
        unlink(draft);
        return code;
    }
    if (before.session_file && strcmp(before.session_file, job->session_file) != 0) {
        unlink(before.session_file);
    }
    return -1;
}

void place_forget(struct job *job)
{
    unlink(job->server_file);
}
