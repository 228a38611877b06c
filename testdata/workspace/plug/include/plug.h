#include <stddef.h>
#include <stdint.h>

int32_t plug_add(int32_t a, int32_t b);
size_t plug_describe(double value);
extern const uint32_t PLUG_ABI;
