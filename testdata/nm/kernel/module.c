/* Has symbols of each section, local and global, and one that marks an export. */
static int calls;
int module_data = 5;
int module_table[64];
const int module_limit = 64;
const char *const __ksymtab_module_answer = "module_answer";

static __attribute__((noinline)) int times(int number) {
    calls++;
    return number * calls;
}

int module_answer(int number) {
    return times(number) + module_limit;
}

__attribute__((weak)) int module_hook(void) {
    return 0;
}
