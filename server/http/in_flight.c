/* in_flight.c: see in_flight.h. One lock and one list for all listeners, since the work of a
 * request may outlast its listener. */
#include "http/in_flight.h"

#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct in_flight *first;

bool in_flight_begin(struct in_flight *a, bool *over, void (*suspend)(struct in_flight *a))
{
    pthread_mutex_lock(&lock);
    bool good = !*over;
    if (good) {
        *a = (struct in_flight){ .working = true, .over = over, .next = first, .link = &first };
        if (first) {
            first->link = &a->next;
        }
        first = a;
        suspend(a);
    }
    pthread_mutex_unlock(&lock);
    return good;
}

bool in_flight_end(struct in_flight *a, void (*go_on)(struct in_flight *a))
{
    pthread_mutex_lock(&lock);
    *a->link = a->next;
    if (a->next) {
        a->next->link = a->link;
    }
    a->working = false;
    bool orphan = a->orphan;
    if (!a->late) {
        go_on(a); /* from here on it may be gone */
    }
    pthread_mutex_unlock(&lock);
    return orphan;
}

bool in_flight_is_late(const struct in_flight *a)
{
    pthread_mutex_lock(&lock);
    bool late = a->late;
    pthread_mutex_unlock(&lock);
    return late;
}

bool in_flight_leave(struct in_flight *a)
{
    pthread_mutex_lock(&lock);
    a->orphan = a->working;
    bool ours = !a->orphan;
    pthread_mutex_unlock(&lock);
    return ours;
}

int in_flight_give_up(bool *over, void (*resume)(struct in_flight *a))
{
    int n = 0;
    pthread_mutex_lock(&lock);
    *over = true;
    for (struct in_flight *a = first; a; a = a->next) {
        if (a->over == over && !a->late) {
            a->late = true;
            resume(a);
            n++;
        }
    }
    pthread_mutex_unlock(&lock);
    return n;
}
