/* load.c: one-thread keep-alive load driver for the auth HTTP API (compiled and run by bench.py;
 * the usage is on top of that file).
 *
 *   load MODE HOST PORT PREFIX CONNS SECONDS MAXOPS USERSFILE
 *
 * A lane is one connection with one request under way; an operation (op) is what is counted and
 * timed: get        GET /user                                  1 request health     GET /health 1
 * request challenge  POST /factors/F/challenge                  1 request verify     challenge,
 * then verify with a right code   2 requests; a user's step is used once only, ends when no user
 * has a step left refresh    POST /token?grant_type=refresh_token       1 request, with the token
 * of the answer before signin     POST /token?grant_type=password            1 request enroll POST
 * /factors, then DELETE /factors/F      2 requests create     POST /admin/users 1 request, each
 * user once setup      create, sign in, enrol, challenge, verify  5 requests, each user once
 * USERSFILE: one user a line, tab-separated: email password password_hash token refresh factor
 * secret last_step ("-": none). create and setup take the admin's token from LOAD_ADMIN. Modes that
 * change users rewrite the file. Prints one line of JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "totp.h"

enum mode { GET, HEALTH, CHALLENGE, VERIFY, REFRESH, SIGNIN, ENROLL, CREATE, SETUP };
static const char *mode_names[] = { "get",    "health", "challenge", "verify", "refresh",
                                    "signin", "enroll", "create",    "setup" };

struct user {
    char email[96], password[64], hash[96], *token, refresh[96], factor[48], secret[80];
    long last_step;
};
struct lane {
    int fd, number, phase, busy, done;
    size_t user; /* which user now */
    char challenge[64], temp[64];
    char *out;
    size_t out_len, out_off, out_cap;
    char *in;
    size_t in_len, in_cap;
    char *body;
    size_t body_cap; /* a chunked body, put together */
    double op_start;
};

static enum mode mode;
static struct user *users;
static size_t n_users;
static struct lane *lanes;
static int n_lanes, epfd;
static const char *host, *prefix, *admin_token;
static int port;
static double t_end;
static long max_ops, ops_started;
static uint32_t *lat;
static size_t n_lat, cap_lat;
static long n_requests, n_errors, n_reconnects, status_count[600];
static char first_error[600];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}
static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* the step whose code this user may send next; -1: all the live ones were used */
static long free_step(const struct user *u)
{
    long s = time(NULL) / 30, want = u->last_step >= s ? u->last_step + 1 : s;
    return want <= s + 1 ? want : -1;
}

