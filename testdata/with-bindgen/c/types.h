/* Types that are not of one size everywhere, out of headers of the compiler's and the system's. */
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifndef _WIN32
#include <pthread.h>
#include <sys/stat.h>
#endif

struct types {
    long word[LONG_MAX > INT_MAX ? 8 : 4];
    wchar_t letter;
    time_t time;
    size_t size;
};
