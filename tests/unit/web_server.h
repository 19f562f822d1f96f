/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_WEB_SERVER_H
#define BT_TESTS_WEB_SERVER_H

/*
 * A web server in the test's own process, which says what a table tells it to,
 * byte for byte, and remembers what it was asked. It listens at all addresses of
 * the network namespace the test is in, or at a path.
 */

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

#define WEB_CONNECTIONS_MAX 128
#define WEB_REQUESTS_MAX    512
#define WEB_HEAD_MAX        16384

/** An answer, and to what. Zeroed where unused. */
struct web_rule {
	const char *request; /* how the request's line begins: "GET /v2/" */
	const char *needs;   /* what its head has in it */
	const char *lacks;   /* and has not */
	int times;           /* so often; 0: always */
	const char *status;  /* "200 OK" */
	const char *headers; /* lines that end in \r\n */
	const char *body;
	size_t len;      /* of the body; 0: a text */
	bool ranges;     /* send the part that was asked for */
	size_t cut;      /* so many bytes of the body, then the connection ends */
	bool hold;       /* after `cut` bytes wait for web_release(), or for the client to go */
	const char *raw; /* instead of all that: sent as it is, then the connection ends */
};

/** A request that came. Texts owned by the server. */
struct web_request {
	char *line; /* "GET /v2/" */
	char *head; /* with the line */
	struct bt_str body;
};

/** Whoever answers what no rule does: returns false for 404. Runs in a connection's thread. */
typedef bool (*web_answer_fn)(int fd, const struct web_request *request);

static struct {
	int fd;
	uint16_t port;
	const struct web_rule *rules;
	size_t rules_len;
	int used[64];
	web_answer_fn answer;
	pthread_t thread;
	pthread_mutex_t mutex; /* of all below, and of `used` */
	int connection[WEB_CONNECTIONS_MAX];
	pthread_t threads[WEB_CONNECTIONS_MAX];
	size_t connections;
	struct web_request request[WEB_REQUESTS_MAX];
	size_t requests;
	atomic_bool released;
} web = { .fd = -1 };

static inline bool web_send(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/** Send an answer with a body. */
static inline bool web_reply(int fd, const char *status, const char *headers, const char *body,
			     size_t len)
{
	struct bt_str text = { 0 };
	bool sent;

	bt_str_printf(&text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status, len,
		      headers ? headers : "");
	bt_str_add(&text, body ? body : "", body ? len : 0);
	sent = web_send(fd, text.p, text.len);
	bt_str_done(&text);
	return sent;
}

/** The value of a header of a request as it was sent (borrowed, ends at the line's end), or NULL.
 */
static inline const char *web_header(const struct web_request *r, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = strstr(r->head, "\r\n"); p && p[2]; p = strstr(p + 2, "\r\n"))
		if (strncasecmp(p + 2, name, len) == 0 && p[2 + len] == ':')
			return p + 2 + len + 1 + (p[2 + len + 1] == ' ');
	return NULL;
}

/* Wait until somebody has released it, or the client is gone. */
static inline bool web_wait(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	while (!atomic_load(&web.released))
		if (poll(&p, 1, 5) > 0)
			return false;
	return true;
}

/** Let all go on that a rule holds. */
static inline void web_release(void)
{
	atomic_store(&web.released, true);
}

static inline bool web_read_byte(int fd, char *ret)
{
	return recv(fd, ret, 1, 0) == 1;
}

/* The head of a request, or false at the connection's end and where TLS is spoken. */
static inline bool web_read_head(int fd, struct web_request *r)
{
	struct bt_str head = { .max = WEB_HEAD_MAX };
	char c;

	while (web_read_byte(fd, &c) && (head.len > 0 || c >= 'A') && head.failed == 0) {
		bt_str_putc(&head, c);
		if (bt_str_ends(bt_str_get(&head), "\r\n\r\n")) {
			r->head = head.p;
			r->line = strndup(head.p, strcspn(head.p, "\r"));
			return true;
		}
	}
	bt_str_done(&head);
	return false;
}

static inline bool web_read_bytes(int fd, struct bt_str *to, size_t len)
{
	char buf[65536];

	while (len > 0) {
		ssize_t n = recv(fd, buf, len < sizeof(buf) ? len : sizeof(buf), 0);

		if (n <= 0)
			return false;
		bt_str_add(to, buf, (size_t)n);
		len -= (size_t)n;
	}
	return true;
}

