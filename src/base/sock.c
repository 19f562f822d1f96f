/* SPDX-License-Identifier: Apache-2.0 */

#include "base/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"

#define BACKLOG 512

union control {
	struct cmsghdr hdr;
	char buf[CMSG_SPACE(sizeof(int) * BT_SOCK_FDS_MAX)];
};

/* The kernel tells once that the peer went without having read all that was sent to it
 * (ECONNRESET), to whichever call comes next, and in place of what that call is for: a message of
 * the peer's that still lies in the queue, or EPIPE. */
static bool is_told_once(ssize_t n, bool *told)
{
	const bool reset = n < 0 && errno == ECONNRESET && !*told;

	*told = *told || reset;
	return reset || (n < 0 && errno == EINTR);
}

int bt_sock_send(int fd, const void *msg, size_t len, const int *fds, size_t nfds)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)msg, .iov_len = len };
	union control control = { 0 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	bool told = false;
	ssize_t n;

	if (nfds > BT_SOCK_FDS_MAX)
		return -E2BIG;
	if (nfds > 0) {
		struct cmsghdr *c;

		mh.msg_control = control.buf;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
	}
	do {
		n = sendmsg(fd, &mh, MSG_NOSIGNAL);
	} while (is_told_once(n, &told));
	return n < 0 ? -errno : 0;
}

int bt_sock_send_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static void take_fds(struct msghdr *mh, int *ret_fds, size_t *ret_nfds)
{
	*ret_nfds = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(ret_fds + *ret_nfds, CMSG_DATA(c), n * sizeof(int));
		*ret_nfds += n;
	}
}

ssize_t bt_sock_recv(int fd, void *ret, size_t size, int *ret_fds, size_t *ret_nfds, int flags)
{
	struct iovec iov = { .iov_base = ret, .iov_len = size };
	union control control = { 0 };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof(control.buf) };
	bool told = false;
	ssize_t n;

	*ret_nfds = 0;
	do {
		n = recvmsg(fd, &mh, flags | MSG_CMSG_CLOEXEC);
	} while (is_told_once(n, &told));
	if (n < 0)
		return -errno;
	take_fds(&mh, ret_fds, ret_nfds);
	if (mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		while (*ret_nfds > 0)
			bt_close(&ret_fds[--*ret_nfds]);
		return -EMSGSIZE;
	}
	return n;
}

/* An address for `path`. Where it is too long, its directory is opened into *dir, which the
 * caller keeps open until the address was used. */
static int address_of(const char *path, struct sockaddr_un *ret, int *dir)
{
	const char *base = bt_path_base(path);
	bt_auto_free char *parent = NULL;
	int n;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) < sizeof(ret->sun_path)) {
		memcpy(ret->sun_path, path, strlen(path) + 1);
		return 0;
	}
	parent = strndup(path, (size_t)(base - path));
	if (!parent)
		return -ENOMEM;
	*dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*dir < 0)
		return -errno;
	n = snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", *dir, base);
	return n > 0 && (size_t)n < sizeof(ret->sun_path) ? 0 : -ENAMETOOLONG;
}

int bt_sock_connect(const char *path, int type)
{
	bt_auto_close int fd = -EBADF, dir = -EBADF;
	struct sockaddr_un addr;
	socklen_t len = sizeof(addr);
	int r = address_of(path, &addr, &dir);

	if (r < 0)
		return r;
	/* The length ends an abstract name, and each zero byte before it belongs to it. */
	if (path[0] == '@') {
		len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
		addr.sun_path[0] = '\0';
	}
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, len) < 0)
		return -errno;
	return bt_take_fd(&fd);
}

/* Remove a socket file that nobody listens on. */
static int remove_stale(const char *path, int type)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = bt_sock_connect(path, type);
	if (fd >= 0) {
		bt_close(&fd);
		return -EADDRINUSE;
	}
	if (fd != -ECONNREFUSED)
		return fd;
	return unlink(path) < 0 ? -errno : 0;
}

int bt_sock_listen(const char *path, int type, mode_t mode)
{
	bt_auto_close int fd = -EBADF, dir = -EBADF;
	struct sockaddr_un addr;
	int r = remove_stale(path, type);

	if (r < 0)
		return r;
	r = address_of(path, &addr, &dir);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* The mode of the socket file is that of the socket itself at bind(2): nobody can
	 * connect between bind and a later chmod. */
	if (fchmod(fd, mode) < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    chmod(path, mode) < 0 || (type != SOCK_DGRAM && listen(fd, BACKLOG) < 0))
		return -errno;
	return bt_take_fd(&fd);
}
