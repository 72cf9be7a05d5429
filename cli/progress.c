/* progress.c: see progress.h. */
#include "progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { BAR = 30 };
#define LINE_EVERY_US (2 * US_PER_S)

static void show_bar(const struct copy_progress *p)
{
    char bar[BAR + 1];
    int filled = p->all_total ? (int)(BAR * p->all_done / p->all_total) : BAR;
    filled = filled > BAR ? BAR : filled;
    memset(bar, '.', BAR);
    memset(bar, '#', (size_t)filled);
    bar[BAR] = '\0';
    printf("\r[%s] %3d%%  %-18s %lld of %lld  ", bar,
           p->all_total ? (int)(100 * p->all_done / p->all_total) : 100, p->table,
           (long long)p->done, (long long)p->total);
    fflush(stdout);
}

void progress_show(void *arg, const struct copy_progress *p)
{
    struct progress_screen *screen = arg;
    int64_t now = clock_steady_us();
    if (screen->terminal) {
        show_bar(p);
        return;
    }
    bool over = p->done >= p->total && screen->table != p->table;
    if (over || (p->done < p->total && now - screen->shown_us > LINE_EVERY_US)) {
        printf("%s: %lld of %lld\n", p->table, (long long)p->done, (long long)p->total);
        fflush(stdout);
        screen->shown_us = now;
        screen->table = over ? p->table : screen->table;
    }
}
