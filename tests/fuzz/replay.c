/* replay.c: gives each file of the folders named to a fuzz target, once: what the fuzzer found
 * stays found. Prints how many; an input that crashes ends the program. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { FILE_MAX_BYTES = 1 << 17, PATH_MAX_BYTES = 4096 };

static int replay(const char *path, uint8_t *room)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        return 0;
    }
    size_t len = fread(room, 1, FILE_MAX_BYTES, f);
    fclose(f);
    uint8_t *exact = malloc(len ? len : 1); /* so that a byte too far is seen */
    for (size_t i = 0; i < len; i++) {
        exact[i] = room[i];
    }
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    return 1;
}

int main(int argc, char **argv)
{
    static uint8_t room[FILE_MAX_BYTES];
    int count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        for (struct dirent *e; folder && (e = readdir(folder));) {
            char path[PATH_MAX_BYTES];
            snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
            count += e->d_name[0] != '.' && replay(path, room);
        }
        if (folder) {
            closedir(folder);
        }
    }
    printf("%d passed, %d failed\n", count, !count);
    return !count;
}
