#include <stdio.h>
#include <math.h>

int main(int count, char **words) {
    printf("%s %g\n", words[0], pow(count, 0.5));
    return 0;
}
