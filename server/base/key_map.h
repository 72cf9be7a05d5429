/* key_map.h: a growing map from keys of 16 random-looking bytes (ids, parts of hashes) to numbers,
 * for what one command must remember of a whole file. */
#ifndef COUNTERSIGN_BASE_KEY_MAP_H
#define COUNTERSIGN_BASE_KEY_MAP_H

#include <stddef.h>
#include <stdint.h>

enum { KEY_MAP_KEY = 16 };

struct key_map_slot {
    uint8_t key[KEY_MAP_KEY];
    uint32_t value; /* 0: the slot is free */
};

struct key_map { /* all zeros: empty */
    struct key_map_slot *slots;
    size_t room, count;
};

/* The value of the key; 0 if it has none. */
uint32_t key_map_get(const struct key_map *map, const uint8_t key[KEY_MAP_KEY]);

/* Gives it the value, which is not 0. */
void key_map_put(struct key_map *map, const uint8_t key[KEY_MAP_KEY], uint32_t value);

/* Wipes and frees. */
void key_map_free(struct key_map *map);

#endif
