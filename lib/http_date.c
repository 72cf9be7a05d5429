/* Dates of HTTP headers, read without the C library's calendar, which looks at locale and zone. */
#include "http_date.h"

#include <string.h>

enum { LENGTH = 29 };

/* The number that stands in `count` digits, or -1. */
static int number(const char *digits, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (digits[i] < '0' || digits[i] > '9') {
            return -1;
        }
        value = value * 10 + (digits[i] - '0');
    }
    return value;
}

/* 0 to 11, or -1. */
static int month_of(const char *name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++) {
        if (memcmp(names + i * 3, name, 3) == 0) {
            return i;
        }
    }
    return -1;
}

/* Days from 1970 to the first of March of the year; months are counted from there, so that the
 * leap day comes last. */
static int64_t days_to(int year, int month, int day)
{
    int from_march = (month + 10) % 12;
    int64_t y = year - (month < 2);
    int64_t before = y * 365 + y / 4 - y / 100 + y / 400;
    return before + (153 * from_march + 2) / 5 + day - 1 - 719468;
}

bool csi_http_date(const char *text, int64_t *out)
{
    if (strlen(text) < LENGTH || memcmp(text + 25, " GMT", 4) != 0 || text[3] != ',' ||
        text[19] != ':' || text[22] != ':') {
        return false;
    }
    int day = number(text + 5, 2), month = month_of(text + 8), year = number(text + 12, 4);
    int hour = number(text + 17, 2), minute = number(text + 20, 2), second = number(text + 23, 2);
    bool good = day >= 1 && day <= 31 && month >= 0 && year >= 1970 && hour >= 0 && hour <= 23 &&
                minute >= 0 && minute <= 59 && second >= 0 && second <= 60;
    if (good) {
        *out = days_to(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    }
    return good;
}
