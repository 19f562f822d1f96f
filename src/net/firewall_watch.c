/* SPDX-License-Identifier: Apache-2.0 */

#include "net/firewall_watch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/table.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/thread.h"

#define STACK_SIZE  (64u << 10)
#define NOTICE_SIZE 8192u

struct bt_firewall_watch {
	pthread_t thread;
	struct mnl_socket *nl;
	int wake;
	char *table;
	uint32_t portid;
	void (*changed)(void *arg, bool gone);
	void *arg;
};

static bool is_our_end(const struct bt_firewall_watch *w, const struct nlmsghdr *nlh)
{
	struct nftnl_table *t;
	bool ours;

	if (nlh->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE) ||
	    nlh->nlmsg_pid == w->portid)
		return false;
	t = nftnl_table_alloc();
	/* Without memory to tell, better once too often. */
	if (!t)
		return true;
	ours = nftnl_table_nlmsg_parse(nlh, t) < 0 ||
	       strcmp(nftnl_table_get_str(t, NFTNL_TABLE_NAME), w->table) == 0;
	nftnl_table_free(t);
	return ours;
}

/* Is anything of others among the notices, and is our table's end? */
static void read_notices(const struct bt_firewall_watch *w, bool *ret_changed, bool *ret_gone)
{
	char buf[NOTICE_SIZE];

	for (;;) {
		ssize_t n = recv(mnl_socket_get_fd(w->nl), buf, sizeof(buf), MSG_DONTWAIT);
		const struct nlmsghdr *nlh = (const void *)buf;
		int left = (int)n;

		if (n < 0 && errno == ENOBUFS)
			*ret_changed = *ret_gone = true;
		else if (n < 0 && errno != EINTR)
			return;
		for (; n > 0 && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			*ret_changed |= nlh->nlmsg_pid != w->portid;
			*ret_gone |= is_our_end(w, nlh);
		}
	}
}

static void *work(void *arg)
{
	const struct bt_firewall_watch *w = arg;
	struct pollfd p[2] = { { .fd = mnl_socket_get_fd(w->nl), .events = POLLIN },
			       { .fd = w->wake, .events = POLLIN } };

	while (!p[1].revents) {
		if (poll(p, 2, -1) < 0)
			continue;
		bool changed = false, gone = false;

		if (p[0].revents)
			read_notices(w, &changed, &gone);
		if (changed || gone)
			w->changed(w->arg, gone);
	}
	return NULL;
}

static void release(struct bt_firewall_watch *w)
{
	if (w->nl)
		mnl_socket_close(w->nl);
	bt_close(&w->wake);
	free(w->table);
	free(w);
}

static int start(struct bt_firewall_watch *w)
{
	int group = NFNLGRP_NFTABLES;

	w->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	w->wake = eventfd(0, EFD_CLOEXEC);
	if (!w->nl || w->wake < 0 || mnl_socket_bind(w->nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(w->nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	return bt_thread_start(&w->thread, STACK_SIZE, work, w);
}

int bt_firewall_watch_start(const char *table, uint32_t portid,
			    void (*changed)(void *arg, bool gone), void *arg,
			    struct bt_firewall_watch **ret)
{
	struct bt_firewall_watch *w = calloc(1, sizeof(*w));
	int r = -ENOMEM;

	if (!w)
		return r;
	w->wake = -EBADF;
	w->table = strdup(table);
	w->portid = portid;
	w->changed = changed;
	w->arg = arg;
	if (w->table)
		r = start(w);
	if (r < 0) {
		release(w);
		return r;
	}
	*ret = w;
	return 0;
}

void bt_firewall_watch_stop(struct bt_firewall_watch *watch)
{
	const uint64_t one = 1;

	if (!watch)
		return;
	(void)!write(watch->wake, &one, sizeof(one));
	pthread_join(watch->thread, NULL);
	release(watch);
}
