/* Calls a library by declarations of its own: Go's header wants types that C++ alone has there. */
#include <stdio.h>

int Add(int a, int b);
char *Version(void);

int main(void) {
    printf("%d %s\n", Add(20, 22), Version());
    return 0;
}
