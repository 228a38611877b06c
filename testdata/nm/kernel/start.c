/* Begins, and needs what the module defines. */
extern int module_answer(int number);
extern int module_data;

int started = 1;
int counter;

void start(void) {
    counter = module_answer(started) + module_data;
    for (;;) {
    }
}
