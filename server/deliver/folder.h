/* folder.h: messages as files in a folder, for development, where no mail server or SMS provider is
 * set. The files hold one-time codes: their owner alone can read them, and they appear whole. */
#ifndef COUNTERSIGN_DELIVER_FOLDER_H
#define COUNTERSIGN_DELIVER_FOLDER_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes the folder if need be, writes the file "ID-TOPIC.ENDING" and logs its name. Where the file
 * is there already (a message is tried again), nothing is written. false: *error. */
bool folder_put(struct arena *arena, const char *folder, const char *topic, const char *id,
                const char *ending, const char *text, size_t len, const char **error);

/* Can files be written there, or could it be made, with those above it? false: *error. */
bool folder_ready(struct arena *arena, const char *folder, const char **error);

/* Of the messages in the folder beyond so many (0: any number) the oldest go; other files stay. */
void folder_trim(const char *folder, int64_t most);

#endif
