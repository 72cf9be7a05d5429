/* exec_jobs.h: jobs for the tests of the executor: writers of a table note, a gate that holds the
 * writer so that jobs queue up behind it, and waiting for several. */
#ifndef COUNTERSIGN_TESTS_EXEC_JOBS_H
#define COUNTERSIGN_TESTS_EXEC_JOBS_H

#include "scratch.h"
#include "work/executor.h"

#include <stdatomic.h>

struct job {
    struct work work; /* first */
    int64_t n;        /* the row that it writes; 0: none */
    int size;         /* how many zeroes it holds */
    enum problem answer;
    bool keep;
    bool clash_once, clash_always;
    bool tells; /* counts a wrong code if it is kept, a locked factor in any case */
    const char *pragma;
    int ran, done;
    struct ctx ctx; /* its own, since other threads use it */
};

struct gate {
    struct work work; /* first */
    struct ctx ctx;
    _Atomic bool entered, open;
};

struct executor *start(struct scratch *s, struct executor_settings settings);
struct executor *start_with_table(struct scratch *s, struct executor_settings settings);

/* Bodies: what the job says; how many rows *arg has; waiting at the gate (as a slow job, too). */
enum problem run(struct ctx *ctx, struct tx *tx, void *arg);
enum problem count_row(struct ctx *ctx, struct tx *tx, void *arg);
enum problem gate_slow(struct ctx *ctx, void *arg);

enum problem write_job(struct executor *e, struct scratch *s, struct job *j);
bool has_row(struct executor *e, struct scratch *s, int64_t n);

void close_gate(struct executor *e, struct scratch *s, struct gate *g);
void gate_done(struct work *work);
void nap(void);

/* Queues a job; await waits until n of those queued are done. */
bool queue(struct executor *e, struct scratch *s, struct job *j);
void job_done(struct work *work);
void await(int n);

/* Queues all behind a closed gate, so that they are one batch, and waits for them. */
void run_as_batch(struct executor *e, struct scratch *s, struct job *jobs, int n);

#endif
