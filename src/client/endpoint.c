/* SPDX-License-Identifier: Apache-2.0 */

#include "client/endpoint.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/sock.h"
#include "base/str.h"
#include "base/time.h"
#include "client/dialer.h"

#define PORT_PLAIN "2375"
#define PORT_TLS   "2376"

static int parse_tcp(const char *text, struct bt_endpoint *ep, bool tls)
{
	size_t len = strcspn(text, "/");
	const char *base = text + len;
	bt_auto_free char *where = strndup(text, len);
	char *colon, *host = where;
	const char *port = tls ? PORT_TLS : PORT_PLAIN;

	if (!where)
		return -ENOMEM;
	if (*host == '[') {
		char *end = strchr(host, ']');

		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		*end = '\0';
		host++;
		colon = end[1] ? end + 1 : NULL;
	} else {
		colon = strrchr(host, ':');
	}
	if (colon) {
		*colon = '\0';
		if (colon[1])
			port = colon + 1;
	}
	ep->kind = BT_ENDPOINT_TCP;
	ep->host = strdup(*host ? host : "localhost");
	ep->port = strdup(port);
	ep->base = strdup(strcmp(base, "/") == 0 ? "" : base);
	return ep->host && ep->port && ep->base ? 0 : -ENOMEM;
}

static int parse_ssh(const char *text, struct bt_endpoint *ep)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strcspn(text, "/");

	/* A destination that begins with a dash would be an option of ssh(1). */
	if (!*text || *text == '-')
		return -EINVAL;
	ep->kind = BT_ENDPOINT_SSH;
	ep->host = strndup(text, len);
	ep->port = colon ? strdup(colon + 1) : NULL;
	ep->base = strdup("");
	return ep->host && ep->base ? 0 : -ENOMEM;
}

static int parse(const char *text, bool tls, struct bt_endpoint *ep)
{
	const char *rest;

	if ((rest = bt_str_after(text, "unix://"))) {
		ep->kind = BT_ENDPOINT_UNIX;
		ep->path = strdup(*rest ? rest : "/var/run/docker.sock");
		ep->base = strdup("");
		return ep->path && ep->base ? 0 : -ENOMEM;
	}
	if ((rest = bt_str_after(text, "ssh://")))
		return parse_ssh(rest, ep);
	if ((rest = bt_str_after(text, "tcp://")) || (rest = bt_str_after(text, "http://")))
		return parse_tcp(rest, ep, tls);
	if (strstr(text, "://"))
		return -EINVAL;
	return parse_tcp(text, ep, tls);
}

int bt_endpoint_parse(const char *text, bool tls, struct bt_endpoint *ret, struct bt_err *err)
{
	struct bt_endpoint ep = { .tls.enabled = tls };
	int r = parse(text, tls, &ep);

	if (r == 0) {
		ep.url = strstr(text, "://") ? strdup(text)
					     : bt_str_format("tcp://%s:%s", ep.host, ep.port);
		r = ep.url ? 0 : -ENOMEM;
	}
	if (r == -EINVAL)
		(void)bt_err_set(err, BT_ERR_INVALID, EINVAL, "unable to parse docker host `%s`",
				 text);
	else if (r < 0)
		(void)bt_err_sys(err, r, "parse host");
	if (r < 0) {
		bt_endpoint_done(&ep);
		return r;
	}
	*ret = ep;
	return 0;
}

int bt_endpoint_unreachable(const struct bt_endpoint *ep, int r, struct bt_err *err)
{
	if (r == -EACCES || r == -EPERM)
		return bt_err_set(err, BT_ERR_SYSTEM, -r,
				  "permission denied while trying to connect to the Docker daemon "
				  "socket at %s: %s\n"
				  "It is for root and its group: use sudo, or join the group that "
				  "'stat -c %%G' says of the socket",
				  ep->url, strerror(-r));
	return bt_err_set(
		err, BT_ERR_UNAVAILABLE, -r,
		"Cannot connect to the Docker daemon at %s. Is the docker daemon running?",
		ep->url);
}

/* One word for the shell there, whichever it is: berth's own client where the machine has it. */
#define FAR_COMMAND                                                                           \
	"sh -c 'if command -v berth >/dev/null 2>&1; then exec berth system dial-stdio; fi; " \
	"exec docker system dial-stdio'"

_Noreturn static void run_ssh(const struct bt_endpoint *ep, int fd)
{
	const char *argv[] = { "ssh", "-o", "ConnectTimeout=30", "-T", NULL, NULL, NULL, NULL,
			       NULL,  NULL };
	size_t n = 4;

	if (ep->port) {
		argv[n++] = "-p";
		argv[n++] = ep->port;
	}
	argv[n++] = "--";
	argv[n++] = ep->host;
	argv[n++] = FAR_COMMAND;
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* Its own session: a ctrl-C at our terminal is ours to handle. */
	(void)setsid();
	if (dup2(fd, STDIN_FILENO) >= 0 && dup2(fd, STDOUT_FILENO) >= 0)
		(void)execvp("ssh", (char *const *)(uintptr_t)argv);
	_exit(127);
}

static int connect_ssh(const struct bt_endpoint *ep, struct bt_err *err)
{
	bt_auto_close int ours = -EBADF;
	bt_auto_close int theirs = -EBADF;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return bt_err_sys(err, -errno, "connect by ssh");
	ours = pair[0];
	theirs = pair[1];
	pid = fork();
	if (pid < 0)
		return bt_err_sys(err, -errno, "connect by ssh");
	if (pid == 0)
		run_ssh(ep, theirs);
	return bt_take_fd(&ours);
}

/* A socket on which nobody listens is that of a daemon that is being replaced: it is waited for. */
static int connect_unix(const struct bt_endpoint *ep)
{
	int64_t until = bt_time_monotonic_ns() + BT_ENDPOINT_PATIENCE_MS * 1000000ll;
	int fd = bt_sock_connect(ep->path, SOCK_STREAM);
	bool refused = fd == -ECONNREFUSED, last = false;

	/* It is away for a moment while it is made anew. Whoever was stopped himself until the time
	 * was over looks once more. */
	while (refused && (fd == -ECONNREFUSED || fd == -ENOENT) && !last) {
		last = bt_time_monotonic_ns() >= until;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		fd = bt_sock_connect(ep->path, SOCK_STREAM);
	}
	return fd;
}

int bt_endpoint_connect(const struct bt_endpoint *ep, struct bt_err *err)
{
	int fd;

	if (ep->kind == BT_ENDPOINT_SSH)
		return connect_ssh(ep, err);
	if (ep->kind == BT_ENDPOINT_TCP)
		return bt_dialer_connect(ep, err);
	fd = connect_unix(ep);
	return fd < 0 ? bt_endpoint_unreachable(ep, fd, err) : fd;
}

void bt_endpoint_done(struct bt_endpoint *ep)
{
	free(ep->url);
	free(ep->path);
	free(ep->host);
	free(ep->port);
	free(ep->base);
	free(ep->tls.ca);
	free(ep->tls.cert);
	free(ep->tls.key);
	*ep = (struct bt_endpoint){ 0 };
}
