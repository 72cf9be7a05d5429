/* folder.c: see folder.h. A file is written under a name that begins with a dot and then renamed.
 */
#include "deliver/folder.h"

#include "base/log.h"
#include "base/uuid.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_PART = 64 };

/* Letters, digits, '-' and '_' of a text. */
static const char *file_part(struct arena *arena, const char *text)
{
    char *out = arena_alloc(arena, NAME_PART + 1), *to = out;
    for (; *text && to < out + NAME_PART; text++) {
        if (isalnum((unsigned char)*text) || *text == '-' || *text == '_') {
            *to++ = *text;
        }
    }
    return out;
}

static const char *parent_of(struct arena *arena, const char *folder)
{
    return dirname(arena_strdup(arena, folder));
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* With those above it. */
static bool make_folder(struct arena *arena, const char *folder)
{
    if (mkdir(folder, 0700) == 0) {
        return true;
    }
    if (errno == ENOENT && strcmp(parent_of(arena, folder), folder) != 0) {
        return make_folder(arena, parent_of(arena, folder)) && mkdir(folder, 0700) == 0;
    }
    return errno == EEXIST && (is_folder(folder) || (errno = ENOTDIR, false));
}

bool folder_ready(struct arena *arena, const char *folder, const char **error)
{
    const char *there = folder;
    while (access(there, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR) &&
           strcmp(parent_of(arena, there), there) != 0) {
        there = parent_of(arena, there);
    }
    if (!is_folder(there) || access(there, W_OK | X_OK) != 0) {
        *error = arena_printf(arena, "cannot write into the folder %s: %s", there,
                              is_folder(there) ? strerror(errno) : "it is no folder");
        return false;
    }
    return true;
}

static bool write_all(int fd, const char *text, size_t len)
{
    while (len) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0;
}

static bool write_file(const char *path, const char *text, size_t len)
{
    unlink(path); /* left over from a crash */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    bool good = write_all(fd, text, len);
    int error = errno;
    good = close(fd) == 0 && good;
    if (!good) {
        unlink(path);
        errno = error;
    }
    return good;
}

bool folder_put(struct arena *arena, const char *folder, const char *topic, const char *id,
                const char *ending, const char *text, size_t len, const char **error)
{
    const char *name =
        arena_printf(arena, "%s-%s.%s", file_part(arena, id), file_part(arena, topic), ending);
    const char *path = arena_printf(arena, "%s/%s", folder, name);
    const char *draft = arena_printf(arena, "%s/.%s", folder, name);
    bool done =
        make_folder(arena, folder) &&
        (access(path, F_OK) == 0 || (write_file(draft, text, len) && rename(draft, path) == 0));
    if (!done) {
        *error =
            arena_printf(arena, "cannot write into the folder %s: %s", folder, strerror(errno));
        return false;
    }
    log_write(LOG_INFO, "a message was written to a file", LOG_STR("file", path),
              LOG_STR("topic", topic));
    return true;
}

/* Is it one of ours: an id, a hyphen, a topic, an ending of a message? */
static int is_message(const struct dirent *entry)
{
    const char *name = entry->d_name, *dot = strchr(name, '.');
    char id[UUID_TEXT];
    struct uuid ignored;
    if (!dot || dot - name < UUID_TEXT || name[UUID_TEXT - 1] != '-' ||
        (strcmp(dot, ".eml") != 0 && strcmp(dot, ".sms.json") != 0)) {
        return 0;
    }
    memcpy(id, name, UUID_TEXT - 1);
    id[UUID_TEXT - 1] = '\0';
    return uuid_parse(id, &ignored);
}

/* Names begin with an id that begins with the time. */
void folder_trim(const char *folder, int64_t most)
{
    struct dirent **list = NULL;
    int n = most ? scandir(folder, &list, is_message, alphasort) : 0;
    int fd = n > most ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    for (int i = 0; i < n; i++) {
        if (fd >= 0 && i < n - most) {
            unlinkat(fd, list[i]->d_name, 0);
        }
        free(list[i]);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(list);
}