static inline bool web_read_chunks(int fd, struct bt_str *to)
{
	for (;;) {
		char line[32] = "", c;
		size_t n = 0, len;

		while (n < sizeof(line) - 1 && web_read_byte(fd, &c) && c != '\n')
			line[n++] = c;
		len = strtoul(line, NULL, 16);
		if (!web_read_bytes(fd, to, len))
			return false;
		if (!web_read_byte(fd, &c) || !web_read_byte(fd, &c))
			return false;
		if (len == 0)
			return true;
	}
}

static inline bool web_read_body(int fd, struct web_request *r)
{
	const char *length = web_header(r, "Content-Length");
	const char *coding = web_header(r, "Transfer-Encoding");

	if (coding && strncmp(coding, "chunked", 7) == 0)
		return web_read_chunks(fd, &r->body);
	return !length || web_read_bytes(fd, &r->body, strtoul(length, NULL, 10));
}

/* The rule for a request, as a copy: a test may end while its last answer is on its way. */
static inline bool web_find(const struct web_request *r, struct web_rule *ret)
{
	bool found = false;

	(void)pthread_mutex_lock(&web.mutex);
	for (size_t i = 0; i < web.rules_len && !found; i++) {
		const struct web_rule *rule = &web.rules[i];

		if (!bt_str_after(r->line, rule->request) ||
		    (rule->needs && !strstr(r->head, rule->needs)) ||
		    (rule->lacks && strstr(r->head, rule->lacks)) ||
		    (rule->times > 0 && web.used[i] >= rule->times))
			continue;
		web.used[i]++;
		*ret = *rule;
		found = true;
	}
	(void)pthread_mutex_unlock(&web.mutex);
	return found;
}

/* The part of `len` bytes that a request wants (RFC 9110, 14.1.2), or all. */
static inline bool web_range(const struct web_request *r, size_t len, size_t *ret_from,
			     size_t *ret_to)
{
	const char *text = web_header(r, "Range");
	size_t from = 0, last = len - 1;

	*ret_from = 0;
	*ret_to = len;
	if (!text || sscanf(text, "bytes=%zu-%zu", &from, &last) < 1 || from >= len)
		return false;
	*ret_from = from;
	*ret_to = last < len ? last + 1 : len;
	return true;
}

/* Returns whether the connection goes on. */
static inline bool web_answer_rule(int fd, const struct web_rule *a, const struct web_request *r)
{
	size_t len = a->len > 0 || !a->body ? a->len : strlen(a->body), from = 0, to = len;
	bool part = a->ranges && web_range(r, len, &from, &to);
	bool bare = bt_str_after(r->line, "HEAD ");
	char head[4096];
	int n;

	if (a->raw)
		return web_send(fd, a->raw, strlen(a->raw)) && false;
	n = snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s",
		     part ? "206 Partial Content" : a->status, to - from,
		     a->headers ? a->headers : "");
	if (part)
		n += snprintf(head + n, sizeof(head) - (size_t)n,
			      "Content-Range: bytes %zu-%zu/%zu\r\n", from, to - 1, len);
	n += snprintf(head + n, sizeof(head) - (size_t)n, "\r\n");
	if (!web_send(fd, head, (size_t)n) || bare)
		return bare;
	if (a->cut > 0 || a->hold) {
		size_t first = a->cut < to - from ? a->cut : to - from;

		if (!web_send(fd, a->body + from, first) || !a->hold || !web_wait(fd))
			return false;
		from += first;
	}
	return web_send(fd, a->body + from, to - from);
}

static inline bool web_answer(int fd, const struct web_request *r)
{
	struct web_rule rule;

	if (web_find(r, &rule))
		return web_answer_rule(fd, &rule, r);
	if (web.answer && web.answer(fd, r))
		return true;
	return web_reply(fd, "404 Not Found", NULL, NULL, 0);
}

static inline void web_request_done(struct web_request *r)
{
	free(r->line);
	free(r->head);
	bt_str_done(&r->body);
}

