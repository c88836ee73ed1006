// What `load` measures: the time, latencies, and the CPU time of other processes.

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

// --- Latency

// A logarithmic histogram: each power of two in 64 steps, so percentiles are right within 1.6 %.
enum { STEPS = 64, BUCKETS = 64 * STEPS };

static uint64_t histogram[BUCKETS], latency_max;

static void record(uint64_t value) {
    if (value > latency_max) latency_max = value;
    if (value < STEPS) {
        histogram[value]++;
        return;
    }
    int exponent = 63 - __builtin_clzll(value);
    histogram[(exponent - 5) * STEPS + (int)((value >> (exponent - 6)) & (STEPS - 1))]++;
}

static void forget_latencies(void) {
    latency_max = 0;
    memset(histogram, 0, sizeof histogram);
}

static double percentile_microseconds(double part) {
    uint64_t total = 0, below = 0;
    for (int i = 0; i < BUCKETS; i++) total += histogram[i];
    for (int i = 0; i < BUCKETS; i++) {
        below += histogram[i];
        if (below == 0 || (double)below < part * (double)total) continue;
        if (i < STEPS) return i / 1e3;
        return (double)((uint64_t)(STEPS + i % STEPS) << (i / STEPS - 1)) / 1e3;
    }
    return 0;
}

// --- CPU time

// Nanoseconds that all threads of the process have run.
static uint64_t cpu_nanoseconds(int pid) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks) fail("a process of -s is gone");
    uint64_t sum = 0;
    for (struct dirent *task; (task = readdir(tasks));) {
        if (task->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", pid, task->d_name);
        FILE *file = fopen(path, "r");
        unsigned long long ran = 0;
        if (file && fscanf(file, "%llu", &ran) == 1) sum += ran;
        if (file) fclose(file);
    }
    closedir(tasks);
    return sum;
}
