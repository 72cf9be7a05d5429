/* prompt.c: reads lines, with and without echo, see prompt.h. */
#include "prompt.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192 };

static volatile sig_atomic_t caught;

static void note(int number)
{
    caught = number;
}

bool prompt_possible(void)
{
    return isatty(STDIN_FILENO) != 0;
}

/* Byte by byte, so that nothing that belongs to the next line is taken. */
static const char *read_line(struct arena *arena)
{
    char *line = arena_alloc(arena, LINE_MAX_BYTES);
    size_t len = 0;
    for (;;) {
        char c;
        ssize_t n = read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR && !caught) {
            continue;
        }
        if (n <= 0 || c == '\n') {
            break;
        }
        if (len + 1 >= LINE_MAX_BYTES) {
            return NULL;
        }
        line[len++] = c;
    }
    if (len && line[len - 1] == '\r') {
        len--;
    }
    line[len] = '\0';
    return len && !caught && !memchr(line, '\0', len) ? line : NULL;
}

const char *prompt_line(struct arena *arena, const char *prompt)
{
    if (prompt_possible()) {
        fflush(stdout);
        fputs(prompt, stderr);
    }
    return read_line(arena);
}

/* The signals that may end the program while the echo is off. */
static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
enum { SIGNALS = sizeof signals / sizeof signals[0] };

const char *prompt_secret(struct arena *arena, const char *prompt)
{
    struct termios before, silent;
    struct sigaction old[SIGNALS], catching = { .sa_handler = note };
    if (!prompt_possible() || tcgetattr(STDIN_FILENO, &before) != 0) {
        return prompt_line(arena, prompt);
    }
    caught = 0;
    for (int i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], &catching, &old[i]);
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    silent.c_lflag |= ICANON;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    const char *line = prompt_line(arena, prompt);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr); /* the one that was typed was not shown */
    for (int i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], &old[i], NULL);
    }
    if (caught) {
        raise(caught);
    }
    return line;
}
