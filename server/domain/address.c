/* address.c: the forms of e-mail addresses and phone numbers, see address.h. */
#include "domain/address.h"

#include <stdbool.h>
#include <string.h>

enum { EMAIL_MAX = 255, LABEL_MAX = 63, PHONE_MAX = 15 };

static bool letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool domain_valid(const char *domain)
{
    for (const char *label = domain;; label++) {
        size_t len = strcspn(label, ".");
        if (len < 1 || len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-') {
            return false;
        }
        for (size_t i = 0; i < len; i++) {
            if (!letter_or_digit(label[i]) && label[i] != '-') {
                return false;
            }
        }
        label += len;
        if (!*label) {
            return true;
        }
    }
}

static bool email_valid(const char *email)
{
    const char *at = strchr(email, '@');
    if (!at || at == email) {
        return false;
    }
    for (const char *p = email; p < at; p++) {
        if (!letter_or_digit(*p) && !strchr(".!#$%&'*+/=?^_{}~-`|", *p)) {
            return false;
        }
    }
    return domain_valid(at + 1);
}

const char *email_as_stored(struct arena *arena, const char *email)
{
    char *lower = arena_strdup(arena, email);
    for (char *p = lower; *p; p++) {
        if (*p >= 'A' && *p <= 'Z') {
            *p = (char)(*p + 'a' - 'A');
        }
    }
    return lower;
}

enum problem email_normalise(struct ctx *ctx, const char *email, const char **out)
{
    if (!email || !*email) {
        return P_EMAIL_REQUIRED;
    }
    if (strlen(email) > EMAIL_MAX) {
        return P_EMAIL_TOO_LONG;
    }
    if (!email_valid(email)) {
        return P_EMAIL_INVALID;
    }
    *out = email_as_stored(ctx->arena, email);
    return P_OK;
}

const char *phone_as_stored(struct arena *arena, const char *phone)
{
    char *digits = arena_alloc(arena, strlen(phone) + 1), *to = digits;
    for (const char *p = phone + (*phone == '+'); *p; p++) {
        if (*p != ' ') {
            *to++ = *p;
        }
    }
    return digits;
}

enum problem phone_normalise(struct ctx *ctx, const char *phone, const char **out)
{
    const char *digits = phone_as_stored(ctx->arena, phone);
    size_t len = strlen(digits);
    if (len < 2 || len > PHONE_MAX || digits[0] == '0' || strspn(digits, "0123456789") != len) {
        return P_PHONE_INVALID;
    }
    *out = digits;
    return P_OK;
}
