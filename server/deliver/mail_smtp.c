/* mail_smtp.c: SMTP by libcurl, see mail_smtp.h. What the mail server says is shown as numbers
 * only: its words may quote the message. */
#include "deliver/mail_smtp.h"

#include "deliver/curl_handle.h"
#include "deliver/own_host.h"

#include <string.h>

#define WHOLE_US (30 * US_PER_S)
enum { IMPLICIT_TLS = 465 };

struct upload {
    const struct mail_message *message;
    size_t sent;
};

static size_t give(char *out, size_t size, size_t n, void *arg)
{
    struct upload *u = arg;
    size_t room = size * n, left = u->message->len - u->sent;
    size_t len = left < room ? left : room;
    memcpy(out, u->message->text + u->sent, len);
    u->sent += len;
    return len;
}

static size_t drop(char *bytes, size_t size, size_t n, void *arg)
{
    (void)bytes;
    (void)arg;
    return size * n;
}

static void set_server(CURL *curl, const struct config *c, struct arena *arena)
{
    bool tls = c->mail.smtp_port == IMPLICIT_TLS, secret = *c->mail.smtp_user != '\0';
    bool v6 = strchr(c->mail.smtp_host, ':') && c->mail.smtp_host[0] != '[';
    const char *url = arena_printf(arena, "%s://%s%s%s:%d/%s", tls ? "smtps" : "smtp",
                                   v6 ? "[" : "", c->mail.smtp_host, v6 ? "]" : "",
                                   (int)c->mail.smtp_port, own_host(arena, c->site.external_url));
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(secret ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    if (secret) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, c->mail.smtp_user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, c->mail.smtp_pass);
    }
}

static void set_message(CURL *curl, struct arena *arena, struct upload *upload,
                        struct curl_slist *to)
{
    const struct mail_message *m = upload->message;
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, arena_printf(arena, "<%s>", m->from));
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(curl, CURLOPT_READDATA, upload);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)m->len);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
}

/* Did the server refuse this message, rather than us? RFC 5321 §4.2.1, RFC 4954 §6. */
static bool is_refusal(long reply)
{
    return reply >= 500 && reply <= 559 && reply != 530 && reply != 534 && reply != 535 &&
           reply != 538;
}

bool mail_smtp(const struct config *config, struct arena *arena, const struct mail_message *message,
               const char **error, bool *for_good)
{
    long reply = 0;
    struct upload upload = { .message = message };
    CURL *curl = curl_handle("smtp,smtps", WHOLE_US);
    struct curl_slist *to = curl_slist_append(NULL, arena_printf(arena, "<%s>", message->to));
    set_server(curl, config, arena);
    set_message(curl, arena, &upload, to);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
    curl_handle_done(curl);
    curl_slist_free_all(to);
    *for_good = false;
    if (code == CURLE_OK) {
        return true;
    }
    bool answered =
        code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_WEIRD_SERVER_REPLY;
    if (code == CURLE_USE_SSL_FAILED) {
        *error = "the mail server offers no TLS, which GOTRUE_SMTP_USER and _PASS require";
    } else if (answered && reply >= 400) {
        *error = arena_printf(arena, "the mail server refused the mail: %ld", reply);
        *for_good = is_refusal(reply);
    } else {
        *error =
            arena_printf(arena, "the mail server cannot be used: %s", curl_easy_strerror(code));
    }
    return false;
}
