/* in_flight.h: requests whose connection is suspended while another thread works for them. A stop
 * can answer them early; the work then goes on unheard, and whoever is done last frees the request.
 * For listener.c. */
#ifndef COUNTERSIGN_HTTP_IN_FLIGHT_H
#define COUNTERSIGN_HTTP_IN_FLIGHT_H

#include <stdbool.h>

struct in_flight {
    /* all under the lock of in_flight.c */
    bool working; /* on another thread */
    bool late;    /* answered before that was done */
    bool orphan;  /* and over for the listener: the other thread frees it */
    bool *over;   /* of its listener: all that is under way has had its time */
    struct in_flight *next, **link;
};

/* Calls suspend(a), and is worked for from then on. false: it is over, and nothing was called. */
bool in_flight_begin(struct in_flight *a, bool *over, void (*suspend)(struct in_flight *a));

/* On the other thread: is it still awaited? Then its connection is suspended still, and go_on(a) is
 * called, which resumes it. Returns whether the caller must free it. */
bool in_flight_end(struct in_flight *a, void (*go_on)(struct in_flight *a));

bool in_flight_is_late(const struct in_flight *a);

/* The listener has done with it. Returns whether the caller must free it. */
bool in_flight_leave(struct in_flight *a);

/* It is over: resume(a) for each that is worked for. Returns how many. */
int in_flight_give_up(bool *over, void (*resume)(struct in_flight *a));

#endif
