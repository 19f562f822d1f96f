/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"

/* Of an answer that is collected: manifests are at most 4 MiB by convention. */
#define BODY_MAX        (8u << 20)
#define HEADER_MAX      4096
#define REDIRECTS_MAX   5L
#define CONNECT_SECONDS 15L
/* A transfer slower than this for so long is broken off, and taken up again by the caller. */
#define STALL_BYTES   100L
#define STALL_SECONDS 30L

struct peer {
	char ip[INET6_ADDRSTRLEN];
	long port;
};

struct transfer {
	const struct bt_curl_lib *curl;
	CURL *easy;
	const struct bt_http_request *req;
	struct bt_http_answer answer;
	char range[48];
	struct peer first; /* who answered first */
	bool proxied;
	bool led_astray;
	bool wrong_part; /* another part than the one asked for */
	bool begun;      /* the body has */
	int64_t skip;    /* bytes that were not asked for, and come all the same */
	int stopped;     /* what sink or source returned */
};

/* Loopback and link-local addresses, among them those where clouds keep secrets. */
static bool is_near_v4(struct in_addr in)
{
	uint32_t a = ntohl(in.s_addr);

	return a >> 24 == 127 || a >> 16 == 0xa9fe || a >> 24 == 0;
}

static bool is_near_v6(const struct in6_addr *a)
{
	return IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_UNSPECIFIED(a) ||
	       IN6_IS_ADDR_V4MAPPED(a);
}

/* The text of an address; what is none is nearer than anything. */
static bool is_near(const char *text)
{
	struct in6_addr in6;
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) == 1)
		return is_near_v4(in);
	return inet_pton(AF_INET6, text, &in6) != 1 || is_near_v6(&in6);
}

/* Address and port as text. */
static void name_peer(const struct curl_sockaddr *address, struct peer *ret)
{
	/* curl_sockaddr ends in a struct sockaddr that stands for a longer one. */
	const void *addr = &address->addr;
	const struct sockaddr_in6 *in6 = addr;
	const struct sockaddr_in *in = addr;

	*ret = (struct peer){ .port = 0 };
	if (address->family == AF_INET) {
		(void)inet_ntop(AF_INET, &in->sin_addr, ret->ip, sizeof(ret->ip));
		ret->port = ntohs(in->sin_port);
	} else if (address->family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &in6->sin6_addr, ret->ip, sizeof(ret->ip));
		ret->port = ntohs(in6->sin6_port);
	}
}

