/* problem.c: the table of answers, see problem.h and problems.def. */
#include "base/problem.h"

const struct problem_row *problem_row(enum problem problem)
{
    static const struct problem_row rows[P_COUNT] = {
        [P_OK] = { "OK", 200, "", "" },
#define PROBLEM(name, status, code, text) [P_##name] = { #name, status, code, text },
#include "base/problems.def"
#undef PROBLEM
    };
    return &rows[problem < P_COUNT ? problem : P_OK];
}
