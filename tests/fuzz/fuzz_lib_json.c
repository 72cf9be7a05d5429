/* fuzz_lib_json.c: any bytes as JSON to the library's parser and to jansson's: the same verdict and
 * the same values, but for what decision 0016 says. For libFuzzer (script/fuzz), and, linked with
 * replay.c, an ordinary test over the corpus. */
#include "../../lib/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { DEPTH_MAX = 400 };

static void hold(bool what)
{
    if (!what) {
        abort();
    }
}

/* More brackets than may be nested: then only jansson may take it. */
static bool may_be_deep(const char *text, size_t len)
{
    size_t opened = 0;
    for (size_t i = 0; i < len; i++) {
        opened += text[i] == '[' || text[i] == '{';
    }
    return opened > DEPTH_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *text = (const char *)bytes;
    json_t *own = NULL;
    json_error_t error;
    enum csi_json_result result = csi_json_parse(text, len, &own);
    hold(result != CSI_JSON_NO_MEMORY && (result == CSI_JSON_OK) == (own != NULL));
    if (!memchr(text, '\0', len)) { /* which jansson skips behind a number */
        json_t *theirs = json_loadb(text, len, JSON_DECODE_ANY, &error);
        if (theirs && own) {
            hold(json_equal(own, theirs));
        } else if (theirs) {
            hold(may_be_deep(text, len));
        } else if (own) {
            hold(json_error_code(&error) == json_error_numeric_overflow);
        }
        json_decref(theirs);
    }
    csi_json_free(own);
    return 0;
}
