// load: asks a server as fast as it answers, or at a steady rate, and says what that cost. `load -h` lists the options.
//
// One thread, epoll, one write for a batch of requests. It is cheap on purpose (less than half of what wrk takes): where
// the client is slower than the server, the server's loop turns for every request alone, and the measurement is of that.
// With -s it reads the servers' CPU time (/proc/PID/task/*/schedstat) at the ends of the measured window itself.
// With -r requests have a due time from which latency counts: a stall isn't hidden by the requests that it held up.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

enum { EVENTS_MAX = 4096, READ_BYTES = 1 << 18, HEAD_BYTES_MAX = 4096, KEY_BYTES = 16, PIDS_MAX = 32 };

typedef struct {
    int descriptor;
    uint32_t answers_due;     // of the batch that is under way; 0 when idle
    uint64_t body_due;        // bytes of the current answer still to come
    uint64_t due_nanoseconds; // when the batch was sent, or was to be sent
    size_t unsent;            // bytes of the batch that the socket didn't take yet
    uint32_t head_count;      // bytes in `head`
    char *batch, *head;       // the batch; and the beginning of a head that is not whole
} Connection;

static struct {
    const char *host, *kind, *target, *key, *fields, *body;
    int port, connections, depth, in_sequence, statuses_wanted;
    uint64_t requests, keys, key_offset;
    double seconds, warm_seconds, rate;
    size_t value_bytes;
    int pids[PIDS_MAX], pid_count;
} options = {.host = "127.0.0.1", .kind = "get", .target = "/kv/%", .fields = "", .connections = 64, .depth = 1,
             .seconds = 2, .statuses_wanted = 2, .value_bytes = 32};

static const uint64_t PATIENCE_NANOSECONDS = 10000000000u;
static char *request;
static size_t request_bytes, key_position, fixed_answer_bytes; // the last is 0 for HTTP
static uint64_t sent, done, statuses[6], random_state = 88172645463325252ull, next_key;

static volatile sig_atomic_t is_stopped; // by SIGTERM: what was measured so far is reported

static void stop(int signal) {
    (void)signal;
    is_stopped = 1;
}

// --- Requests

static uint64_t random_number(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state >> 11;
}

