/* place.h: where the session of the signed-in user is kept, and of which server it is. */
#ifndef COUNTERSIGN_CLI_PLACE_H
#define COUNTERSIGN_CLI_PLACE_H

#include "job.h"

struct place {
    const char *session_file; /* the library's: the tokens */
    const char *server_file;  /* ours: the URL and the anon key that go with them */
    const char *url, *key;    /* NULL: nobody is signed in */
};

/* Finds, and for who signs in makes, the folder; reads what is there. -1, or the exit code with the
 * reason said. */
int place_load(struct job *job, struct place *out);

/* Waits for other logins, until the end of this process: of two at once the session of one must not
 * stand beside the note of the other. Where that cannot be had it goes on. */
void place_lock(struct job *job);

/* Remembers job->url and the key. -1 or the exit code. */
int place_save(struct job *job);

/* Forgets them. */
void place_forget(struct job *job);

#endif
