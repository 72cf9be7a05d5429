/* postgres.c: see postgres.h. */
#include "postgres.h"

#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct passwd *plain_user(void)
{
    const struct passwd *user = getpwnam("postgres");
    return user ? user : getpwnam("nobody");
}

/* Runs it without root's rights and without a word; its exit code. */
static int run(const char *dir, const char *const *words)
{
    pid_t child = fork();
    if (child == 0) {
        const struct passwd *user = geteuid() == 0 ? plain_user() : NULL;
        if (geteuid() == 0 && (!user || setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 ||
                               setuid(user->pw_uid) != 0)) {
            _exit(126);
        }
        if (chdir(dir) != 0 || !freopen("/dev/null", "r", stdin) || !freopen("out", "a", stdout) ||
            dup2(1, 2) < 0) {
            _exit(126);
        }
        execv(words[0], (char *const *)(uintptr_t)words); /* which does not write to them */
        _exit(127);
    }
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status)
               ? WEXITSTATUS(status)
               : -1;
}

static int find_program(const char *name, char *out, size_t size)
{
    const char *given = getenv("POSTGRES_BIN");
    char pattern[128];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/%s", given ? given : "/usr/lib/postgresql/*/bin", name);
    int good = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 0;
    if (good) {
        snprintf(out, size, "%s", found.gl_pathv[found.gl_pathc - 1]);
    }
    globfree(&found);
    return good;
}

static int start_server(struct postgres *p, const char *initdb, const char *pg_ctl)
{
    char data[96], log[96], options[256];
    snprintf(data, sizeof data, "%s/data", p->dir);
    snprintf(log, sizeof log, "%s/log", p->dir);
    snprintf(options, sizeof options,
             "-k %s -c listen_addresses= -c fsync=off -c shared_buffers=32MB", p->dir);
    const char *const make[] = { initdb, "-D",    data, "-U",   "postgres",
                                 "-A",   "trust", "-E", "UTF8", "--locale=C.UTF-8",
                                 "-N",   NULL };
    const char *const begin[] = {
        pg_ctl, "-D", data, "-l", log, "-w", "-o", options, "start", NULL
    };
    return run(p->dir, make) == 0 && run(p->dir, begin) == 0;
}

int postgres_start(struct postgres *out)
{
    char initdb[128], pg_ctl[128];
    const struct passwd *user = geteuid() == 0 ? plain_user() : NULL;
    memcpy(out->dir, "/tmp/countersign-pg-XXXXXX", sizeof "/tmp/countersign-pg-XXXXXX");
    if (!find_program("initdb", initdb, sizeof initdb) ||
        !find_program("pg_ctl", pg_ctl, sizeof pg_ctl)) {
        fprintf(stderr, "PostgreSQL's server is not installed (Debian: postgresql)\n");
        return 0;
    }
    if (!mkdtemp(out->dir) || (user && chown(out->dir, user->pw_uid, user->pw_gid) != 0)) {
        perror(out->dir);
        return 0;
    }
    if (!start_server(out, initdb, pg_ctl)) {
        fprintf(stderr, "PostgreSQL does not start: see %s/out and log\n", out->dir);
        return 0;
    }
    postgres_url(out, "postgres", out->url);
    return 1;
}

const char *postgres_url(const struct postgres *postgres, const char *database, char *out)
{
    snprintf(out, 160, "postgres://postgres@/%s?host=%s", database, postgres->dir);
    return out;
}

int postgres_create(const struct postgres *postgres, const char *database)
{
    char createdb[128];
    const char *const words[] = { createdb, "-h", postgres->dir, "-U", "postgres", database, NULL };
    return find_program("createdb", createdb, sizeof createdb) && run(postgres->dir, words) == 0;
}

void postgres_stop(struct postgres *postgres)
{
    char pg_ctl[128], data[96];
    snprintf(data, sizeof data, "%s/data", postgres->dir);
    if (find_program("pg_ctl", pg_ctl, sizeof pg_ctl)) {
        const char *const end[] = { pg_ctl, "-D", data, "-m", "immediate", "-w", "stop", NULL };
        run(postgres->dir, end);
    }
    const char *const wipe[] = { "/bin/rm", "-rf", postgres->dir, NULL };
    run("/", wipe);
    rmdir(postgres->dir);
}
