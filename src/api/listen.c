/* SPDX-License-Identifier: Apache-2.0 */

#include "api/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/systemd.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/sock.h"
#include "base/str.h"

#define DEFAULT_GROUP  "docker"
#define DEFAULT_SOCKET "/run/berth.sock"
#define GROUP_FILE_MAX (4u << 20)
#define BACKLOG        1024
#define PLAIN_PORT     2375
#define TLS_PORT       2376

/* The id of a group by number or by /etc/group: 1 where there is one, 0 where not. Read by
 * hand: the C library's way loads modules that stay in memory for good. */
static int find_group(const char *name, gid_t *ret)
{
	bt_auto_free char *text = NULL;
	unsigned long long id;
	size_t len = strlen(name);
	int r;

	if (bt_str_to_u64(name, &id) == 0) {
		*ret = (gid_t)id;
		return 1;
	}
	r = bt_io_read_file(AT_FDCWD, "/etc/group", GROUP_FILE_MAX, &text, NULL);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (char *line = text, *next; line; line = next) {
		char *password, *number;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (strncmp(line, name, len) != 0 || line[len] != ':')
			continue;
		password = line + len + 1;
		number = strchr(password, ':');
		if (!number)
			continue;
		number[1 + strcspn(number + 1, ":")] = '\0';
		if (bt_str_to_u64(number + 1, &id) == 0) {
			*ret = (gid_t)id;
			return 1;
		}
	}
	return 0;
}

static int set_group(const char *path, const char *group, struct bt_err *err)
{
	gid_t gid;
	int r = find_group(group ? group : DEFAULT_GROUP, &gid);

	if (r < 0)
		return bt_err_sys(err, r, "read /etc/group");
	if (r == 0 && group)
		return bt_err_set(err, BT_ERR_INVALID, ENOENT,
				  "could not change group of %s to %s: group %s not found", path,
				  group, group);
	if (r == 1 && lchown(path, 0, gid) < 0)
		return bt_err_sys(err, -errno, "change group of %s", path);
	return 0;
}

static int add(struct bt_listen *l, int *fd, bool tls, struct bt_err *err)
{
	if (l->n == BT_ACCEPTOR_LISTENERS_MAX)
		return bt_err_set(err, BT_ERR_INVALID, E2BIG, "more than %d sockets to listen on",
				  BT_ACCEPTOR_LISTENERS_MAX);
	l->sockets[l->n++] = (struct bt_listener){ .fd = bt_take_fd(fd), .tls = tls };
	return 0;
}

static int add_unix(struct bt_listen *l, const char *path, const struct bt_listen_options *opt,
		    struct bt_err *err)
{
	bt_auto_free char *copy = strdup(*path ? path : DEFAULT_SOCKET);
	bt_auto_close int fd = -EBADF;
	int r;

