#include "answer.h"
#include <limit.h>

static int factor = 2;

int answer(int n) { return factor * n + LIMIT; }
