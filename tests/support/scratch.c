/* scratch.c: see scratch.h. */
#include "scratch.h"

#include "postgres.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct postgres server;

static void stop_server(void)
{
    postgres_stop(&server);
}

/* An empty database on PostgreSQL if the tests are run there. */
static bool choose_database(struct scratch *s)
{
    static int databases;
    char name[32];
    const char *engine = getenv("COUNTERSIGN_TEST_ENGINE");
    if (!engine || strcmp(engine, "postgres") != 0) {
        return true;
    }
    if (!databases && (!postgres_start(&server) || atexit(stop_server) != 0)) {
        return false;
    }
    snprintf(name, sizeof name, "scratch%d", ++databases);
    postgres_url(&server, name, s->url);
    return postgres_create(&server, name);
}

int scratch_setup(void **state)
{
    struct scratch *s = calloc(1, sizeof *s);
    if (!s) {
        return -1;
    }
    memcpy(s->dir, "/tmp/countersign-XXXXXX", sizeof "/tmp/countersign-XXXXXX");
    if (!mkdtemp(s->dir)) {
        free(s);
        return -1;
    }
    snprintf(s->path, sizeof s->path, "%s/db", s->dir);
    snprintf(s->url, sizeof s->url, "sqlite:%s/db", s->dir);
    s->arena = arena_new();
    s->entropy = entropy_system();
    struct clock clock = clock_system();
    s->ctx =
        (struct ctx){ .arena = s->arena, .entropy = &s->entropy, .now_us = clock_now_us(&clock) };
    *state = s;
    return choose_database(s) ? 0 : -1;
}

int scratch_teardown(void **state)
{
    struct scratch *s = *state;
    DIR *dir = opendir(s->dir);
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        unlink(scratch_file(s, entry->d_name));
    }
    if (dir) {
        closedir(dir);
    }
    rmdir(s->dir);
    arena_free(&s->arena);
    free(s);
    return 0;
}

char *scratch_file(struct scratch *scratch, const char *name)
{
    return arena_printf(scratch->arena, "%s/%s", scratch->dir, name);
}
