/* folder.h: messages as files in a folder, for a laptop where no mail server or SMS provider is
 * set. The files hold one-time codes: they are their owner's alone, and appear whole or not. */
#ifndef COUNTERSIGN_DELIVER_FOLDER_H
#define COUNTERSIGN_DELIVER_FOLDER_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* Makes the folder if need be, writes the file "ID-TOPIC.ENDING" and logs its name. Where the file
 * is there already (a message is tried again), nothing is written. false: *error. */
bool folder_put(struct arena *arena, const char *folder, const char *topic, const char *id,
                const char *ending, const char *text, size_t len, const char **error);

#endif
