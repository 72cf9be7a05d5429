/* curl_handle.h: a libcurl handle of this thread's own, with what every transfer here has in
 * common. For http_client.c and mail_smtp.c. */
#ifndef COUNTERSIGN_DELIVER_CURL_HANDLE_H
#define COUNTERSIGN_DELIVER_CURL_HANDLE_H

#include <curl/curl.h>
#include <stdint.h>

/* The thread's handle with all options back to their defaults but these: the protocols (such as
 * "http,https"), 10 s to connect, the whole timeout, no signals, no redirects, verified
 * certificates, and cancel.h. Connections stay open for the thread's next call. */
CURL *curl_handle(const char *protocols, int64_t timeout_us);

/* Forgets what the handle knows of the request (credentials, callbacks). */
void curl_handle_done(CURL *curl);

#endif
