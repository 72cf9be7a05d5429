/* A session in a file that only its owner may read. It is replaced as a whole: written beside,
 * flushed, renamed over, so that a crash leaves the old one or the new one. One file holds one
 * session, so the key is not looked at. The lock is on the file that holds the session: whoever
 * changes what is there locks it first, and a file that is gone has nothing to change. */
#include "storage_file.h"

#include "buf.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct csi_file_storage {
    char *path;
    char *beside; /* template for mkstemp */
    char *folder;
};

static bool read_all(int descriptor, size_t size, char *text)
{
    size_t done = 0;
    while (done < size) {
        ssize_t count = read(descriptor, text + done, size - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        done += (size_t)count;
    }
    return true;
}

static int file_load(void *userdata, const char *key, char **value)
{
    const struct csi_file_storage *file = userdata;
    struct stat about;
    (void)key;
    *value = NULL;
    int descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    bool fit = fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode) &&
               (about.st_mode & 077) == 0 && about.st_size <= (off_t)CSI_STORED_MAX;
    char *text = fit ? csi_alloc(1, (size_t)about.st_size + 1) : NULL;
    if (text != NULL && !read_all(descriptor, (size_t)about.st_size, text)) {
        csi_secret_free(text, (size_t)about.st_size);
        text = NULL;
    }
    close(descriptor);
    *value = text;
    return text == NULL ? -1 : 0;
}

static bool write_all(int descriptor, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t count = write(descriptor, text, size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        text += count;
        size -= (size_t)count;
    }
    return fsync(descriptor) == 0;
}

static void flush_folder(const char *folder)
{
    int descriptor = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (descriptor >= 0) {
        (void)fsync(descriptor); /* some file systems cannot; the file itself is flushed */
        close(descriptor);
    }
}

static int file_save(void *userdata, const char *key, const char *value)
{
    const struct csi_file_storage *file = userdata;
    (void)key;
    char *name = csi_text_copy(file->beside);
    int descriptor = name == NULL ? -1 : mkstemp(name); /* makes it with mode 0600 */
    if (descriptor < 0) {
        free(name);
        return -1;
    }
    (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    bool good = write_all(descriptor, value, strlen(value));
    good = close(descriptor) == 0 && good;
    good = good && rename(name, file->path) == 0;
    if (good) {
        flush_folder(file->folder);
    } else {
        unlink(name);
    }
    free(name);
    return good ? 0 : -1;
}

static int file_remove(void *userdata, const char *key)
{
    const struct csi_file_storage *file = userdata;
    (void)key;
    if (unlink(file->path) != 0) {
        return errno == ENOENT ? 0 : -1;
    }
    flush_folder(file->folder);
    return 0;
}

/* False if somebody holds the lock for longer than reading and writing take: a process that was
 * stopped meanwhile must not stop all others. */
static bool lock_in_time(int descriptor)
{
    static const struct timespec pause = { .tv_nsec = 10000000 };
    for (int tries = 0; tries < 500; tries++) {
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return false; /* a file system without locks */
        }
        nanosleep(&pause, NULL);
    }
    return false;
}

int csi_file_storage_lock(const struct csi_file_storage *file)
{
    struct stat locked, now;
    int descriptor = -1;
    bool replaced = file != NULL;
    while (replaced) { /* while it was waited for */
        descriptor = open(file->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
        if (descriptor < 0) {
            return -1;
        }
        if (fstat(descriptor, &locked) != 0 || !S_ISREG(locked.st_mode) ||
            !lock_in_time(descriptor)) {
            close(descriptor);
            return -1;
        }
        replaced = stat(file->path, &now) != 0 || now.st_ino != locked.st_ino ||
                   now.st_dev != locked.st_dev;
        if (replaced) {
            close(descriptor);
        }
    }
    return descriptor;
}

struct csi_file_storage *csi_file_storage_new(const char *path, cs_storage *storage)
{
    struct csi_file_storage *file = csi_alloc(1, sizeof *file);
    if (file == NULL) {
        return NULL;
    }
    const char *slash = strrchr(path, '/');
    size_t size = strlen(path) + sizeof ".XXXXXX";
    file->path = csi_text_copy(path);
    file->beside = csi_alloc(1, size);
    file->folder = csi_text_copy(slash == NULL ? "." : path);
    if (file->path == NULL || file->beside == NULL || file->folder == NULL) {
        csi_file_storage_free(file);
        return NULL;
    }
    snprintf(file->beside, size, "%s.XXXXXX", path);
    if (slash != NULL) {
        file->folder[slash == path ? 1 : slash - path] = '\0';
    }
    *storage = (cs_storage){
        .load = file_load, .save = file_save, .remove = file_remove, .userdata = file
    };
    return file;
}

void csi_file_storage_free(struct csi_file_storage *file)
{
    if (file != NULL) {
        free(file->path);
        free(file->beside);
        free(file->folder);
        free(file);
    }
}
