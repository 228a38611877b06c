/* Calls a library that it is linked with. */
#include <stdio.h>
#include "libexport.h"

int main(void) {
    printf("%d %s\n", Add(20, 22), Version());
    return 0;
}
