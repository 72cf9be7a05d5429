/* key_files.c: secrets in files, see key_files.h. */
#include "keys/key_files.h"

#include "crypto/base64.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 4096, BYTES_MAX = 256 };

static const char *path_of(struct arena *arena, const char *database, const char *name)
{
    return arena_printf(arena, "%s.%s", database, name);
}

const char *key_file_read(struct arena *arena, const char *database, const char *name,
                          const char **error)
{
    const char *path = path_of(arena, database, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0) {
        if (errno != ENOENT) {
            *error = arena_printf(arena, "cannot read %s: %s", path, strerror(errno));
        }
        return NULL;
    }
    char *text = arena_alloc(arena, TEXT_MAX + 1);
    ssize_t len = read(fd, text, TEXT_MAX + 1);
    bool open_to_others = fstat(fd, &st) == 0 && (st.st_mode & 077);
    close(fd);
    while (len > 0 && strchr("\r\n ", text[len - 1])) {
        text[--len] = '\0';
    }
    if (open_to_others) {
        *error = arena_printf(arena, "%s can be read by others; run: chmod 600 %s", path, path);
        return NULL;
    }
    if (len <= 0 || len > TEXT_MAX) {
        *error = arena_printf(arena, "%s is empty or too long; restore it from a backup", path);
        return NULL;
    }
    return text;
}

static bool write_durably(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return false;
    }
    size_t len = strlen(text);
    bool ok = write(fd, text, len) == (ssize_t)len && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    return close(fd) == 0 && ok;
}

static void sync_folder(struct arena *arena, const char *path)
{
    int fd = open(dirname(arena_strdup(arena, path)), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

const char *key_file_make(struct arena *arena, struct entropy *entropy, const char *database,
                          const char *name, int bytes, const char **error)
{
    uint8_t secret[BYTES_MAX];
    const char *path = path_of(arena, database, name);
    const char *draft = arena_printf(arena, "%s.%ld.new", path, (long)getpid());
    entropy_bytes(entropy, secret, (size_t)bytes);
    const char *text = base64url_encode(arena, secret, (size_t)bytes);
    explicit_bzero(secret, sizeof secret);
    /* link(2) fails where the name exists: whoever comes second uses the first one's. */
    bool written = write_durably(draft, text);
    bool made = written && link(draft, path) == 0;
    int why = errno;
    unlink(draft);
    if (made) {
        sync_folder(arena, path);
        return text;
    }
    if (written && why == EEXIST) {
        return key_file_read(arena, database, name, error);
    }
    *error = arena_printf(arena, "cannot write %s: %s", path, strerror(why));
    return NULL;
}

bool make_folder_of(struct arena *arena, const char *path, const char **error)
{
    const char *folder = dirname(arena_strdup(arena, path));
    if (mkdir(folder, 0700) == 0 || errno == EEXIST) {
        return true;
    }
    *error = arena_printf(arena, "cannot make the folder %s: %s", folder, strerror(errno));
    return false;
}
