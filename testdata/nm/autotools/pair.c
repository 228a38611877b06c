/* Symbols of each kind that libtool's pipe knows: functions, data, constants, zeros, common and weak ones. */
int helper_calls;
static int local_calls;

int helper(int number) {
    helper_calls++;
    local_calls++;
    return number + 1;
}

int pair_sum(int one, int other) {
    return helper(one) + other + local_calls - local_calls;
}

int pair_count = 2;
int pair_zeros[4];
const char pair_name[] = "pair";

__attribute__((weak)) int pair_weak(void) {
    return 3;
}