static inline void *web_serve(void *arg)
{
	int fd = *(int *)arg;
	bool goes_on = true;

	while (goes_on) {
		struct web_request r = { .line = NULL };

		if (!web_read_head(fd, &r) || !web_read_body(fd, &r)) {
			web_request_done(&r);
			break;
		}
		/* Noted before it is answered: whoever has the answer finds it. */
		(void)pthread_mutex_lock(&web.mutex);
		ck_assert_uint_lt(web.requests, WEB_REQUESTS_MAX);
		web.request[web.requests++] = r;
		(void)pthread_mutex_unlock(&web.mutex);
		goes_on = web_answer(fd, &r);
	}
	(void)shutdown(fd, SHUT_RDWR);
	return NULL;
}

static inline void *web_accept(void *arg)
{
	(void)arg;
	for (;;) {
		int fd = accept4(web.fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return NULL;
		ck_assert_uint_lt(web.connections, WEB_CONNECTIONS_MAX);
		web.connection[web.connections] = fd;
		ck_assert_int_eq(pthread_create(&web.threads[web.connections], NULL, web_serve,
						&web.connection[web.connections]),
				 0);
		web.connections++;
	}
}

/** Begin to serve what the rules say, which are to last, at a socket that is bound. It is taken
 * over. */
static inline void web_start_at(int fd, const struct web_rule *rules, size_t len)
{
	web.fd = fd;
	web.rules = rules;
	web.rules_len = len;
	(void)pthread_mutex_init(&web.mutex, NULL);
	ck_assert_int_eq(listen(web.fd, 64), 0);
	ck_assert_int_eq(pthread_create(&web.thread, NULL, web_accept, NULL), 0);
}

/** Begin to serve what the rules say; they are to last. */
static inline void web_start(const struct web_rule *rules, size_t len)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6 };
	socklen_t sa_len = sizeof(sa);
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sa_len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sa, &sa_len), 0);
	web.port = ntohs(sa.sin6_port);
	web_start_at(fd, rules, len);
}

/** The same at a path in the file system. */
static inline void web_start_unix(const char *path, const struct web_rule *rules, size_t len)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_uint_lt(strlen(path), sizeof(sa.sun_path));
	(void)memcpy(sa.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	web_start_at(fd, rules, len);
}

/** Other rules from now on, none of them used yet. */
static inline void web_rules(const struct web_rule *rules, size_t len)
{
	(void)pthread_mutex_lock(&web.mutex);
	ck_assert_uint_le(len, sizeof(web.used) / sizeof(web.used[0]));
	web.rules = rules;
	web.rules_len = len;
	memset(web.used, 0, sizeof(web.used));
	(void)pthread_mutex_unlock(&web.mutex);
}

/** End, with all connections. */
static inline void web_stop(void)
{
	web_release();
	(void)shutdown(web.fd, SHUT_RDWR);
	(void)pthread_join(web.thread, NULL);
	for (size_t i = 0; i < web.connections; i++)
		(void)shutdown(web.connection[i], SHUT_RDWR);
	for (size_t i = 0; i < web.connections; i++) {
		(void)pthread_join(web.threads[i], NULL);
		(void)close(web.connection[i]);
	}
	for (size_t i = 0; i < web.requests; i++)
		web_request_done(&web.request[i]);
	(void)close(web.fd);
	web.requests = web.connections = 0;
}

/** How many requests came whose line begins with `text`. */
static inline size_t web_count(const char *text)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&web.mutex);
	for (size_t i = 0; i < web.requests; i++)
		n += bt_str_after(web.request[i].line, text) != NULL;
	(void)pthread_mutex_unlock(&web.mutex);
	return n;
}

/** The last such request (borrowed until the server ends); the test fails where none came. */
static inline const struct web_request *web_last(const char *text)
{
	const struct web_request *found = NULL;

	(void)pthread_mutex_lock(&web.mutex);
	for (size_t i = 0; i < web.requests; i++)
		if (bt_str_after(web.request[i].line, text))
			found = &web.request[i];
	(void)pthread_mutex_unlock(&web.mutex);
	ck_assert_msg(found != NULL, "nobody asked for %s", text);
	return found;
}

/** Has the last such request this header? A `value` of NULL: it has none of that name. */
static inline void web_check_header(const char *text, const char *name, const char *value)
{
	const char *got = web_header(web_last(text), name);

	if (!value)
		ck_assert_msg(!got, "%s has %s: %.200s", text, name, got ? got : "");
	else
		ck_assert_msg(got && strncmp(got, value, strlen(value)) == 0 &&
				      got[strlen(value)] == '\r',
			      "%s: %s: %.200s", text, name, got ? got : "(none)");
}

#endif
