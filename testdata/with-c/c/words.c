#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Uses the C library's headers and functions: stdio, math, ctype, string. */
int describe(char *out, size_t size, double value) {
    char word[] = "square root";
    word[0] = (char)toupper((unsigned char)word[0]);
    return snprintf(out, size, "%s %.3f (%u letters)", word, sqrt(value), (unsigned)strlen(word));
}
