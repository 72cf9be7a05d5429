/* place.h: where the session of the signed-in user is kept, and of which server it is. */
#ifndef COUNTERSIGN_CLI_PLACE_H
#define COUNTERSIGN_CLI_PLACE_H

#include "job.h"

struct place {
    const char *server_file;  /* ours: the URL and the anon key of the server, and the file below */
    const char *session_file; /* the library's: the tokens; NULL: nobody is signed in */
    const char *url, *key;    /* NULL: nobody is signed in */
};

/* Finds, and for who signs in makes, the folder; reads what is there. -1, or the exit code with the
 * reason said. */
int place_load(struct job *job, struct place *out);

/* The file of a session at that server: each has its own, so that whoever read the note before a
 * login at another server finds the session that goes with it, or none. */
const char *place_session_file(struct arena *arena, const struct place *place, const char *url);

/* Waits for other logins, until the end of this process. Where that cannot be had it goes on. */
void place_lock(struct job *job);

/* Remembers job->url, the key and job->session_file, and removes the session that was remembered
 * before, if it was another. -1 or the exit code. */
int place_save(struct job *job);

/* Forgets them. */
void place_forget(struct job *job);

#endif
