/* output.c: see output.h. */
#include "output.h"

#include "say.h"
#include "show.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int output_open(struct job *job, FILE **out)
{
    const char *path = job->options.output;
    int file = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : STDOUT_FILENO;
    *out = file < 0 ? NULL : path ? fdopen(file, "w") : stdout;
    return *out ? -1
                : job_complain(job, EXIT_USAGE, "%s cannot be made: %s", safe(job->arena, path),
                               errno == EEXIST ? "it is there already" : strerror(errno));
}

bool output_close(struct job *job, FILE *out, bool failed)
{
    bool good = fflush(out) == 0 && !ferror(out);
    if (out != stdout) {
        good = good && fsync(fileno(out)) == 0;
        good = fclose(out) == 0 && good;
        if (failed || !good) {
            int why = errno;
            unlink(job->options.output);
            errno = why;
        }
    }
    return good;
}
