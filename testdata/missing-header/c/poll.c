#include <sys/epoll.h>

int poller(void) {
    return epoll_create1(0);
}