/* Once somebody has answered, a connection is a redirect's: it leads to this machine or its link
 * only where the registry lives there as well, or back to who has answered (a proxy). */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = arg;
	struct peer to;

	(void)purpose;
	name_peer(address, &to);
	if (t->first.ip[0] && is_near(to.ip) && (t->proxied || !is_near(t->first.ip)) &&
	    (strcmp(to.ip, t->first.ip) != 0 || to.port != t->first.port)) {
		t->led_astray = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Who answers first: the registry, over a new connection or one that was kept. */
static void note_first(struct transfer *t)
{
	const char *ip = NULL;

	if (t->first.ip[0])
		return;
	(void)t->curl->easy_getinfo(t->easy, CURLINFO_PRIMARY_IP, &ip);
	(void)t->curl->easy_getinfo(t->easy, CURLINFO_PRIMARY_PORT, &t->first.port);
	/* Without a name everything near is refused. */
	(void)snprintf(t->first.ip, sizeof(t->first.ip), "%s", ip && ip[0] ? ip : "?");
}

/* Keep the value of header `name`, if that is what `line` is. */
static void keep(char **to, const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return;
	for (n++; n < len && (line[n] == ' ' || line[n] == '\t'); n++)
		;
	while (len > n && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '))
		len--;
	free(*to);
	*to = strndup(line + n, len - n);
}

static void forget_headers(struct bt_http_answer *a)
{
	free(a->content_type);
	free(a->digest);
	free(a->challenge);
	free(a->location);
	free(a->range);
	free(a->mounted);
	a->content_type = a->digest = a->challenge = a->location = a->range = a->mounted = NULL;
	a->retry_after = 0;
}

/* Content-Range: bytes FROM-TO/TOTAL (RFC 9110, 14.4). */
static bool is_part_from(const char *text, int64_t from)
{
	long long first;

	return sscanf(text, "bytes %lld-", &first) == 1 && first == from;
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	struct bt_http_answer *a = &t->answer;
	bt_auto_free char *retry = NULL, *part = NULL;
	size_t len = size * count;

	if (len > HEADER_MAX)
		return 0;
	/* Each answer on the way has a status line. */
	if (len > 5 && strncmp(line, "HTTP/", 5) == 0) {
		forget_headers(a);
		note_first(t);
	}
	keep(&a->content_type, line, len, "Content-Type");
	keep(&a->digest, line, len, "Docker-Content-Digest");
	keep(&a->location, line, len, "Location");
	keep(&a->range, line, len, "Range");
	/* Where several schemes are offered, tokens are what registries mean. */
	if (!a->challenge || strncasecmp(a->challenge, "bearer", 6) != 0)
		keep(&a->challenge, line, len, "WWW-Authenticate");
	keep(&retry, line, len, "Retry-After");
	if (retry)
		a->retry_after = atoi(retry);
	keep(&part, line, len, "Content-Range");
	if (part && t->req->range_from + t->req->range_len > 0)
		t->wrong_part = !is_part_from(part, t->req->range_from);
	return t->wrong_part ? 0 : len;
}

static void note_length(const struct transfer *t)
{
	curl_off_t length = -1;

	(void)t->curl->easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	atomic_store(t->req->ret_length, (int64_t)length);
}

static int give(struct transfer *t, bool partial, const char *data, size_t len)
{
	if (!t->begun && !partial)
		t->skip = t->req->range_from;
	if (!t->begun && t->req->ret_length)
		note_length(t);
	t->begun = true;
	if (t->req->ret_partial)
		*t->req->ret_partial = partial;
	if (t->skip >= (int64_t)len) {
		t->skip -= (int64_t)len;
		return 0;
	}
	data += t->skip;
	len -= (size_t)t->skip;
	t->skip = 0;
	return t->req->sink(t->req->sink_arg, data, len);
}

static int on_progress(void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
		       curl_off_t ulnow)
{
	struct transfer *t = arg;
	int r;

	(void)dltotal;
	(void)dlnow;
	(void)ultotal;
	(void)ulnow;
	if (t->req->sink && t->stopped == 0) {
		r = t->req->sink(t->req->sink_arg, NULL, 0);
		if (r < 0)
			t->stopped = r;
	}
	return t->stopped != 0 || atomic_load(t->req->cancelled);
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * count;
	long status = 0;

	(void)t->curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (t->req->sink && status >= 200 && status < 300) {
		t->stopped = give(t, status == 206, data, len);
		return t->stopped != 0 ? 0 : len;
	}
	bt_str_add(&t->answer.body, data, len);
	if (t->answer.body.failed < 0)
		t->stopped = t->answer.body.failed;
	return t->stopped < 0 ? 0 : len;
}

static size_t on_read(char *buf, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	ssize_t n = t->req->source(t->req->source_arg, buf, size * count);

	if (n < 0) {
		t->stopped = (int)n;
		return CURL_READFUNC_ABORT;
	}
	return (size_t)n;
}

static struct curl_slist *add_headers(const struct transfer *t, struct curl_slist *list,
				      bool *failed)
{
	const json_t *line;
	size_t i;

	json_array_foreach (t->req->headers, i, line) {
		struct curl_slist *more = t->curl->slist_append(list, json_string_value(line));

		if (!more) {
			*failed = true;
			break;
		}
		list = more;
	}
	return list;
}

static struct curl_slist *make_headers(const struct transfer *t, bool *failed)
{
	const struct bt_http_request *req = t->req;
	const char *const pairs[][2] = { { "Accept: ", req->accept },
					 { "Content-Type: ", req->content_type },
					 { "Authorization: Bearer ", req->bearer },
					 { "Expect:", "" } };
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		bt_auto_free char *line = NULL;
		struct curl_slist *more;

		if (!pairs[i][1])
			continue;
		line = bt_str_format("%s%s", pairs[i][0], pairs[i][1]);
		more = line ? t->curl->slist_append(list, line) : NULL;
		if (!more) {
			*failed = true;
			break;
		}
		list = more;
	}
	return *failed ? list : add_headers(t, list, failed);
}

static void set_proxy(struct transfer *t, bool tls)
{
	const struct bt_http_proxy *proxy = t->req->proxy;
	const char *url = proxy ? (tls ? proxy->https : proxy->http) : NULL;

	/* Without one, libcurl would look into the environment itself. */
	(void)t->curl->easy_setopt(t->easy, CURLOPT_PROXY, url ? url : "");
	if (url && proxy->none)
		(void)t->curl->easy_setopt(t->easy, CURLOPT_NOPROXY, proxy->none);
	t->proxied = url != NULL;
}

static void set_body(struct transfer *t)
{
	const struct bt_http_request *req = t->req;

	if (req->source) {
		(void)t->curl->easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
		(void)t->curl->easy_setopt(t->easy, CURLOPT_READFUNCTION, on_read);
		(void)t->curl->easy_setopt(t->easy, CURLOPT_READDATA, t);
		if (req->body_len > 0)
			(void)t->curl->easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE,
						   (curl_off_t)req->body_len);
	} else if (req->body || strcmp(req->method, "POST") == 0 ||
		   strcmp(req->method, "PUT") == 0) {
		(void)t->curl->easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
					   (curl_off_t)req->body_len);
		(void)t->curl->easy_setopt(t->easy, CURLOPT_POSTFIELDS, req->body ? req->body : "");
	}
	if (strcmp(req->method, "HEAD") == 0)
		(void)t->curl->easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
	else
		(void)t->curl->easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, req->method);
}

