/* What gdb is tried on: a line to stop at, a variable to read, and a function of each kind. */
#include <stdio.h>
#include <stdlib.h>

static int twice(int number) {
    int doubled = number * 2;
    printf("doubled %d\n", doubled);
    return doubled;
}

int shared(int number) {
    return twice(number) - 42;
}

int main(int count, char **words) {
    return shared(count > 1 ? atoi(words[1]) : 21);
}
