/* The library's one way to memory, and boxes: an answer with all that it points to, wiped and
 * freed in one go. Everything here may hold secrets, so everything is wiped before it is freed. */
#ifndef CSI_MEM_H
#define CSI_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory for count objects of size bytes; NULL if there is none. */
void *csi_alloc(size_t count, size_t size);

/* Overwrites memory in a way that compilers do not drop. */
void csi_wipe(void *memory, size_t size);

/* A copy of the text, or NULL. */
char *csi_text_copy(const char *text);

/* As much of the text as fits with its NUL, cut between characters. */
void csi_text_fit(char *out, size_t size, const char *text);

/* Drops the last character if there is only a part of it. */
void csi_text_mend(char *text);

/* Wipes and frees; takes NULL. */
void csi_text_free(char *text);
void csi_secret_free(void *memory, size_t size);

/* A box begins with an object of `size` zeroed bytes, which the returned pointer names. */
void *csi_box_new(size_t size);

/* More zeroed memory that lives as long as the box. A failure returns NULL and sticks to the box.
 */
void *csi_box_alloc(void *box, size_t count, size_t size);

/* A copy of size bytes of text with a NUL; "" for NULL and on failure, which sticks. */
const char *csi_box_text(void *box, const char *text, size_t size);

/* Whether every allocation of the box succeeded so far. */
bool csi_box_ok(const void *box);

/* Makes the box count as failed. */
void csi_box_fail(void *box);

void csi_box_free(void *box);

#endif
