/* Calls a library that it loads while it runs. */
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char **arguments) {
    void *library = dlopen(arguments[count - 1], RTLD_NOW);
    if (!library) {
        puts(dlerror());
        return 1;
    }
    int (*add)(int, int) = (int (*)(int, int))dlsym(library, "Add");
    char *(*version)(void) = (char *(*)(void))dlsym(library, "Version");
    printf("%d %s\n", add(20, 22), version());
    return 0;
}
