/* The public header compiles by itself, first and twice. */
#include <countersign.h>
#include <countersign.h>

int main(void)
{
    return cs_status_name(CS_OK)[0] == 'C' ? 0 : 1;
}
