/* connection_guard.c: a table of the open connections, see connection_guard.h. What is over its
 * time is shut down by a thread of ours, and the HTTP library then finds it closed. */
#include "http/connection_guard.h"

#include "base/clock.h"
#include "base/ip_network.h"
#include "base/log.h"
#include "work/thread.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
    FILES = 65536, /* as many are enough */
    LEAST = 16,
    LEAVING = 128,     /* that were shut down, and that the HTTP library has not closed yet */
    CROWDED_PARTS = 8, /* crowded: the last of so many parts of the seats is in use */
};
#define LOOK_US (US_PER_S / 2)
#define SAY_US (10 * US_PER_S)

struct seat {
    int fd; /* -1: free */
    bool closing;
    uint8_t client[IP_BYTES];
    _Atomic int state;
    _Atomic int64_t since_us;
};

struct guard {
    const struct config *config;
    pthread_t thread;
    pthread_mutex_t lock; /* for all below, but what is atomic */
    pthread_cond_t wake;
    bool stop;
    int64_t said_us[2]; /* when a line of each kind was last written */
    int most;
    _Atomic int taken; /* without those that are closing */
    struct seat seats[];
};

/* --- limits --- */

/* The descriptors that may be open. */
static int raise_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return 1024;
    }
    rlim_t wanted = files.rlim_max < FILES ? files.rlim_max : FILES;
    if (files.rlim_cur < wanted) {
        struct rlimit raised = { .rlim_cur = wanted, .rlim_max = files.rlim_max };
        files.rlim_cur = setrlimit(RLIMIT_NOFILE, &raised) == 0 ? wanted : files.rlim_cur;
    }
    return files.rlim_cur < FILES ? (int)files.rlim_cur : FILES;
}

static int seats_of(const struct config *config, int files, int reserved)
{
    int room = files - (reserved < files / 2 ? reserved : files / 2);
    room = room < LEAST ? LEAST : room;
    if (config->http.connections <= room) {
        return (int)config->http.connections;
    }
    log_write(LOG_WARN,
              "fewer connections than COUNTERSIGN_CONNECTIONS: the limit of open files "
              "(ulimit -n) is too low",
              LOG_INT("connections", room), LOG_INT("files", files));
    return room;
}

static int64_t limit_us(const struct config *c, enum seat_state state)
{
    switch (state) {
    case SEAT_NEW:
    case SEAT_HEAD:
        return c->http.head_timeout_us;
    case SEAT_IDLE:
        return c->http.idle_timeout_us;
    case SEAT_BODY:
    case SEAT_ANSWER:
        return c->http.body_timeout_us;
    default:
        return INT64_MAX;
    }
}

/* --- whose a connection is --- */

static bool address_of(const struct sockaddr *peer, uint8_t out[IP_BYTES])
{
    char text[INET6_ADDRSTRLEN] = "";
    if (peer->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)peer;
        inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    } else if (peer->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)peer;
        inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
    }
    return ip_parse(text, strlen(text), out);
}

/* This machine itself, and proxies, through which many come. */
static bool exempt(const struct config *c, const uint8_t address[IP_BYTES])
{
    struct ip_network local[2];
    bool own = ip_network_parse("127.0.0.1", &local[0]) && ip_network_parse("::1", &local[1]) &&
               (ip_network_holds(&local[0], address) || ip_network_holds(&local[1], address));
    for (int i = 0; i < c->http.trusted_proxies.count && !own; i++) {
        own = ip_network_holds(&c->proxy_networks[i], address);
    }
    return own;
}

/* One client: an IPv4 address, or the first 64 bits of an IPv6 address. All bits 0: not counted. */
static void client_of(const struct config *c, const struct sockaddr *peer, uint8_t out[IP_BYTES])
{
    static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
    if (!peer || !address_of(peer, out) || exempt(c, out)) {
        memset(out, 0, IP_BYTES);
    } else if (memcmp(out, mapped, sizeof mapped) != 0) {
        memset(out + 8, 0, 8);
    }
}

static bool counts(const uint8_t client[IP_BYTES])
{
    static const uint8_t none[IP_BYTES];
    return memcmp(client, none, IP_BYTES) != 0;
}

/* Holds the lock. */
static int seats_taken_by(const struct guard *g, const uint8_t client[IP_BYTES])
{
    int n = 0;
    for (int i = 0; i < g->most + LEAVING; i++) {
        const struct seat *s = &g->seats[i];
        n += s->fd >= 0 && memcmp(s->client, client, IP_BYTES) == 0;
    }
    return n;
}

/* --- closing --- */

/* Holds the lock, so that the descriptor is still this connection's. */
static void shut(struct guard *g, struct seat *seat)
{
    static const char late[] = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
                               "Content-Length: 0\r\n\r\n";
    if (atomic_load(&seat->state) == SEAT_BODY) { /* nothing was answered yet */
        ssize_t sent = send(seat->fd, late, sizeof late - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)sent; /* or the client sees only the end */
    }
    shutdown(seat->fd, SHUT_RDWR);
    seat->closing = true;
    atomic_fetch_sub(&g->taken, 1);
}