/* --- requests --- */
static void request(struct lane *l, const char *method, const char *path, const char *token,
                    const char *body)
{
    size_t need = 600 + strlen(path) + (token ? strlen(token) : 0) + (body ? strlen(body) : 0);
    if (need > l->out_cap) {
        l->out = realloc(l->out, l->out_cap = need * 2);
        if (!l->out)
            die("realloc");
    }
    int n = snprintf(l->out, l->out_cap,
                     "%s %s%s HTTP/1.1\r\nHost: %s:%d\r\nAccept: */*\r\nUser-Agent: "
                     "load/1\r\nX-Client-Info: bench/1\r\n"
                     "X-Supabase-Api-Version: 2024-01-01\r\n",
                     method, prefix, path, host, port);
    if (token)
        n += snprintf(l->out + n, l->out_cap - n, "Authorization: Bearer %s\r\n", token);
    if (body)
        n += snprintf(
            l->out + n, l->out_cap - n,
            "Content-Type: application/json;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n%s",
            strlen(body), body);
    else
        n += snprintf(l->out + n, l->out_cap - n, "\r\n");
    l->out_len = n;
    l->out_off = 0;
    l->in_len = 0;
    l->busy = 1;
    n_requests++;
}
/* next user of this lane's share that still has something to do; 0: none */
static int next_user(struct lane *l, int first)
{
    size_t share = (n_users + n_lanes - 1 - l->number) / n_lanes;
    if (mode == CREATE || mode == SETUP) {
        if (!first)
            l->user += n_lanes;
        return l->user < n_users;
    }
    for (size_t i = 0; i < share; i++) {
        if (!first || i)
            l->user = l->user + n_lanes < n_users ? l->user + n_lanes : (size_t)l->number;
        if (free_step(&users[l->user]) >= 0)
            return 1;
    }
    return 0;
}
static int compose(struct lane *l)
{ /* sets the lane's next request; 0: the lane has nothing left to do */
    char path[160], body[512];
    if (l->phase == 0) {
        if (now() >= t_end || (max_ops && ops_started >= max_ops))
            return 0;
        if ((mode == VERIFY || mode == CREATE || mode == SETUP) && !next_user(l, l->op_start == 0))
            return 0;
        ops_started++;
        l->op_start = now();
    }
    struct user *u = &users[l->user];
    enum { P_CREATE, P_SIGNIN, P_ENROLL, P_CHALLENGE, P_VERIFY };
    int what = -1;
    switch (mode) {
    case GET:
        request(l, "GET", "/user", u->token, NULL);
        return 1;
    case HEALTH:
        request(l, "GET", "/health", NULL, NULL);
        return 1;
    case CHALLENGE:
        what = P_CHALLENGE;
        break;
    case VERIFY:
        what = l->phase ? P_VERIFY : P_CHALLENGE;
        break;
    case REFRESH:
        snprintf(body, sizeof body, "{\"refresh_token\":\"%s\"}", u->refresh);
        request(l, "POST", "/token?grant_type=refresh_token", NULL, body);
        return 1;
    case SIGNIN:
        what = P_SIGNIN;
        break;
    case ENROLL:
        if (l->phase == 0) {
            snprintf(body, sizeof body, "{\"factor_type\":\"totp\",\"friendly_name\":\"bench\"}");
            request(l, "POST", "/factors", u->token, body);
        } else {
            snprintf(path, sizeof path, "/factors/%s", l->temp);
            request(l, "DELETE", path, u->token, NULL);
        }
        return 1;
    case CREATE:
        what = P_CREATE;
        break;
    case SETUP:
        what = l->phase;
        break;
    }
    char code[8];
    long step;
    switch (what) {
    case P_CREATE:
        if (u->hash[0] != '-')
            snprintf(body, sizeof body,
                     "{\"email\":\"%s\",\"password_hash\":\"%s\",\"email_confirm\":true}", u->email,
                     u->hash);
        else
            snprintf(body, sizeof body,
                     "{\"email\":\"%s\",\"password\":\"%s\",\"email_confirm\":true}", u->email,
                     u->password);
        request(l, "POST", "/admin/users", admin_token, body);
        break;
    case P_SIGNIN:
        snprintf(body, sizeof body, "{\"email\":\"%s\",\"password\":\"%s\"}", u->email,
                 u->password);
        request(l, "POST", "/token?grant_type=password", NULL, body);
        break;
    case P_ENROLL:
        request(l, "POST", "/factors", u->token,
                "{\"factor_type\":\"totp\",\"friendly_name\":\"phone app\"}");
        break;
    case P_CHALLENGE:
        snprintf(path, sizeof path, "/factors/%s/challenge", u->factor);
        request(l, "POST", path, u->token, "{}");
        break;
    case P_VERIFY:
        if ((step = free_step(u)) < 0)
            step = time(NULL) / 30;
        u->last_step = step;
        totp(u->secret, step, code);
        snprintf(path, sizeof path, "/factors/%s/verify", u->factor);
        snprintf(body, sizeof body, "{\"challenge_id\":\"%s\",\"code\":\"%s\"}", l->challenge,
                 code);
        request(l, "POST", path, u->token, body);
        break;
    }
    return 1;
}
/* the string at "key" in flat enough JSON */
static int pick(const char *json, const char *key, char *out, size_t cap)
{
    char quoted[40];
    int k = snprintf(quoted, sizeof quoted, "\"%s\"", key);
    for (const char *p = json; (p = strstr(p, quoted)); p += k) {
        const char *v = p + k;
        v += strspn(v, " \t\n");
        if (*v++ != ':')
            continue;
        v += strspn(v, " \t\n");
        if (*v++ != '"')
            continue;
        size_t n = strcspn(v, "\"");
        if (n >= cap)
            return 0;
        memcpy(out, v, n);
        out[n] = 0;
        return 1;
    }
    return 0;
}
static int take_session(struct user *u, const char *json)
{
    char t[4096];
    if (!pick(json, "access_token", t, sizeof t) ||
        !pick(json, "refresh_token", u->refresh, sizeof u->refresh))
        return 0;
    free(u->token);
    u->token = strdup(t);
    return 1;
}
static void answered(struct lane *l, int status, const char *body)
{
    struct user *u = &users[l->user];
    int ok = status >= 200 && status < 300, last = 1;
    status_count[status < 600 ? status : 0]++;
    if (ok)
        switch (mode) {
        case VERIFY:
            if (l->phase == 0) {
                ok = pick(body, "id", l->challenge, sizeof l->challenge);
                last = 0;
            } else
                ok = take_session(u, body);
            break;
        case REFRESH:
            ok = take_session(u, body);
            break;
        case ENROLL:
            if (l->phase == 0) {
                ok = pick(body, "id", l->temp, sizeof l->temp);
                last = 0;
            }
            break;
        case SETUP:
            last = l->phase == 4;
            if (l->phase == 1 || l->phase == 4)
                ok = take_session(u, body);
            if (l->phase == 2)
                ok = pick(body, "id", u->factor, sizeof u->factor) &&
                     pick(body, "secret", u->secret, sizeof u->secret);
            if (l->phase == 3)
                ok = pick(body, "id", l->challenge, sizeof l->challenge);
            break;
        default:
            break;
        }
    l->busy = 0;
    if (!ok) {
        n_errors++;
        l->phase = 0;
        if (!first_error[0]) {
            snprintf(first_error, sizeof first_error, "%d %.300s", status, body);
            for (char *p = first_error; *p; p++)
                if (*p == '"' || *p == '\\' || (unsigned char)*p < 32)
                    *p = '\'';
        }
        return;
    }
    if (!last) {
        l->phase++;
        return;
    }
    l->phase = 0;
    if (n_lat == cap_lat) {
        lat = realloc(lat, (cap_lat = cap_lat ? cap_lat * 2 : 1 << 16) * sizeof *lat);
        if (!lat)
            die("realloc");
    }
    lat[n_lat++] = (uint32_t)((now() - l->op_start) * 1e6);
}

