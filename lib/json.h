/* Reading and writing JSON, as values of jansson. JSON null is absent. */
#ifndef CSI_JSON_H
#define CSI_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum csi_json_result { CSI_JSON_OK, CSI_JSON_BAD, CSI_JSON_NO_MEMORY };

/* Parses a whole text, nested at most 400 deep. On CSI_JSON_OK *out is owned by the caller:
 * csi_json_free(). */
enum csi_json_result csi_json_parse(const char *text, size_t size, json_t **out);

/* Overwrites all strings; takes NULL. */
void csi_json_wipe(json_t *json);

/* The same, then frees. */
void csi_json_free(json_t *json);

/* Members; NULL or false when absent or of another type. Text is owned by the JSON. Numbers beyond
 * nine thousand million million count as absent. */
const char *csi_json_text(const json_t *object, const char *key);
bool csi_json_int(const json_t *object, const char *key, int64_t *out);
bool csi_json_bool(const json_t *object, const char *key);
json_t *csi_json_object(const json_t *object, const char *key);
json_t *csi_json_array(const json_t *object, const char *key);

/* A member's text or its JSON form, in a box; "" when absent. */
const char *csi_json_box_text(void *box, const json_t *object, const char *key);
const char *csi_json_box_dump(void *box, const json_t *value);

#endif