/* Of those whose turn it is to send a first line. Holds the lock. */
static void close_longest_idle(struct guard *g)
{
    struct seat *found = NULL;
    for (int i = 0; i < g->most + LEAVING; i++) {
        struct seat *s = &g->seats[i];
        int state = atomic_load(&s->state);
        bool idle = s->fd >= 0 && !s->closing && (state == SEAT_IDLE || state == SEAT_NEW);
        if (idle && (!found || atomic_load(&s->since_us) < atomic_load(&found->since_us))) {
            found = s;
        }
    }
    if (found) {
        shut(g, found);
    }
}

static void close_late(struct guard *g)
{
    int64_t now = clock_steady_us();
    for (int i = 0; i < g->most + LEAVING; i++) {
        struct seat *s = &g->seats[i];
        enum seat_state state = (enum seat_state)atomic_load(&s->state);
        if (s->fd >= 0 && !s->closing &&
            now - atomic_load(&s->since_us) > limit_us(g->config, state)) {
            shut(g, s);
        }
    }
}

static void *guard_main(void *arg)
{
    struct guard *g = arg;
    pthread_mutex_lock(&g->lock);
    while (!g->stop) {
        struct timespec until = clock_steady_in(LOOK_US);
        pthread_cond_timedwait(&g->wake, &g->lock, &until);
        close_late(g);
    }
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

/* --- from the listener --- */

/* Holds the lock. */
static void say(struct guard *g, int kind, const char *what, const char *setting, int limit)
{
    int64_t now = clock_steady_us();
    if (g->said_us[kind] && now - g->said_us[kind] < SAY_US) {
        return;
    }
    g->said_us[kind] = now;
    log_write(LOG_WARN, what, LOG_STR("setting", setting), LOG_INT("limit", limit));
}

bool guard_is_crowded(const struct guard *g)
{
    return atomic_load(&g->taken) > g->most - g->most / CROWDED_PARTS;
}

bool guard_admits(struct guard *g, const struct sockaddr *peer)
{
    uint8_t client[IP_BYTES];
    const struct config *c = g->config;
    client_of(c, peer, client);
    pthread_mutex_lock(&g->lock);
    bool many = counts(client) && seats_taken_by(g, client) >= c->http.connections_per_address;
    if (many) {
        say(g, 0, "connections of an address are refused: it has as many as it may",
            "COUNTERSIGN_CONNECTIONS_PER_ADDRESS", (int)c->http.connections_per_address);
    } else if (guard_is_crowded(g)) {
        say(g, 1, "nearly as many connections as there may be: the longest idle ones are closed",
            "COUNTERSIGN_CONNECTIONS", g->most);
        close_longest_idle(g);
    }
    bool room = atomic_load(&g->taken) < g->most;
    pthread_mutex_unlock(&g->lock);
    return !many && room;
}

struct seat *guard_enter(struct guard *g, int fd, const struct sockaddr *peer)
{
    struct seat *seat = NULL;
    pthread_mutex_lock(&g->lock);
    for (int i = 0; i < g->most + LEAVING && !seat && fd >= 0; i++) {
        seat = g->seats[i].fd < 0 ? &g->seats[i] : NULL;
    }
    if (seat) {
        client_of(g->config, peer, seat->client);
        seat->closing = false;
        seat_is(seat, SEAT_NEW);
        seat->fd = fd;
        atomic_fetch_add(&g->taken, 1);
    }
    pthread_mutex_unlock(&g->lock);
    return seat;
}

void guard_leave(struct guard *g, struct seat *seat)
{
    if (seat) {
        pthread_mutex_lock(&g->lock);
        seat->fd = -1;
        atomic_fetch_sub(&g->taken, seat->closing ? 0 : 1);
        pthread_mutex_unlock(&g->lock);
    }
}

/* A connection is new until its first head is whole, whatever came of it. */
void seat_is(struct seat *seat, enum seat_state state)
{
    if (seat && !(state == SEAT_HEAD && atomic_load(&seat->state) == SEAT_NEW)) {
        atomic_store(&seat->since_us, clock_steady_us());
        atomic_store(&seat->state, (int)state);
    }
}

struct guard *guard_start(const struct config *config, int reserved)
{
    int most = seats_of(config, raise_files(), reserved + LEAVING);
    struct guard *g = work_alloc(sizeof *g + sizeof(struct seat) * (size_t)(most + LEAVING));
    pthread_condattr_t monotonic;
    g->config = config;
    g->most = most;
    for (int i = 0; i < most + LEAVING; i++) {
        g->seats[i].fd = -1;
    }
    pthread_mutex_init(&g->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&g->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    g->thread = thread_start("cs-guard", guard_main, g);
    return g;
}

int guard_most(const struct guard *g)
{
    return g->most + LEAVING;
}

void guard_stop(struct guard **guard)
{
    struct guard *g = guard ? *guard : NULL;
    if (!g) {
        return;
    }
    pthread_mutex_lock(&g->lock);
    g->stop = true;
    pthread_cond_signal(&g->wake);
    pthread_mutex_unlock(&g->lock);
    pthread_join(g->thread, NULL);
    pthread_cond_destroy(&g->wake);
    pthread_mutex_destroy(&g->lock);
    free(g);
    *guard = NULL;
}
