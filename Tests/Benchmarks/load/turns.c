// turns: measures the turns of a loop from inside its process, as a library that is loaded before libuv (LD_PRELOAD).
//
// A turn is what lies between two waits of epoll. Its processor time counts, not the time on the wall: on a machine with two
// cores, whoever asks and the parent take turns with the measured node, and a wait for them would be taken for a long turn.
// The longest is kept in a file that the measuring process maps too, and sets to 0 when it begins.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// As `bench/turns.py` reads it.
typedef struct {
    uint64_t count, longest_nanoseconds;
} Turns;

static Turns *turns;
static __thread uint64_t began;

static uint64_t processor_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

__attribute__((constructor)) static void open_file(void) {
    const char *path = getenv("TURNS_FILE");
    int descriptor = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (descriptor < 0) return;
    void *mapping = mmap(NULL, sizeof(Turns), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (mapping != MAP_FAILED) turns = mapping;
    close(descriptor);
}

static void end_turn(void) {
    if (!turns || !began) return;
    uint64_t nanoseconds = processor_time() - began;
    if (nanoseconds > turns->longest_nanoseconds) turns->longest_nanoseconds = nanoseconds;
    turns->count++;
}

int epoll_pwait(int epoll, struct epoll_event *events, int max, int timeout, const sigset_t *signals) {
    static int (*next)(int, struct epoll_event *, int, int, const sigset_t *);
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, "epoll_pwait");
    end_turn();
    int count = next(epoll, events, max, timeout, signals);
    began = processor_time();
    return count;
}

int epoll_wait(int epoll, struct epoll_event *events, int max, int timeout) {
    static int (*next)(int, struct epoll_event *, int, int);
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, "epoll_wait");
    end_turn();
    int count = next(epoll, events, max, timeout);
    began = processor_time();
    return count;
}