static void write_key(char *to, uint64_t number) {
    to[0] = 'k';
    for (int i = KEY_BYTES - 1; i > 0; i--) {
        to[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

static void write_keys(char *batch) {
    if (!options.keys) return;
    for (int i = 0; i < options.depth; i++) {
        uint64_t number = options.in_sequence ? next_key++ % options.keys : random_number() % options.keys;
        write_key(batch + (size_t)i * request_bytes + key_position, options.key_offset + number);
    }
}

static void make_http_request(const char *method, const char *key, size_t body_bytes) {
    const char *hole = strchr(options.target, '%');
    if (!hole) fail("-t has no % for the key");
    int head = sprintf(request, "%s %.*s%s%s HTTP/1.1\r\nHost: %s:%d\r\n%s", method, (int)(hole - options.target),
                       options.target, key, hole + 1, options.host, options.port, options.fields);
    key_position = strlen(method) + 1 + (size_t)(hole - options.target);
    if (!strcmp(method, "PUT")) head += sprintf(request + head, "Content-Length: %zu\r\n", body_bytes);
    head += sprintf(request + head, "\r\n");
    if (options.body) memcpy(request + head, options.body, body_bytes);
    else memset(request + head, 'v', body_bytes);
    request_bytes = (size_t)head + body_bytes;
}

static void make_request(void) {
    char numbered[KEY_BYTES + 1] = "";
    write_key(numbered, options.key_offset);
    const char *key = options.key ? options.key : numbered;
    size_t value = options.body ? strlen(options.body) : options.value_bytes, length = strlen(key);
    request = malloc(value + strlen(options.fields) + 4096);
    char *text = calloc(1, value + 1);
    memset(text, 'v', value);
    if (!strcmp(options.kind, "get")) make_http_request("GET", key, 0);
    else if (!strcmp(options.kind, "put")) make_http_request("PUT", key, value);
    else {
        if (!strcmp(options.kind, "redis-get")) sprintf(request, "*2\r\n$3\r\nGET\r\n$%zu\r\n%s\r\n", length, key);
        else if (!strcmp(options.kind, "redis-set"))
            sprintf(request, "*3\r\n$3\r\nSET\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", length, key, value, text);
        else if (!strcmp(options.kind, "memcached-get")) sprintf(request, "get %s\r\n", key);
        else if (!strcmp(options.kind, "memcached-set")) sprintf(request, "set %s 0 0 %zu\r\n%s\r\n", key, value, text);
        else fail("unknown -m");
        request_bytes = strlen(request);
        key_position = (size_t)((char *)memmem(request, request_bytes, key, length) - request);
    }
    free(text);
}

// --- Connections

static int dial(void) {
    int descriptor = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    inet_pton(AF_INET, options.host, &address.sin_addr);
    if (descriptor < 0 || connect(descriptor, (void *)&address, sizeof address)) {
        perror("load: connect");
        exit(1);
    }
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return descriptor;
}

// The protocols that aren't HTTP answer each request here with as many bytes; one request tells how many.
static void learn_answer(void) {
    if (!strcmp(options.kind, "get") || !strcmp(options.kind, "put")) return;
    static char bytes[READ_BYTES];
    int descriptor = dial();
    struct timeval patience = {0, 200000};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (send(descriptor, request, request_bytes, MSG_NOSIGNAL) < 0) fail("the first request could not be sent");
    for (ssize_t count; (count = recv(descriptor, bytes, sizeof bytes, 0)) > 0;) fixed_answer_bytes += (size_t)count;
    close(descriptor);
    if (!fixed_answer_bytes) fail("the first request got no answer");
    if (!strncmp(bytes, "END", 3) || !strncmp(bytes, "$-1", 3) || bytes[0] == '-') fail("the key isn't there");
}

static void want(int epoll, Connection *connection, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    epoll_ctl(epoll, EPOLL_CTL_MOD, connection->descriptor, &event);
}

static void send_rest(int epoll, Connection *connection) {
    size_t batch_bytes = request_bytes * (size_t)options.depth, had = connection->unsent;
    ssize_t count =
        send(connection->descriptor, connection->batch + batch_bytes - had, had, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN) fail("a request could not be sent");
    connection->unsent -= count < 0 ? 0 : (size_t)count;
    if (connection->unsent || had < batch_bytes) want(epoll, connection, EPOLLIN | (connection->unsent ? EPOLLOUT : 0u));
}

static void send_batch(int epoll, Connection *connection, uint64_t due) {
    write_keys(connection->batch);
    connection->due_nanoseconds = due;
    connection->answers_due = (uint32_t)options.depth;
    connection->unsent = request_bytes * (size_t)options.depth;
    sent += (uint64_t)options.depth;
    send_rest(epoll, connection);
}

// --- Answers

// The byte behind the blank line that ends a head, or NULL.
static const char *head_end(const char *start, const char *end) {
    const char *found = memmem(start, (size_t)(end - start), "\r\n\r\n", 4);
    return found ? found + 4 : NULL;
}

static uint64_t content_length(const char *head, const char *end) {
    // Where the last head had it, this one most likely has it too.
    static size_t offset;
    static const char name[] = "\r\nContent-Length: ";
    size_t bytes = (size_t)(end - head);
    if (offset + sizeof name > bytes || memcmp(head + offset, name, sizeof name - 1)) {
        const char *found = memmem(head, bytes, name, sizeof name - 1);
        if (!found) return 0; // an answer without a body
        offset = (size_t)(found - head);
    }
    return strtoull(head + offset + sizeof name - 1, 0, 10);
}

static void take_head(Connection *connection, const char *head, const char *end) {
    if (end - head < 16 || memcmp(head, "HTTP/1.1 ", 9)) fail("an answer isn't HTTP");
    int class = head[9] - '0';
    statuses[class > 0 && class < 6 ? class : 0]++;
    if (options.statuses_wanted && class != options.statuses_wanted) {
        fprintf(stderr, "load: %.*s\n", (int)(end - head), head);
        fail("an answer has another status than wanted (-e)");
    }
    connection->body_due = content_length(head, end);
}

static const char *take_partial_head(Connection *connection, const char *next, const char *end) {
    size_t more = (size_t)(end - next), had = connection->head_count;
    if (more > HEAD_BYTES_MAX - had) more = HEAD_BYTES_MAX - had;
    memcpy(connection->head + had, next, more);
    const char *whole = head_end(connection->head, connection->head + had + more);
    if (!whole) {
        if (had + more == HEAD_BYTES_MAX) fail("a head is too long");
        connection->head_count = (uint32_t)(had + more);
        return end;
    }
    take_head(connection, connection->head, whole);
    connection->head_count = 0;
    return next + ((size_t)(whole - connection->head) - had);
}

// Takes what was read; the batch is done when `answers_due` is 0.
static void take(Connection *connection, const char *next, const char *end) {
    while (next < end) {
        if (connection->body_due) {
            uint64_t count = (uint64_t)(end - next) < connection->body_due ? (uint64_t)(end - next) : connection->body_due;
            next += count;
            connection->body_due -= count;
            if (!connection->body_due) connection->answers_due--;
            continue;
        }
        if (!connection->answers_due) fail("there are more bytes than answers");
        if (fixed_answer_bytes) {
            connection->body_due = fixed_answer_bytes;
            continue;
        }
        const char *whole = connection->head_count ? NULL : head_end(next, end);
        if (whole) {
            take_head(connection, next, whole);
            next = whole;
        } else {
            next = take_partial_head(connection, next, end);
            if (connection->head_count) return;
        }
        if (!connection->body_due) connection->answers_due--;
    }
}

static int read_answers(Connection *connection) {
    static char bytes[READ_BYTES];
    ssize_t count = recv(connection->descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return 0;
    if (count <= 0) fail("the server closed a connection");
    take(connection, bytes, bytes + count);
    return connection->answers_due == 0;
}

// --- The run

typedef struct {
    uint64_t start, requests, cpu[PIDS_MAX], client_microseconds;
} Mark;

static Mark mark(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    Mark now = {.start = nanoseconds(), .requests = done};
    for (int i = 0; i < options.pid_count; i++) now.cpu[i] = cpu_nanoseconds(options.pids[i]);
    now.client_microseconds = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u
        + (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    return now;
}

static void report(const Mark *from, const Mark *to) {
    double seconds = (double)(to->start - from->start) / 1e9, count = (double)(to->requests - from->requests);
    printf("{\"requests\": %.0f, \"seconds\": %.4f, \"per_second\": %.0f, ", count, seconds, count / seconds);
    printf("\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, ", percentile_microseconds(.5),
           percentile_microseconds(.99), percentile_microseconds(.999), (double)latency_max / 1e3);
    printf("\"client_us\": %.3f, \"statuses\": [%lu, %lu, %lu, %lu], \"server_us\": [",
           (double)(to->client_microseconds - from->client_microseconds) / count, statuses[2], statuses[3], statuses[4],
           statuses[5]);
    for (int i = 0; i < options.pid_count; i++)
        printf("%s%.4f", i ? ", " : "", (double)(to->cpu[i] - from->cpu[i]) / 1e3 / count);
    printf("]}\n");
}

static Connection *connect_all(int epoll) {
    size_t batch_bytes = request_bytes * (size_t)options.depth;
    Connection *all = calloc((size_t)options.connections, sizeof *all);
    for (int i = 0; i < options.connections; i++) {
        Connection *connection = all + i;
        connection->descriptor = dial();
        connection->head = malloc(HEAD_BYTES_MAX);
        connection->batch = malloc(batch_bytes);
        for (int j = 0; j < options.depth; j++)
            memcpy(connection->batch + (size_t)j * request_bytes, request, request_bytes);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        epoll_ctl(epoll, EPOLL_CTL_ADD, connection->descriptor, &event);
    }
    return all;
}

static void run(void) {
    int epoll = epoll_create1(0), busy = 0, idle = options.connections, warm = options.requests || options.warm_seconds <= 0;
    Connection *all = connect_all(epoll), **free_ones = malloc((size_t)idle * sizeof *free_ones);
    for (int i = 0; i < idle; i++) free_ones[i] = all + i;
    static struct epoll_event events[EVENTS_MAX];
    Mark from = mark();
    uint64_t start = from.start, begin = start + (uint64_t)(options.warm_seconds * 1e9);
    uint64_t end = options.requests ? UINT64_MAX : begin + (uint64_t)(options.seconds * 1e9), scheduled = 0;
    for (uint64_t now = start;;) {
        int more = now < end && !is_stopped && (!options.requests || sent < options.requests);
        uint64_t wait = PATIENCE_NANOSECONDS;
        while (more && idle) {
            uint64_t due = options.rate > 0 ? start + (uint64_t)((double)scheduled * 1e9 / options.rate) : now;
            if (due > now) {
                wait = due - now;
                break;
            }
            scheduled++;
            send_batch(epoll, free_ones[--idle], due);
            busy++;
            more = !options.requests || sent < options.requests;
        }
        if (!more && !busy) break;
        struct timespec patience = {(time_t)(wait / 1000000000u), (long)(wait % 1000000000u)};
        int ready = epoll_pwait2(epoll, events, EVENTS_MAX, &patience, NULL);
        if (ready == 0 && wait == PATIENCE_NANOSECONDS) fail("no answer for 10 s");
        for (int i = 0; i < ready; i++) {
            Connection *connection = events[i].data.ptr;
            if (connection->unsent) send_rest(epoll, connection);
            if (!read_answers(connection)) continue;
            now = nanoseconds();
            record(now - connection->due_nanoseconds);
            done += (uint64_t)options.depth;
            busy--;
            free_ones[idle++] = connection;
        }
        now = nanoseconds();
        if (!warm && now >= begin) {
            warm = 1;
            forget_latencies();
            from = mark();
        }
    }
    Mark to = mark();
    report(&from, &to);
}

static void usage(void) {
    fputs("usage: load -p PORT [OPTION...]\n"
          "  -p PORT      of 127.0.0.1\n"
          "  -c COUNT     connections (64)\n"
          "  -P DEPTH     requests in one write, the next after the last answer (1)\n"
          "  -n REQUESTS  how many, or\n"
          "  -d SECONDS   how long (2), after\n"
          "  -w SECONDS   that aren't measured (0)\n"
          "  -r RATE      requests a second, each with a due time; otherwise as fast as answered\n"
          "  -m KIND      get, put, redis-get, redis-set, memcached-get, memcached-set (get)\n"
          "  -t TARGET    with % where the key is (/kv/%)\n"
          "  -k KEY       always this key, or\n"
          "  -K COUNT     keys k000000000000000 and on, at random, or with\n"
          "  -S           one after the other\n"
          "  -o OFFSET    the first key's number (0)\n"
          "  -b BYTES     of a value that is put (32), or\n"
          "  -B BODY      the body itself\n"
          "  -H FIELDS    further field lines, each with its CRLF\n"
          "  -e CLASS     of status that each answer must have (2; 0: any)\n"
          "  -s PIDS      whose CPU time is read, with commas between them\n", stderr);
    exit(2);
}

int main(int count, char **arguments) {
    for (int option; (option = getopt(count, arguments, "p:c:P:n:d:w:r:m:t:k:K:So:b:B:H:e:s:h")) != -1;) switch (option) {
        case 'p': options.port = atoi(optarg); break;
        case 'c': options.connections = atoi(optarg); break;
        case 'P': options.depth = atoi(optarg); break;
        case 'n': options.requests = strtoull(optarg, 0, 10); break;
        case 'd': options.seconds = atof(optarg); break;
        case 'w': options.warm_seconds = atof(optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 'm': options.kind = optarg; break;
        case 't': options.target = optarg; break;
        case 'k': options.key = optarg; break;
        case 'K': options.keys = strtoull(optarg, 0, 10); break;
        case 'S': options.in_sequence = 1; break;
        case 'o': options.key_offset = strtoull(optarg, 0, 10); break;
        case 'b': options.value_bytes = strtoul(optarg, 0, 10); break;
        case 'B': options.body = optarg; break;
        case 'H': options.fields = optarg; break;
        case 'e': options.statuses_wanted = atoi(optarg); break;
        case 's':
            for (char *pid = strtok(optarg, ","); pid && options.pid_count < PIDS_MAX; pid = strtok(NULL, ","))
                options.pids[options.pid_count++] = atoi(pid);
            break;
        default: usage();
    }
    if (!options.port || options.connections < 1 || options.depth < 1) usage();
    signal(SIGTERM, stop);
    make_request();
    learn_answer();
    run();
}
