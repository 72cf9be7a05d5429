/* The library's one way to memory: plain allocation, wiping, and boxes. A box is a chain of chunks
 * behind a hidden head; a failed allocation sticks to the head, so that decoding code checks once.
 * Tests make calloc fail by the linker's --wrap. */
#include "mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct chunk {
    struct chunk *next;
    size_t size;
    max_align_t data[];
};

struct head {
    struct chunk *chunks;
    size_t size;
    bool failed;
    max_align_t object[];
};

void *csi_alloc(size_t count, size_t size)
{
    return calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
}

void csi_wipe(void *memory, size_t size)
{
    if (memory != NULL && size > 0) {
        memset(memory, 0, size);
        __asm__ __volatile__("" : : "r"(memory) : "memory");
    }
}

char *csi_text_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = csi_alloc(1, size);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

void csi_text_mend(char *text)
{
    size_t end = strlen(text), at = end;
    while (at > 0 && end - at < 4 && ((unsigned char)text[at - 1] & 0xc0) == 0x80) {
        at--;
    }
    unsigned char lead = at > 0 ? (unsigned char)text[at - 1] : 0;
    size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
    if (need > end - at + 1) {
        text[at - 1] = '\0';
    }
}

void csi_text_fit(char *out, size_t size, const char *text)
{
    size_t length = strlen(text);
    length = length < size ? length : size - 1;
    memcpy(out, text, length);
    out[length] = '\0';
    csi_text_mend(out);
}

void csi_secret_free(void *memory, size_t size)
{
    csi_wipe(memory, size);
    free(memory);
}

void csi_text_free(char *text)
{
    csi_secret_free(text, text == NULL ? 0 : strlen(text));
}

static struct head *head_of(const void *box)
{
    return (struct head *)((uintptr_t)box - offsetof(struct head, object));
}

void *csi_box_new(size_t size)
{
    struct head *head = csi_alloc(1, sizeof *head + size);
    if (head == NULL) {
        return NULL;
    }
    head->size = size;
    return head->object;
}

void *csi_box_alloc(void *box, size_t count, size_t size)
{
    struct head *head = head_of(box);
    struct chunk *chunk = NULL;
    if (size == 0 || count <= (SIZE_MAX - sizeof *chunk) / size) {
        chunk = csi_alloc(1, sizeof *chunk + count * size);
    }
    if (chunk == NULL) {
        head->failed = true;
        return NULL;
    }
    chunk->size = count * size;
    chunk->next = head->chunks;
    head->chunks = chunk;
    return chunk->data;
}

const char *csi_box_text(void *box, const char *text, size_t size)
{
    if (text == NULL || size == 0) {
        return "";
    }
    char *copy = csi_box_alloc(box, 1, size + 1);
    if (copy == NULL) {
        return "";
    }
    memcpy(copy, text, size);
    return copy;
}

bool csi_box_ok(const void *box)
{
    return !head_of(box)->failed;
}

void csi_box_fail(void *box)
{
    head_of(box)->failed = true;
}

void csi_box_free(void *box)
{
    if (box == NULL) {
        return;
    }
    struct head *head = head_of(box);
    struct chunk *chunk = head->chunks;
    while (chunk != NULL) {
        struct chunk *next = chunk->next;
        csi_secret_free(chunk, sizeof *chunk + chunk->size);
        chunk = next;
    }
    csi_secret_free(head, sizeof *head + head->size);
}
