/* awaited.h: requests whose connection is suspended while another thread works for them. A stop can
 * answer them before that is done; then the work goes on, nobody hears of it, and whoever is last
 * frees the request. For listener.c. */
#ifndef COUNTERSIGN_HTTP_AWAITED_H
#define COUNTERSIGN_HTTP_AWAITED_H

#include <stdbool.h>

struct awaited {
    /* all under the lock of awaited.c */
    bool working; /* on another thread */
    bool late;    /* answered before that was done */
    bool orphan;  /* and over for the listener: the other thread frees it */
    bool *over;   /* of its listener: all that is under way has had its time */
    struct awaited *next, **link;
};

/* Calls suspend(a), and is worked for from then on. false: it is over, and nothing was called. */
bool awaited_begin(struct awaited *a, bool *over, void (*suspend)(struct awaited *a));

/* On the other thread: is it still awaited? Then its connection is suspended still, and go_on(a) is
 * called, which resumes it. Returns whether the caller must free it. */
bool awaited_end(struct awaited *a, void (*go_on)(struct awaited *a));

bool awaited_is_late(const struct awaited *a);

/* The listener has done with it. Returns whether the caller must free it. */
bool awaited_leave(struct awaited *a);

/* It is over: resume(a) for each that is worked for. Returns how many. */
int awaited_give_up(bool *over, void (*resume)(struct awaited *a));

#endif
