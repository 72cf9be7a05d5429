/* The server's JSON as the public structs. Unknown members are skipped, absent text is "". Nothing
 * here fails but for memory, which sticks to the box. */
#include "decode.h"

#include "mem.h"

#include <string.h>

static void decode_factor(void *box, const json_t *json, cs_factor *factor)
{
    factor->id = csi_json_box_text(box, json, "id");
    factor->factor_type = csi_json_box_text(box, json, "factor_type");
    factor->status = csi_json_box_text(box, json, "status");
    factor->friendly_name = csi_json_box_text(box, json, "friendly_name");
    factor->phone = csi_json_box_text(box, json, "phone");
    factor->created_at = csi_json_box_text(box, json, "created_at");
    factor->updated_at = csi_json_box_text(box, json, "updated_at");
    factor->last_challenged_at = csi_json_box_text(box, json, "last_challenged_at");
}

const cs_factor *csi_decode_factors(void *box, const json_t *array, size_t *count,
                                    bool (*keep)(const json_t *factor, const char *type),
                                    const char *type)
{
    *count = 0;
    size_t size = json_array_size(array);
    cs_factor *factors = size == 0 ? NULL : csi_box_alloc(box, size, sizeof *factors);
    for (size_t i = 0; factors != NULL && i < size; i++) {
        const json_t *json = json_array_get(array, i);
        if (json_is_object(json) && (keep == NULL || keep(json, type))) {
            decode_factor(box, json, &factors[(*count)++]);
        }
    }
    return factors;
}

static const cs_identity *decode_identities(void *box, const json_t *array, size_t *count)
{
    size_t size = json_array_size(array);
    cs_identity *list = size == 0 ? NULL : csi_box_alloc(box, size, sizeof *list);
    for (size_t i = 0; list != NULL && i < size; i++) {
        const json_t *json = json_array_get(array, i);
        cs_identity *identity = &list[i];
        identity->identity_id = csi_json_box_text(box, json, "identity_id");
        identity->id = csi_json_box_text(box, json, "id");
        identity->user_id = csi_json_box_text(box, json, "user_id");
        identity->provider = csi_json_box_text(box, json, "provider");
        identity->email = csi_json_box_text(box, json, "email");
        identity->identity_data = csi_json_box_dump(box, json_object_get(json, "identity_data"));
        identity->created_at = csi_json_box_text(box, json, "created_at");
        identity->updated_at = csi_json_box_text(box, json, "updated_at");
        identity->last_sign_in_at = csi_json_box_text(box, json, "last_sign_in_at");
    }
    *count = list == NULL ? 0 : size;
    return list;
}

static void decode_user_texts(void *box, const json_t *json, cs_user *user)
{
    user->id = csi_json_box_text(box, json, "id");
    user->aud = csi_json_box_text(box, json, "aud");
    user->role = csi_json_box_text(box, json, "role");
    user->email = csi_json_box_text(box, json, "email");
    user->phone = csi_json_box_text(box, json, "phone");
    user->new_email = csi_json_box_text(box, json, "new_email");
    user->new_phone = csi_json_box_text(box, json, "new_phone");
    user->created_at = csi_json_box_text(box, json, "created_at");
    user->updated_at = csi_json_box_text(box, json, "updated_at");
    user->confirmed_at = csi_json_box_text(box, json, "confirmed_at");
    user->email_confirmed_at = csi_json_box_text(box, json, "email_confirmed_at");
    user->phone_confirmed_at = csi_json_box_text(box, json, "phone_confirmed_at");
    user->last_sign_in_at = csi_json_box_text(box, json, "last_sign_in_at");
    user->invited_at = csi_json_box_text(box, json, "invited_at");
    user->banned_until = csi_json_box_text(box, json, "banned_until");
}

const cs_user *csi_decode_user(void *box, const json_t *json)
{
    cs_user *user = json_is_object(json) ? csi_box_alloc(box, 1, sizeof *user) : NULL;
    if (user == NULL) {
        return NULL;
    }
    decode_user_texts(box, json, user);
    user->app_metadata = csi_json_box_dump(box, json_object_get(json, "app_metadata"));
    user->user_metadata = csi_json_box_dump(box, json_object_get(json, "user_metadata"));
    user->is_anonymous = csi_json_bool(json, "is_anonymous");
    user->factors =
        csi_decode_factors(box, csi_json_array(json, "factors"), &user->factors_count, NULL, NULL);
    user->identities =
        decode_identities(box, csi_json_array(json, "identities"), &user->identities_count);
    user->json = csi_json_box_dump(box, json);
    return user;
}

const cs_amr_entry *csi_decode_amr(void *box, const json_t *array, size_t *count)
{
    size_t size = json_array_size(array);
    cs_amr_entry *entries = size == 0 ? NULL : csi_box_alloc(box, size, sizeof *entries);
    for (size_t i = 0; entries != NULL && i < size; i++) {
        const json_t *json = json_array_get(array, i);
        if (json_is_string(json)) { /* a custom-token hook may write plain names */
            entries[i].method =
                csi_box_text(box, json_string_value(json), json_string_length(json));
        } else {
            entries[i].method = csi_json_box_text(box, json, "method");
            csi_json_int(json, "timestamp", &entries[i].timestamp);
        }
    }
    *count = entries == NULL ? 0 : size;
    return entries;
}
