/* thread.h: starting the threads of work/: named, and deaf to signals, which are the main
 * thread's business. */
#ifndef COUNTERSIGN_WORK_THREAD_H
#define COUNTERSIGN_WORK_THREAD_H

#include <pthread.h>

/* name: 15 characters at most. Ends the process if no thread can be had. */
pthread_t thread_start(const char *name, void *(*run)(void *arg), void *arg);

/* calloc that ends the process when there is no memory. */
void *work_alloc(size_t n);

#endif
