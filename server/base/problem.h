/* problem.h: every answer that is not a success, one row each in problems.def. Functions that can
 * fail return enum problem; P_OK is 0. */
#ifndef COUNTERSIGN_BASE_PROBLEM_H
#define COUNTERSIGN_BASE_PROBLEM_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum problem {
    P_OK = 0,
#define PROBLEM(name, status, code, text) P_##name,
#include "base/problems.def"
#undef PROBLEM
    P_COUNT
};

struct problem_row {
    const char *name;
    int status;       /* HTTP */
    const char *code; /* error_code of the envelope; "" where the contract has none */
    const char *text; /* "%s" stands for the argument of ctx_fail */
};

const struct problem_row *problem_row(enum problem problem);

#endif