/* --- connections --- */
static void connect_lane(struct lane *l)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
    if (inet_pton(AF_INET, host, &a.sin_addr) != 1) {
        fprintf(stderr, "HOST must be an IPv4 address\n");
        exit(2);
    }
    if ((l->fd = socket(AF_INET, SOCK_STREAM, 0)) < 0)
        die("socket");
    if (connect(l->fd, (struct sockaddr *)&a, sizeof a))
        die("connect");
    int one = 1;
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(l->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = l };
    if (epoll_ctl(epfd, EPOLL_CTL_ADD, l->fd, &e))
        die("epoll_ctl");
}
static void send_some(struct lane *l)
{
    while (l->out_off < l->out_len) {
        ssize_t n = send(l->fd, l->out + l->out_off, l->out_len - l->out_off, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            usleep(100);
            continue;
        } /* requests are small: the socket's buffer takes them */
        if (n < 0)
            return; /* the read side will see the end */
        l->out_off += n;
    }
}
static void go_on(struct lane *l)
{
    if (compose(l))
        send_some(l);
    else
        l->done = 1;
}
static void reconnect(struct lane *l)
{
    close(l->fd);
    n_reconnects++;
    connect_lane(l);
}

/* A whole answer in l->in? 1: yes (handled), 0: not yet, -1: broken */
static int try_answer(struct lane *l)
{
    l->in[l->in_len] = 0;
    char *end = memmem(l->in, l->in_len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    int status = 0, closing = 0, chunked = 0;
    size_t length = 0, head = end + 4 - l->in;
    if (sscanf(l->in, "HTTP/1.%*d %d", &status) != 1)
        return -1;
    for (char *p = strstr(l->in, "\r\n"); p && p < end; p = strstr(p + 2, "\r\n")) {
        if (!strncasecmp(p + 2, "content-length:", 15))
            length = strtoul(p + 17, NULL, 10);
        else if (!strncasecmp(p + 2, "transfer-encoding:", 18) && strcasestr(p + 20, "chunked"))
            chunked = 1;
        else if (!strncasecmp(p + 2, "connection:", 11) &&
                 !strncasecmp(p + 13 + strspn(p + 13, " "), "close", 5))
            closing = 1;
    }
    char *body = l->in + head;
    size_t have = l->in_len - head;
    if (status == 204 || status == 304)
        length = 0, chunked = 0;
    if (!chunked) {
        if (have < length)
            return 0;
        body[length] = 0;
    } else {
        size_t off = 0, got = 0;
        if (have + 1 > l->body_cap) {
            l->body = realloc(l->body, l->body_cap = have * 2 + 4096);
            if (!l->body)
                die("realloc");
        }
        for (;;) {
            char *line = memmem(body + off, have - off, "\r\n", 2);
            if (!line)
                return 0;
            size_t n = strtoul(body + off, NULL, 16), data = line + 2 - body;
            if (have < data + n + 2)
                return 0;
            if (!n)
                break; /* trailers are not looked for */
            memcpy(l->body + got, body + data, n);
            got += n;
            off = data + n + 2;
        }
        l->body[got] = 0;
        body = l->body;
    }
    answered(l, status, body);
    l->in_len = 0;
    if (closing)
        reconnect(l);
    return 1;
}
static void readable(struct lane *l)
{
    for (;;) {
        if (l->in_cap - l->in_len < 4096) {
            l->in = realloc(l->in, l->in_cap = l->in_cap * 2 + 16384);
            if (!l->in)
                die("realloc");
        }
        ssize_t n = recv(l->fd, l->in + l->in_len, l->in_cap - l->in_len - 1, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            if (l->busy) {
                n_errors++;
                l->busy = 0;
                l->phase = 0;
                if (!first_error[0])
                    snprintf(first_error, sizeof first_error, "connection ended early");
            }
            reconnect(l);
            if (!l->done)
                go_on(l);
            return;
        }
        l->in_len += n;
        if (!l->busy) {
            l->in_len = 0;
            continue;
        }
        int r = try_answer(l);
        if (r < 0) {
            fprintf(stderr, "no HTTP: %.80s\n", l->in);
            exit(1);
        }
        if (r) {
            if (!l->done)
                go_on(l);
            return;
        }
        if (n < 4096)
            return;
    }
}

/* --- the users file --- */
static void read_users(const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    size_t room = 0;
    if (!f)
        die(path);
    while (getline(&line, &cap, f) > 0) {
        if (n_users == room) {
            users = realloc(users, (room = room ? room * 2 : 1024) * sizeof *users);
            if (!users)
                die("realloc");
        }
        struct user *u = &users[n_users++];
        memset(u, 0, sizeof *u);
        char *tok = malloc(strlen(line) + 1);
        if (sscanf(line, "%95s %63s %95s %s %95s %47s %79s %ld", u->email, u->password, u->hash,
                   tok, u->refresh, u->factor, u->secret, &u->last_step) != 8) {
            fprintf(stderr, "%s: bad line %zu\n", path, n_users);
            exit(2);
        }
        u->token = tok;
    }
    free(line);
    fclose(f);
}
static void write_users(const char *path)
{
    char temp[512];
    snprintf(temp, sizeof temp, "%s.new", path);
    FILE *f = fopen(temp, "w");
    if (!f)
        die(temp);
    for (size_t i = 0; i < n_users; i++) {
        struct user *u = &users[i];
        fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%ld\n", u->email, u->password, u->hash, u->token,
                u->refresh, u->factor, u->secret, u->last_step);
    }
    if (fclose(f) || rename(temp, path))
        die(path);
}
static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    if (argc != 9) {
        fprintf(stderr, "load MODE HOST PORT PREFIX CONNS SECONDS MAXOPS USERSFILE\n");
        return 2;
    }
    int m = 0, count = sizeof mode_names / sizeof *mode_names;
    while (m < count && strcmp(argv[1], mode_names[m]))
        m++;
    if (m == count) {
        fprintf(stderr, "no such mode\n");
        return 2;
    }
    mode = m;
    host = argv[2];
    port = (int)strtol(argv[3], NULL, 10);
    prefix = argv[4];
    n_lanes = (int)strtol(argv[5], NULL, 10);
    max_ops = strtol(argv[7], NULL, 10);
    admin_token = getenv("LOAD_ADMIN");
    read_users(argv[8]);
    if ((size_t)n_lanes > n_users) {
        fprintf(stderr, "fewer users than connections\n");
        return 2;
    }
    if ((epfd = epoll_create1(0)) < 0)
        die("epoll");
    lanes = calloc(n_lanes, sizeof *lanes);
    for (int i = 0; i < n_lanes; i++) {
        lanes[i].number = i;
        lanes[i].user = i;
        connect_lane(&lanes[i]);
    }
    struct rusage r0, r1;
    getrusage(RUSAGE_SELF, &r0);
    double t0 = now(), hard;
    t_end = t0 + strtod(argv[6], NULL);
    hard = t_end + 20;
    for (int i = 0; i < n_lanes; i++)
        go_on(&lanes[i]);
    struct epoll_event ev[256];
    for (;;) {
        int open = 0;
        for (int i = 0; i < n_lanes; i++)
            open += !lanes[i].done;
        if (!open || now() > hard)
            break;
        int n = epoll_wait(epfd, ev, 256, 1000);
        for (int i = 0; i < n; i++)
            readable(ev[i].data.ptr);
    }
    double secs = now() - t0;
    getrusage(RUSAGE_SELF, &r1);
    long hung = 0;
    for (int i = 0; i < n_lanes; i++)
        hung += !lanes[i].done;
    if (mode == VERIFY || mode == REFRESH || mode == SETUP)
        write_users(argv[8]);
    qsort(lat, n_lat, sizeof *lat, by_size);
    double sum = 0;
    for (size_t i = 0; i < n_lat; i++)
        sum += lat[i];
