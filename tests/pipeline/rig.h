/* rig.h: a whole server without sockets: an app on a database file of its own, a clock that the
 * test moves, and requests that go the way of every request (http/pipeline.h). The clock stands
 * still unless the test moves it. */
#ifndef COUNTERSIGN_TESTS_PIPELINE_RIG_H
#define COUNTERSIGN_TESTS_PIPELINE_RIG_H

#include "app.h"
#include "base/json.h"
#include "http/render.h"
#include "http/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { RIG_HEADERS = 8 };

struct rig {
    char dir[64];
    struct arena *arena;
    struct app *app;
    struct services *services;
    int64_t now_us;
    uint64_t seed; /* of the entropy: the same in each run */
    const char *anon_key, *service_key;
    /* of the requests that follow */
    const char *peer;
    struct {
        const char *name, *value;
    } headers[RIG_HEADERS];
};

/* An answer as a client sees it, and the pipeline's own word for it. */
struct got {
    int status;
    const char *body;
    size_t len;
    const struct json_t *json; /* NULL: none */
    enum problem problem;
    const struct call *call;
};

/* For cmocka. The settings are those of a server with e-mail, phone and anonymous sign-up that
 * confirms at once. */
int rig_setup(void **state);
int rig_teardown(void **state);
#define RIG_TEST(fn) cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)

/* Stops the app and starts it on the same database with more settings ("NAME=value", the last may
 * be NULL). */
#define rig_restart(rig, ...) rig_restart_with((rig), (const char *const[]){ __VA_ARGS__, NULL })
void rig_restart_with(struct rig *rig, const char *const *settings);

void rig_wait(struct rig *rig, double seconds);

/* Sets a header of all requests that follow; NULL takes it away. */
void rig_header(struct rig *rig, const char *name, const char *value);

/* One request; token NULL: no Authorization; body NULL: empty. target may have a query. */
const struct got *ask(struct rig *rig, const char *method, const char *target, const char *token,
                      const char *body);
const struct got *ask_bytes(struct rig *rig, const char *method, const char *target,
                            const char *token, const char *body, size_t len);

/* A header of the answer; NULL if it is not there. */
const char *got_header(const struct got *got, const char *name);

/* A text in the answer by its path, such as "user.factors.0.id"; NULL if it is none. */
const char *got_text(const struct got *got, const char *path);
const struct json_t *got_value(const struct got *got, const char *path);
int64_t got_int(const struct got *got, const char *path);

/* The text in the rig's arena. */
char *rig_text(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fails the test unless the answer is this one; the message shows where and what came. */
#define expect_status(got, status_) expect_status_at((got), (status_), __FILE__, __LINE__)
#define expect_problem(got, name) expect_problem_at((got), P_##name, __FILE__, __LINE__)
const struct got *expect_status_at(const struct got *got, int status, const char *file, int line);
void expect_problem_at(const struct got *got, enum problem problem, const char *file, int line);

#endif
