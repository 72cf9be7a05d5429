/* lock_file.c: flock(2) on a file beside the database, with the holder's pid in it, see
 * lock_file.h. */
#include "store/lock_file.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SHARE_TRIES = 40, SHARE_PAUSE_NS = 25000000 };

struct lock_file {
    int fd;
    bool shared;
    char path[];
};

/* The lock's path: the same one by whatever links the database is reached. */
static const char *lock_path(struct arena *arena, const char *database)
{
    char real[PATH_MAX];
    if (realpath(database, real)) {
        return arena_printf(arena, "%s.lock", real);
    }
    const char *slash = strrchr(database, '/'); /* the database is yet to be created */
    const char *name = slash ? slash + 1 : database;
    const char *dir = !slash ? "."
                      : slash == database
                          ? "/"
                          : arena_strndup(arena, database, (size_t)(slash - database));
    return realpath(dir, real) ? arena_printf(arena, "%s/%s.lock", real, name) : NULL;
}

/* Is the file that we locked still the one of that name? Its last holder may have removed it
 * between our open and our lock. */
static bool is_current(int fd, const char *path)
{
    struct stat ours, named;
    return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_dev == named.st_dev &&
           ours.st_ino == named.st_ino;
}

/* Opens and locks; -1 with errno set if that fails (EWOULDBLOCK: somebody holds it, and his pid
 * is written to holder). */
static int open_locked(const char *path, bool shared, char owner[24])
{
    for (int tries = 0;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) {
            return -1;
        }
        if (flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
            int why = errno;
            if (shared && why == EWOULDBLOCK && ++tries < SHARE_TRIES) {
                /* one that shares it may be about to end: see lock_file_free */
                close(fd);
                nanosleep(&(struct timespec){ .tv_nsec = SHARE_PAUSE_NS }, NULL);
                continue;
            }
            ssize_t n = pread(fd, owner, 23, 0);
            owner[n > 0 ? n : 0] = '\0';
            owner[strspn(owner, "0123456789")] = '\0';
            close(fd);
            errno = why;
            return -1;
        }
        if (is_current(fd, path)) {
            return fd;
        }
        close(fd);
    }
}

static void write_pid(int fd)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len) {
        log_plain(LOG_WARN, "the process id could not be written to the lock file");
    }
}

static struct lock_file *take(struct arena *arena, const char *database, bool shared,
                              const char **error)
{
    const char *path = lock_path(arena, database);
    if (!path) {
        *error = arena_printf(arena, "the directory of the database %s does not exist: create it",
                              database);
        return NULL;
    }
    char owner[24] = "";
    int fd = open_locked(path, shared, owner);
    if (fd < 0 && errno == EWOULDBLOCK) {
        *error = arena_printf(arena,
                              "the database %s is in use by another server (process %s, which "
                              "holds %s): stop that one first or give another path",
                              database, owner[0] ? owner : "unknown", path);
        return NULL;
    }
    if (fd < 0) {
        *error = arena_printf(arena, "cannot make the lock file %s: %s", path, strerror(errno));
        return NULL;
    }
    write_pid(fd);
    struct lock_file *lock = malloc(sizeof *lock + strlen(path) + 1);
    if (!lock) {
        log_die("out of memory");
    }
    lock->fd = fd;
    lock->shared = shared;
    memcpy(lock->path, path, strlen(path) + 1);
    return lock;
}

struct lock_file *lock_file_take(struct arena *arena, const char *database, const char **error)
{
    return take(arena, database, false, error);
}

struct lock_file *lock_file_share(struct arena *arena, const char *database, const char **error)
{
    return take(arena, database, true, error);
}

void lock_file_free(struct lock_file **lock)
{
    if (lock && *lock) {
        /* removed while it is held alone: see is_current */
        if (!(*lock)->shared || flock((*lock)->fd, LOCK_EX | LOCK_NB) == 0) {
            unlink((*lock)->path);
        }
        close((*lock)->fd);
        free(*lock);
        *lock = NULL;
    }
}