static void set_tls(struct transfer *t)
{
	const struct bt_http_tls *tls = t->req->tls;

	if (!tls)
		return;
	if (tls->no_verify) {
		(void)t->curl->easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)t->curl->easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (tls->ca)
		(void)t->curl->easy_setopt(t->easy, CURLOPT_CAINFO, tls->ca);
	if (tls->cert && tls->key) {
		(void)t->curl->easy_setopt(t->easy, CURLOPT_SSLCERT, tls->cert);
		(void)t->curl->easy_setopt(t->easy, CURLOPT_SSLKEY, tls->key);
	}
}

static void set_options(struct transfer *t, struct curl_slist *headers)
{
	CURLcode (*set)(CURL *, CURLoption, ...) = t->curl->easy_setopt;
	const struct bt_http_request *req = t->req;
	bool tls = bt_str_after(req->url, "https://") != NULL;

	(void)set(t->easy, CURLOPT_URL, req->url);
	(void)set(t->easy, CURLOPT_NOSIGNAL, 1L);
	(void)set(t->easy, CURLOPT_USERAGENT, "berth/" BT_VERSION);
	(void)set(t->easy, CURLOPT_HTTPHEADER, headers);
	(void)set(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)set(t->easy, CURLOPT_REDIR_PROTOCOLS_STR, tls ? "https" : "http,https");
	(void)set(t->easy, CURLOPT_FOLLOWLOCATION, req->follow ? 1L : 0L);
	(void)set(t->easy, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	(void)set(t->easy, CURLOPT_CONNECTTIMEOUT_MS,
		  req->connect_ms > 0 ? req->connect_ms : CONNECT_SECONDS * 1000);
	(void)set(t->easy, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
	(void)set(t->easy, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
	(void)set(t->easy, CURLOPT_BUFFERSIZE, 256L << 10);
	(void)set(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	(void)set(t->easy, CURLOPT_HEADERDATA, t);
	(void)set(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)set(t->easy, CURLOPT_WRITEDATA, t);
	(void)set(t->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	(void)set(t->easy, CURLOPT_OPENSOCKETDATA, t);
	if (req->user) {
		(void)set(t->easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		(void)set(t->easy, CURLOPT_USERNAME, req->user);
		(void)set(t->easy, CURLOPT_PASSWORD, req->password ? req->password : "");
	}
	if (req->cancelled) {
		(void)set(t->easy, CURLOPT_NOPROGRESS, 0L);
		(void)set(t->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
		(void)set(t->easy, CURLOPT_XFERINFODATA, t);
	}
	if (req->range_len > 0)
		(void)snprintf(t->range, sizeof(t->range), "%lld-%lld", (long long)req->range_from,
			       (long long)(req->range_from + req->range_len - 1));
	else if (req->range_from > 0)
		(void)snprintf(t->range, sizeof(t->range), "%lld-", (long long)req->range_from);
	if (t->range[0])
		(void)set(t->easy, CURLOPT_RANGE, t->range);
	set_body(t);
	set_tls(t);
	set_proxy(t, tls);
}

static int explain(const struct transfer *t, CURLcode code, struct bt_err *err)
{
	const char *url = t->req->shown_url ? t->req->shown_url : t->req->url;

	if (t->stopped < 0)
		return bt_err_set(err, BT_ERR_UNAVAILABLE, ECANCELED, "%s \"%.200s\": stopped: %s",
				  t->req->method, url, strerror(-t->stopped));
	if (code == CURLE_ABORTED_BY_CALLBACK && t->req->cancelled)
		return bt_err_set(err, BT_ERR_UNAVAILABLE, ECANCELED, "%s \"%.200s\": cancelled",
				  t->req->method, url);
	if (t->wrong_part)
		return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
				  "%s \"%.200s\": the registry sends another part than the one "
				  "asked for",
				  t->req->method, url);
	if (t->led_astray)
		return bt_err_set(err, BT_ERR_FORBIDDEN, EACCES,
				  "%s \"%.200s\": redirected to an address of this machine",
				  t->req->method, url);
	return bt_err_set(err, BT_ERR_UNAVAILABLE,
			  code == CURLE_COULDNT_CONNECT            ? ECONNREFUSED
			  : code == CURLE_COULDNT_RESOLVE_HOST     ? EHOSTUNREACH
			  : code == CURLE_SSL_CONNECT_ERROR        ? EPROTO
			  : code == CURLE_PEER_FAILED_VERIFICATION ? EKEYREJECTED
								   : EIO,
			  "%s \"%.200s\": %s", t->req->method, url, t->curl->easy_strerror(code));
}

int bt_http_perform(const struct bt_curl_lib *curl, CURL *easy, const struct bt_http_request *req,
		    struct bt_http_answer *ret, struct bt_err *err)
{
	struct transfer t = { .curl = curl, .easy = easy, .req = req };
	struct curl_slist *headers;
	bool failed = false;
	CURLcode code;
	int r = 0;

	t.answer.body.max = BODY_MAX;
	headers = make_headers(&t, &failed);
	if (failed) {
		curl->slist_free_all(headers);
		return bt_err_sys(err, -ENOMEM, "ask a registry");
	}
	set_options(&t, headers);
	code = curl->easy_perform(easy);
	if (code == CURLE_OK || t.stopped == BT_HTTP_ENOUGH)
		(void)curl->easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &t.answer.status);
	else
		r = explain(&t, code, err);
	curl->easy_reset(easy);
	curl->slist_free_all(headers);
	if (r < 0) {
		bt_http_answer_done(&t.answer);
		return r;
	}
	*ret = t.answer;
	return 0;
}

void bt_http_answer_done(struct bt_http_answer *answer)
{
	forget_headers(answer);
	bt_str_done(&answer->body);
	*answer = (struct bt_http_answer){ 0 };
}
