/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_PRIVATE_NET_H
#define BT_TESTS_PRIVATE_NET_H

/*
 * A test's own network: each test is a process of its own, so that leaving the
 * host's namespace needs no way back, and everything is gone with the process.
 */

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/rtnl.h"

/* Leave the host's network: a new namespace with loopback up. */
static inline void private_net(void)
{
	struct bt_rtnl rtnl = { 0 };
	struct bt_rtnl_batch batch = { 0 };

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert_int_eq(bt_rtnl_open(&rtnl), 0);
	bt_rtnl_put_up(&batch, 1);
	ck_assert_int_eq(bt_rtnl_run(&rtnl, &batch, NULL), 0);
	bt_rtnl_done(&rtnl);
}

static inline int home_fd(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

static inline void enter(int netns)
{
	ck_assert_int_eq(setns(netns, CLONE_NEWNET), 0);
}

static inline struct sockaddr_in at(const char *address, uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };

	ck_assert_int_eq(inet_pton(AF_INET, address, &sa.sin_addr), 1);
	return sa;
}

/* A socket listening in `netns` on all addresses. */
static inline int listen_in(int netns, uint16_t port)
{
	struct sockaddr_in sa = at("0.0.0.0", port);
	int home = home_fd();
	int fd;

	enter(netns);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	enter(home);
	close(home);
	return fd;
}

/* Connect from `netns`; 0, or the negative errno (-ETIMEDOUT after 300 ms). */
static inline int connect_from(int netns, const char *address, uint16_t port)
{
	struct sockaddr_in sa = at(address, port);
	struct timeval patience = { .tv_usec = 300000 };
	int home = home_fd();
	int fd, r;

	enter(netns);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	r = connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ? -errno : 0;
	if (r == -EINPROGRESS)
		r = -ETIMEDOUT;
	close(fd);
	enter(home);
	close(home);
	return r;
}

/* The same with patience, for what is to be answered: the first packets of a new neighbour may be
 * lost, and the answer of a machine that is busy comes late. */
static inline int reach_from(int netns, const char *address, uint16_t port)
{
	int r = connect_from(netns, address, port);

	for (int i = 0; i < 100 && r == -ETIMEDOUT; i++)
		r = connect_from(netns, address, port);
	return r;
}

#endif
