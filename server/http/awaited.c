/* awaited.c: see awaited.h. One lock and one list for all listeners, since the work of a request may
 * outlast its listener. */
#include "http/awaited.h"

#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct awaited *first;

bool awaited_begin(struct awaited *a, bool *over, void (*suspend)(struct awaited *a))
{
    pthread_mutex_lock(&lock);
    bool good = !*over;
    if (good) {
        *a = (struct awaited){ .working = true, .over = over, .next = first, .link = &first };
        if (first) {
            first->link = &a->next;
        }
        first = a;
        suspend(a);
    }
    pthread_mutex_unlock(&lock);
    return good;
}

bool awaited_end(struct awaited *a, void (*go_on)(struct awaited *a))
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

bool awaited_is_late(const struct awaited *a)
{
    pthread_mutex_lock(&lock);
    bool late = a->late;
    pthread_mutex_unlock(&lock);
    return late;
}

bool awaited_leave(struct awaited *a)
{
    pthread_mutex_lock(&lock);
    a->orphan = a->working;
    bool ours = !a->orphan;
    pthread_mutex_unlock(&lock);
    return ours;
}

int awaited_give_up(bool *over, void (*resume)(struct awaited *a))
{
    int n = 0;
    pthread_mutex_lock(&lock);
    *over = true;
    for (struct awaited *a = first; a; a = a->next) {
        if (a->over == over && !a->late) {
            a->late = true;
            resume(a);
            n++;
        }
    }
    pthread_mutex_unlock(&lock);
    return n;
}
