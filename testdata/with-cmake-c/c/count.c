#include <string.h>

int count(const char *word) { return (int)strlen(word); }
