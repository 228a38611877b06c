/* Prints what the library exports, and the program's own symbols as libtool's table of them has them. */
#include <stdio.h>

struct symbol {
    const char *name;
    void *address;
};

extern const struct symbol lt__PROGRAM__LTX_preloaded_symbols[];
extern const char pair_name[];
extern int pair_count;
int pair_sum(int one, int other);

int number = 7;

int main(void) {
    printf("%s %d %d\n", pair_name, pair_count, pair_sum(1, 2));
    for (const struct symbol *it = lt__PROGRAM__LTX_preloaded_symbols; it->name; it++) {
        printf("%s%s\n", it->name, it->address == (void *)&number ? " is the number" : "");
    }
    return 0;
}
