/* key_map.c: open addressing, at most half full, see key_map.h. */
#include "base/key_map.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 1024 };

static struct key_map_slot *slot_of(struct key_map_slot *slots, size_t room, const uint8_t *key)
{
    size_t at;
    memcpy(&at, key, sizeof at);
    for (at &= room - 1; slots[at].value && memcmp(slots[at].key, key, KEY_MAP_KEY) != 0;) {
        at = (at + 1) & (room - 1);
    }
    return &slots[at];
}

static void grow(struct key_map *map)
{
    size_t room = map->room ? map->room * 2 : FIRST_ROOM;
    struct key_map_slot *slots = calloc(room, sizeof *slots);
    if (!slots) {
        log_die("out of memory");
    }
    size_t count = 0;
    for (size_t i = 0; i < map->room; i++) {
        if (map->slots[i].value) {
            *slot_of(slots, room, map->slots[i].key) = map->slots[i];
            count++;
        }
    }
    key_map_free(map);
    *map = (struct key_map){ slots, room, count };
}

uint32_t key_map_get(const struct key_map *map, const uint8_t key[KEY_MAP_KEY])
{
    return map->room ? slot_of(map->slots, map->room, key)->value : 0;
}

void key_map_put(struct key_map *map, const uint8_t key[KEY_MAP_KEY], uint32_t value)
{
    if (2 * map->count >= map->room) {
        grow(map);
    }
    struct key_map_slot *slot = slot_of(map->slots, map->room, key);
    map->count += !slot->value;
    memcpy(slot->key, key, KEY_MAP_KEY);
    slot->value = value;
}

void key_map_free(struct key_map *map)
{
    if (map->slots) {
        explicit_bzero(map->slots, map->room * sizeof *map->slots);
        free(map->slots);
    }
    *map = (struct key_map){ 0 };
}