	if (!copy)
		return bt_err_sys(err, -ENOMEM, "listen on %s", path);
	fd = bt_sock_listen(copy, SOCK_STREAM | SOCK_NONBLOCK, 0660);
	if (fd == -EADDRINUSE)
		return bt_err_set(err, BT_ERR_CONFLICT, EADDRINUSE,
				  "another process listens on unix://%s already", copy);
	if (fd < 0)
		return bt_err_sys(err, fd, "listen on unix://%s", copy);
	r = set_group(copy, opt->group, err);
	return r < 0 ? r : add(l, &fd, false, err);
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* The address as text (without brackets, owned) and the port of "address:port" or
 * "[address]:port", each part optional. */
static int split_tcp(const char *text, char **ret_name, uint16_t *ret_port, struct bt_err *err)
{
	const char *colon = strrchr(text, ':'), *start = text, *end;
	unsigned long long port = *ret_port;

	end = colon ? colon : text + strlen(text);
	if (text[0] == '[') {
		start = text + 1;
		end = strchr(text, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid address in tcp://%.100s", text);
		colon = end[1] == ':' ? end + 1 : NULL;
	}
	if (colon && colon[1] && (bt_str_to_u64(colon + 1, &port) < 0 || port > UINT16_MAX))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid port in tcp://%.100s",
				  text);
	*ret_name = strndup(start, (size_t)(end - start));
	*ret_port = (uint16_t)port;
	return *ret_name ? 0 : bt_err_sys(err, -ENOMEM, "listen on tcp://%s", text);
}

/* Names are not looked up, but for localhost, which is what stands for no address as well. */
static int parse_tcp(const char *text, bool tls, union address *ret, struct bt_err *err)
{
	bt_auto_free char *name = NULL;
	uint16_t port = tls ? TLS_PORT : PLAIN_PORT;
	int r = split_tcp(text, &name, &port, err);

	if (r < 0)
		return r;
	*ret = (union address){ 0 };
	if (inet_pton(AF_INET6, name, &ret->v6.sin6_addr) == 1) {
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons(port);
		return 0;
	}
	ret->v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	if (text[0] != '[' && (*name == '\0' || strcmp(name, "localhost") == 0))
		ret->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (text[0] == '[' || inet_pton(AF_INET, name, &ret->v4.sin_addr) != 1)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid address in tcp://%.100s: give a number", text);
	return 0;
}

static bool is_loopback(const union address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

static int add_tcp(struct bt_listen *l, const char *text, const struct bt_listen_options *opt,
		   struct bt_err *err)
{
	const int on = 1;
	bt_auto_close int fd = -EBADF;
	union address address;
	socklen_t len;
	int r = parse_tcp(text, opt->tls, &address, err);

	if (r < 0)
		return r;
	if (!opt->tls && !opt->plain_anywhere && !is_loopback(&address))
		return bt_err_set(
			err, BT_ERR_INVALID, EPERM,
			"tcp://%.100s without TLS gives root on this machine to everybody "
			"who reaches it: use --tlsverify, or --tls=false if you mean it",
			text);
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	len = address.any.sa_family == AF_INET ? sizeof(address.v4) : sizeof(address.v6);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, &address.any, len) < 0 || listen(fd, BACKLOG) < 0)
		return bt_err_sys(err, -errno, "listen on tcp://%s", text);
	return add(l, &fd, opt->tls, err);
}

/* A plain socket beyond loopback must be meant, whoever opened it. */
static int check_given(int fd, const struct bt_listen_options *opt, struct bt_err *err)
{
	union address address = { 0 };
	socklen_t len = sizeof(address);

	if (opt->tls || opt->plain_anywhere)
		return 0;
	if (getsockname(fd, &address.any, &len) < 0)
		return bt_err_sys(err, -errno, "look at a given socket");
	if (is_loopback(&address))
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EPERM,
			  "a given TCP socket beyond loopback without TLS gives root on this "
			  "machine to everybody who reaches it: use --tlsverify, or --tls=false if "
			  "you mean it");
}

/* All sockets that systemd gave; the name after fd:// is not looked at. */
static int add_given(struct bt_listen *l, const struct bt_listen_options *opt, struct bt_err *err)
{
	int first, n = bt_systemd_listen_fds(&first);

	if (n <= 0)
		return bt_err_set(
			err, BT_ERR_INVALID, ENOENT,
			"no sockets found via socket activation: make sure the service was "
			"started by systemd");
	for (int i = 0; i < n; i++) {
		bt_auto_close int fd = first + i;
		int domain = AF_UNSPEC, r;
		socklen_t len = sizeof(domain);

		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		(void)fcntl(fd, F_SETFL, O_NONBLOCK);
		(void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
		r = domain == AF_UNIX ? 0 : check_given(fd, opt, err);
		if (r < 0)
			return r;
		r = add(l, &fd, opt->tls && domain != AF_UNIX, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int bt_listen_add(struct bt_listen *listen, const char *host, const struct bt_listen_options *opt,
		  struct bt_err *err)
{
	const char *rest;

	if ((rest = bt_str_after(host, "unix://")) != NULL)
		return add_unix(listen, rest, opt, err);
	if ((rest = bt_str_after(host, "tcp://")) != NULL)
		return add_tcp(listen, rest, opt, err);
	if (bt_str_after(host, "fd://"))
		return add_given(listen, opt, err);
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "invalid host \"%.100s\": it must begin with unix://, tcp:// or fd://",
			  host);
}

void bt_listen_done(struct bt_listen *listen)
{
	for (size_t i = 0; i < listen->n; i++) {
		bt_close(&listen->sockets[i].fd);
	}
	listen->n = 0;
}
