/* The statuses' names and sentences, one table row each, and the library's version. */
#include "countersign.h"

static const struct {
    const char *name;
    const char *message;
} rows[] = {
    [CS_OK] = { "CS_OK", "success" },
    [CS_ERR_INVALID_ARGUMENT] = { "CS_ERR_INVALID_ARGUMENT",
                                  "a parameter is missing or malformed; nothing was sent" },
    [CS_ERR_INVALID_URL] = { "CS_ERR_INVALID_URL",
                             "the URL must be the project's, with http:// or https:// and a host" },
    [CS_ERR_NO_MEMORY] = { "CS_ERR_NO_MEMORY", "there is not enough memory" },
    [CS_ERR_SESSION_MISSING] = { "CS_ERR_SESSION_MISSING",
                                 "nobody is signed in, or the session was ended: sign in again" },
    [CS_ERR_API] = { "CS_ERR_API", "the server refused the request; its code says why" },
    [CS_ERR_WEAK_PASSWORD] = { "CS_ERR_WEAK_PASSWORD",
                               "the password is too weak; the reasons say in what way" },
    [CS_ERR_RATE_LIMITED] = { "CS_ERR_RATE_LIMITED", "too many requests: wait, then try again" },
    [CS_ERR_UNAVAILABLE] = { "CS_ERR_UNAVAILABLE",
                             "the server is not available at the moment: try again later" },
    [CS_ERR_CONNECT] = { "CS_ERR_CONNECT",
                         "no connection to the server: check the URL, the network and the proxy" },
    [CS_ERR_NETWORK] = { "CS_ERR_NETWORK",
                         "the connection broke; whether the server acted is not known" },
    [CS_ERR_TIMEOUT] = { "CS_ERR_TIMEOUT",
                         "no answer in time; whether the server acted is not known" },
    [CS_ERR_TLS] = { "CS_ERR_TLS", "no trusted TLS connection: check the host name, the CA file "
                                   "and the clock of this machine" },
    [CS_ERR_CANCELLED] = { "CS_ERR_CANCELLED", "the call was cancelled" },
    [CS_ERR_UNEXPECTED_RESPONSE] = { "CS_ERR_UNEXPECTED_RESPONSE",
                                     "the answer is not an auth server's: check the URL, and "
                                     "whether a proxy or a sign-in page stands between" },
    [CS_ERR_RESPONSE_TOO_LARGE] = { "CS_ERR_RESPONSE_TOO_LARGE",
                                    "the answer is larger than max_response_bytes" },
    [CS_ERR_STORAGE] = { "CS_ERR_STORAGE", "the session storage failed: check the path, its "
                                           "permissions and the space left" },
    [CS_ERR_INVALID_TOKEN] = { "CS_ERR_INVALID_TOKEN",
                               "the token is malformed, expired or not signed by this server" },
    [CS_ERR_SYSTEM] = { "CS_ERR_SYSTEM", "the system refused a thread or a lock" },
};

static bool is_known(cs_status status)
{
    return (int)status >= 0 && (size_t)status < sizeof rows / sizeof rows[0];
}

const char *cs_status_name(cs_status status)
{
    return is_known(status) ? rows[status].name : "CS_ERR_UNKNOWN";
}

const char *cs_status_message(cs_status status)
{
    return is_known(status) ? rows[status].message : "a failure this library does not know";
}

bool cs_status_is_retryable(cs_status status)
{
    return status == CS_ERR_RATE_LIMITED || status == CS_ERR_UNAVAILABLE ||
           status == CS_ERR_CONNECT || status == CS_ERR_NETWORK || status == CS_ERR_TIMEOUT;
}

#define TEXT_OF(number) #number
#define VERSION_OF(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *cs_version(void)
{
    return VERSION_OF(CS_VERSION_MAJOR, CS_VERSION_MINOR, CS_VERSION_PATCH);
}
