/* key_uri.h: the otpauth:// URI that authenticator apps read from the QR code, and other servers
 * give to those who move away from them. */
#ifndef COUNTERSIGN_FACTOR_TOTP_KEY_URI_H
#define COUNTERSIGN_FACTOR_TOTP_KEY_URI_H

#include "crypto/totp.h"

#include "base/arena.h"

struct key_uri {
    const char *issuer, *account; /* issuer "" if there is none */
    const char *secret;           /* base32 */
    struct totp_kind kind;
    const char *friendly_name; /* a parameter of our own; NULL: not there */
    const char *other;         /* when read: NULL, or the kind of code that is none of TOTP */
};

/* otpauth://totp/ISSUER:ACCOUNT?algorithm=SHA1&digits=6&issuer=ISSUER&period=30&secret=SECRET
 * (row E3), and &friendly_name=NAME if there is one. Issuer and account are percent-encoded whole:
 * only letters, digits and -._~ stay (and '@' in the account), so that the one ':' between them is
 * the only one (row B11). */
const char *key_uri(struct arena *arena, const struct key_uri *in);

/* The issuer where nobody names one: host[:port] of the site (row E3). */
const char *key_uri_issuer(struct arena *arena, const char *site_url);

/* Reads one, of whatever server: parameters in any order, unknown ones ignored. NULL, or what is
 * wrong with it, without the secret. What is not given is "" or the default; the secret's and the
 * kind's values are not checked beyond their form. Of a kind that is no TOTP only `other` is set.
 */
const char *key_uri_read(struct arena *arena, const char *text, struct key_uri *out);

/* The account of a label: what follows the issuer and a colon, else the last colon. */
const char *key_uri_account(const char *label, const char *issuer);

/* The digest as exporters spell it: SHA1, sha-256, HmacSHA512, Algorithm.sha1. Where nothing is
 * said
 * ("", null) *out stays. false: none of the three. */
bool key_uri_digest(const char *text, enum digest *out);

/* A number of at most four digits; the preset where nothing is said; -1 for all else. */
int key_uri_number(const char *text, int preset);

#endif
