/* url.h: URLs taken apart, in two ways. url_read is for what strangers send: an absolute URL as
 * browsers read it (WHATWG URL), or none: where browsers would convert, mend or guess it is
 * refused, so that nobody reads another host than we. url_split is for settings: it finds the parts
 * of any "scheme://authority" by their delimiters (RFC 3986, Appendix B) and judges nothing. */
#ifndef COUNTERSIGN_BASE_URL_H
#define COUNTERSIGN_BASE_URL_H

#include <stdbool.h>
#include <stddef.h>

struct url_part {
    const char *at; /* in the text that was read */
    size_t len;
};

enum url_host {
    URL_HOST_NONE,
    URL_HOST_NAME, /* labels of letters, digits and hyphens; of schemes that are not the web's also
                      "_" and "~" */
    URL_HOST_IPV4,
    URL_HOST_IPV6, /* without its brackets */
};

struct url {
    struct url_part scheme, host;
    struct url_part path;  /* may be empty */
    struct url_part query; /* behind its '?'; at NULL: none */
    enum url_host host_kind;
    bool web;       /* http, https, ws, wss, ftp: what WHATWG calls special; there is a host */
    bool authority; /* "//" stands before the host */
    int port;       /* the scheme's own if none is written; 0: none, and the scheme has none */
};

enum url_fault {
    URL_FINE,
    URL_NO_SCHEME,
    URL_BAD_CHARACTER, /* a control character, a backslash, a blank at its end, no UTF-8 */
    URL_USERINFO,
    URL_BAD_HOST,
    URL_BAD_PORT,
    URL_DOT_SEGMENTS, /* which browsers resolve */
};

enum url_fault url_read(const char *text, struct url *out);

struct url_split {
    struct url_part
        origin; /* scheme, "://" and authority, as written; ends where the rest begins */
    struct url_part scheme; /* empty: there is no "://", and the text begins with the host */
    struct url_part userinfo;
    struct url_part host; /* an IPv6 address with its brackets; may be empty */
    struct url_part port; /* behind its ':'; may be empty */
    const char *rest;     /* path, query and fragment; may be empty */
};

struct url_split url_split(const char *text);

/* "http" or "https"? */
bool url_scheme_is_http(struct url_part scheme);

/* Does the part say this, whatever the case of ASCII letters? */
bool url_part_is(struct url_part part, const char *word);

/* Schemes that are no place: they run, show or read something of the browser's own. */
bool url_scheme_is_no_place(struct url_part scheme);

/* localhost, names under it, and addresses of this machine. */
bool url_is_loopback(const struct url *url);

/* A port that browsers take when none is written; 0: none. */
int url_default_port(struct url_part scheme);

#endif