#define CPU(r)                                                                                     \
    ((r).ru_utime.tv_sec + (r).ru_stime.tv_sec +                                                   \
     ((r).ru_utime.tv_usec + (r).ru_stime.tv_usec) * 1e-6)
#define PCT(q) (n_lat ? lat[(size_t)((n_lat - 1) * (q))] : 0)
    printf("{\"mode\":\"%s\",\"conns\":%d,\"secs\":%.4f,\"ops\":%zu,\"requests\":%ld,\"errors\":%"
           "ld,\"hung\":%ld,\"reconnects\":%ld,\"mean_us\":%.1f,\"p50_us\":%u,"
           "\"p99_us\":%u,\"max_us\":%u,\"driver_cpu_s\":%.4f,\"status\":{",
           mode_names[mode], n_lanes, secs, n_lat, n_requests, n_errors, hung, n_reconnects,
           n_lat ? sum / n_lat : 0, PCT(.5), PCT(.99), PCT(1.0), CPU(r1) - CPU(r0));
    const char *comma = "";
    for (int i = 0; i < 600; i++)
        if (status_count[i]) {
            printf("%s\"%d\":%ld", comma, i, status_count[i]);
            comma = ",";
        }
    printf("},\"first_error\":\"%s\"}\n", first_error);
    return 0;
}
