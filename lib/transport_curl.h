/* The library's own transport: libcurl, with handles kept for the next request. */
#ifndef CSI_TRANSPORT_CURL_H
#define CSI_TRANSPORT_CURL_H

#include "countersign.h"

struct csi_curl;

/* Fills in *transport; NULL if there is no memory. Takes proxy and CA options from the client. */
struct csi_curl *csi_curl_new(const cs_client *client, cs_transport *transport);

/* Both take NULL. */
void csi_curl_wake(struct csi_curl *curl); /* running requests look whether they are cancelled */
void csi_curl_free(struct csi_curl *curl);

#endif
