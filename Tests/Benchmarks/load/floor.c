// floor PORT BODY_BYTES: what answering HTTP costs at least, to measure servers against.
//
// Epoll, one read and one write for whatever a connection sent; for every blank line one answer that is made beforehand.
// It understands no request: a body with a blank line in it would be answered twice.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWERS_MAX = 64, EVENTS_MAX = 1024, READ_BYTES = 65536 };

static char *answers;
static size_t answer_bytes;

static void make_answers(size_t body_bytes) {
    char head[256];
    size_t head_bytes =
        (size_t)snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body_bytes);
    answer_bytes = head_bytes + body_bytes;
    answers = malloc(answer_bytes * ANSWERS_MAX);
    for (int i = 0; i < ANSWERS_MAX; i++) {
        char *answer = answers + (size_t)i * answer_bytes;
        memcpy(answer, head, head_bytes);
        memset(answer + head_bytes, 'a', body_bytes);
    }
}

static int listen_at(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) {
        perror("floor: listen");
        exit(1);
    }
    return listener;
}

static void watch(int epoll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

static void accept_all(int epoll, int listener) {
    int connection, one = 1;
    while ((connection = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(epoll, connection);
    }
}

static void answer(int connection) {
    static char bytes[READ_BYTES];
    ssize_t count = recv(connection, bytes, sizeof bytes, 0);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN) close(connection);
        return;
    }
    size_t requests = 0;
    for (ssize_t i = 0; i + 4 <= count; i++) { // The compiler makes vector instructions of this.
        unsigned word;
        memcpy(&word, bytes + i, 4);
        requests += word == 0x0a0d0a0du;
    }
    if (requests > ANSWERS_MAX) requests = ANSWERS_MAX;
    if (requests && send(connection, answers, answer_bytes * requests, MSG_NOSIGNAL) < 0) close(connection);
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: floor PORT BODY_BYTES\n");
        return 2;
    }
    make_answers(strtoul(arguments[2], 0, 10));
    int listener = listen_at(atoi(arguments[1])), epoll = epoll_create1(0);
    watch(epoll, listener);
    static struct epoll_event events[EVENTS_MAX];
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == listener) accept_all(epoll, listener);
            else answer(events[i].data.fd);
        }
    }
}
