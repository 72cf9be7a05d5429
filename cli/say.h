/* say.h: what commands say on standard error besides their answer: errors and warnings, as text or,
 * with --json, as one JSON object a line. */
#ifndef COUNTERSIGN_CLI_SAY_H
#define COUNTERSIGN_CLI_SAY_H

#include <stdbool.h>

/* Whether errors and warnings are JSON from now on; main.c says so before all else. */
void say_as_json(bool on);

/* "countersign WHO: text", with who "" without it. Returns code. What is shown plays no tricks with
 * the terminal; lines stay lines. */
int say_error(int code, const char *who, const char *text);

void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
