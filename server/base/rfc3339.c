/* rfc3339.c: days and clock times to text and back, without the C library's time zones. */
#include "base/rfc3339.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

/* Days since 1970 to a civil date and back, in the proleptic Gregorian calendar: years are counted
 * from March, so that the leap day is the last day of a year. */
static void civil_of_days(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

static int days_in(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static int64_t days_of_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

static char *digits(char *p, int n, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        p[i] = (char)('0' + n % 10);
        n /= 10;
    }
    return p + width;
}

char *rfc3339_format(int64_t at_us, char out[RFC3339_TEXT])
{
    int64_t s = at_us / US_PER_S, us = at_us % US_PER_S;
    if (us < 0) {
        us += US_PER_S;
        s--;
    }
    int64_t days = s / 86400, in_day = s % 86400;
    if (in_day < 0) {
        in_day += 86400;
        days--;
    }
    int year, month, day;
    civil_of_days(days, &year, &month, &day);
    if (year < 0 || year > 9999) {
        year = year < 0 ? 0 : 9999;
    }
    char *p = digits(out, year, 4);
    *p++ = '-';
    p = digits(p, month, 2);
    *p++ = '-';
    p = digits(p, day, 2);
    *p++ = 'T';
    p = digits(p, (int)(in_day / 3600), 2);
    *p++ = ':';
    p = digits(p, (int)(in_day / 60 % 60), 2);
    *p++ = ':';
    p = digits(p, (int)(in_day % 60), 2);
    if (us) {
        *p++ = '.';
        p = digits(p, (int)us, 6);
        while (p[-1] == '0') {
            p--;
        }
    }
    *p++ = 'Z';
    *p = '\0';
    return out;
}

static bool number(const char **p, int width, int low, int high, int *out)
{
    int n = 0;
    for (int i = 0; i < width; i++) {
        char c = (*p)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        n = n * 10 + (c - '0');
    }
    *p += width;
    *out = n;
    return n >= low && n <= high;
}

static bool sign(const char **p, const char *one_of)
{
    bool ok = **p && strchr(one_of, **p);
    *p += ok;
    return ok;
}

static bool fraction(const char **p, int64_t *us)
{
    *us = 0;
    if (**p != '.') {
        return true;
    }
    (*p)++;
    int n = 0;
    for (int64_t unit = 100000; **p >= '0' && **p <= '9'; (*p)++, n++, unit /= 10) {
        *us += (**p - '0') * unit;
    }
    return n > 0;
}

bool rfc3339_parse(const char *text, int64_t *out_us)
{
    int year, month, day, hour, minute, second, zone_h = 0, zone_m = 0;
    int64_t us;
    const char *p = text;
    if (!(number(&p, 4, 0, 9999, &year) && sign(&p, "-") && number(&p, 2, 1, 12, &month) &&
          sign(&p, "-") && number(&p, 2, 1, 31, &day) && sign(&p, "Tt ") &&
          number(&p, 2, 0, 23, &hour) && sign(&p, ":") && number(&p, 2, 0, 59, &minute) &&
          sign(&p, ":") && number(&p, 2, 0, 60, &second) && fraction(&p, &us))) {
        return false;
    }
    if (day > days_in(year, month)) {
        return false;
    }
    int direction = *p == '-' ? 1 : -1;
    if (*p == 'Z' || *p == 'z') {
        p++;
    } else if (!(sign(&p, "+-") && number(&p, 2, 0, 23, &zone_h) && sign(&p, ":") &&
                 number(&p, 2, 0, 59, &zone_m))) {
        return false;
    }
    if (*p) {
        return false;
    }
    int64_t s = days_of_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    *out_us = (s + direction * (zone_h * 3600 + zone_m * 60)) * US_PER_S + us;
    return true;
}
