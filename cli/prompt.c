/* prompt.c: reads lines, with and without echo, see prompt.h. */
#include "prompt.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
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

/* Waits until there is something to read. Signals that are blocked meanwhile may come in only here,
 * so that none gets lost between looking and waiting. */
static void await(const sigset_t *open)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    while (!caught && ppoll(&input, 1, NULL, open) < 0 && errno == EINTR) {
    }
}

/* Byte by byte, so that nothing that belongs to the next line is taken. */
static const char *read_line(struct arena *arena, const sigset_t *open)
{
    char *line = arena_alloc(arena, LINE_MAX_BYTES);
    size_t len = 0;
    for (;;) {
        char c = '\n';
        if (open) {
            await(open);
        }
        ssize_t n = caught ? 0 : read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR) {
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

static const char *ask(struct arena *arena, const char *prompt, const sigset_t *open)
{
    if (prompt_possible()) {
        fflush(stdout);
        fputs(prompt, stderr);
    }
    return read_line(arena, open);
}

const char *prompt_line(struct arena *arena, const char *prompt)
{
    caught = 0;
    return ask(arena, prompt, NULL);
}

/* The signals that may end or stop the program while the echo is off. */
static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
enum { SIGNALS = sizeof signals / sizeof signals[0] };

/* One attempt; the signal that interrupted it, if one did, is raised when all is as it was. */
static const char *ask_silently(struct arena *arena, const char *prompt)
{
    struct termios before, silent;
    struct sigaction old[SIGNALS], catching = { .sa_handler = note };
    sigset_t blocked, open;
    caught = 0;
    if (!prompt_possible() || tcgetattr(STDIN_FILENO, &before) != 0) {
        return prompt_line(arena, prompt);
    }
    sigemptyset(&blocked);
    for (int i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], NULL, &old[i]);
        if (old[i].sa_handler != SIG_IGN) { /* what is ignored stays so, as under nohup */
            sigaddset(&blocked, signals[i]);
            sigaction(signals[i], &catching, NULL);
        }
    }
    pthread_sigmask(SIG_BLOCK, &blocked, &open);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    silent.c_lflag |= ICANON;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    const char *line = ask(arena, prompt, &open);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr); /* the one that was typed was not shown */
    pthread_sigmask(SIG_SETMASK, &open, NULL);
    for (int i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], &old[i], NULL);
    }
    if (caught) {
        raise(caught);
    }
    return line;
}

const char *prompt_secret(struct arena *arena, const char *prompt)
{
    const char *line;
    do {
        line = ask_silently(arena, prompt);
    } while (caught == SIGTSTP); /* stopped, and now continued */
    return line;
}
