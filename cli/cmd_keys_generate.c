/* cmd_keys_generate.c: `countersign keys generate`: a new key, as settings that can be pasted. */
#include "keys/keys.h"
#include "crypto/base64.h"
#include "job.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

enum { SECRET_BYTES = 48 };

static int print_secret(struct job *job, struct entropy *entropy)
{
    uint8_t bytes[SECRET_BYTES];
    entropy_bytes(entropy, bytes, sizeof bytes);
    const char *text = base64url_encode(job->arena, bytes, sizeof bytes);
    explicit_bzero(bytes, sizeof bytes);
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        json_add_text(&out, "GOTRUE_JWT_SECRET", text);
        json_end(&out, '}');
    } else {
        printf("GOTRUE_JWT_SECRET=%s\n", text);
    }
    return EXIT_OK;
}

static int act(struct job *job)
{
    static const char id_name[] = "GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY_ID";
    static const char key_name[] = "GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPTION_KEY";
    struct entropy entropy = entropy_system();
    const char *id;
    if (job->options.jwt_secret) {
        return print_secret(job, &entropy);
    }
    const char *key = vault_new_key(job->arena, &entropy, &id);
    if (job->options.json) {
        struct strbuf out = json_begin(job->arena, '{');
        json_add_text(&out, "GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPT", "true");
        json_add_text(&out, id_name, id);
        json_add_text(&out, key_name, key);
        json_end(&out, '}');
    } else {
        printf("GOTRUE_SECURITY_DB_ENCRYPTION_ENCRYPT=true\n%s=%s\n%s=%s\n", id_name, id, key_name,
               key);
    }
    return EXIT_OK;
}

const struct command command_keys_generate = {
    .name = "keys generate",
    .summary = "print a new encryption key as settings",
    .help = "usage: countersign keys generate [OPTION]...\n\n"
            "Prints a new key that encrypts passwords and second factors at rest, as lines for a\n"
            "file of settings. Give it to every node on the database, and to an official server\n"
            "that shares it; keep a copy apart from the backups: without it nobody can sign in.\n"
            "Where the settings had another key, name that one in\n"
            "GOTRUE_SECURITY_DB_ENCRYPTION_DECRYPTION_KEYS (id:key). `countersign keys encrypt`\n"
            "then encrypts what is stored already.\n\n"
            "  --jwt-secret        a new GOTRUE_JWT_SECRET instead\n"
            "  --json              as JSON\n",
    .act = act,
    .client = CLIENT_NONE,
    .words_min = 0,
    .words_max = 0,
};
