/* replay.h: a random source that remembers what it gave, and gives the same again from the start:
 * a request that runs twice makes the same codes and ids both times. */
#ifndef COUNTERSIGN_API_REPLAY_H
#define COUNTERSIGN_API_REPLAY_H

#include "base/arena.h"
#include "base/entropy.h"

struct replay {
    struct entropy entropy; /* give this to the request */
    struct entropy *source;
    struct arena *arena;
    unsigned char *bytes;
    size_t len, room, at;
};

/* Fills *replay; it remembers in the arena, which is wiped at the request's end. */
void replay_start(struct replay *replay, struct arena *arena, struct entropy *source);

/* From the first byte on again; beyond what was given, fresh ones. */
void replay_again(struct replay *replay);

#endif
