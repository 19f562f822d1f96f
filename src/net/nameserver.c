/* SPDX-License-Identifier: Apache-2.0 */

#include "net/nameserver.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/time.h"
#include "net/nameserver_private.h"
#include "sys/caps.h"

#define EVENTS      16
#define RESOLV_CONF "/etc/resolv.conf"
/* A daemon that had us started comes at once; one that died in between never. */
#define FIRST_DAEMON_NS (10 * BT_TIME_NSEC_PER_SEC)

int bt_nameserver_watch(struct bt_nameserver *ns, struct bt_nameserver_watch *watch, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = watch };

	watch->fd = fd;
	if (epoll_ctl(ns->epoll, EPOLL_CTL_ADD, fd, &ev) == 0)
		return 0;
	bt_close(&watch->fd);
	return -errno;
}

void bt_nameserver_watch_for(struct bt_nameserver *ns, struct bt_nameserver_watch *watch,
			     uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = watch };

	(void)epoll_ctl(ns->epoll, EPOLL_CTL_MOD, watch->fd, &ev);
}

void bt_nameserver_unwatch(struct bt_nameserver *ns, struct bt_nameserver_watch *watch)
{
	/* The daemon may have a copy, so that closing alone would not end the watch. */
	if (watch->fd >= 0)
		(void)epoll_ctl(ns->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	bt_close(&watch->fd);
}

void bt_nameserver_bury(struct bt_nameserver *ns, struct bt_list *link)
{
	bt_list_append(&ns->buried, link);
}

static void free_buried(struct bt_nameserver *ns)
{
	bt_list_foreach (it, &ns->buried) {
		bt_list_remove(it);
		free(it);
	}
}

/* Milliseconds until the first of two lists of waiting things is due, -1: never. */
static int next_due(const struct bt_nameserver *ns, int64_t now)
{
	int64_t due = INT64_MAX;

	if (!bt_list_empty(&ns->queries))
		due = bt_list_entry(ns->queries.next, struct bt_nameserver_query, link)->until_ns;
	if (!bt_list_empty(&ns->streams)) {
		const struct bt_nameserver_stream *s =
			bt_list_entry(ns->streams.next, struct bt_nameserver_stream, link);

		due = s->until_ns < due ? s->until_ns : due;
	}
	if (due == INT64_MAX)
		return -1;
	return due > now ? (int)((due - now) / 1000000) + 1 : 0;
}

static bool is_done(const struct bt_nameserver *ns)
{
	return ns->quit || (ns->met && ns->control.fd < 0 && ns->clients.used == 0);
}

static void loop(struct bt_nameserver *ns)
{
	const int64_t patience = bt_time_monotonic_ns() + FIRST_DAEMON_NS;
	struct epoll_event events[EVENTS];

	while (!is_done(ns)) {
		const int64_t now = bt_time_monotonic_ns();
		const int timeout = ns->met ? next_due(ns, now) : (int)(FIRST_DAEMON_NS / 1000000);
		const int n = epoll_wait(ns->epoll, events, EVENTS, timeout);

		if (!ns->met && n <= 0 && now >= patience)
			return;
		for (int i = 0; i < n; i++) {
			struct bt_nameserver_watch *w = events[i].data.ptr;

			if (w->fd >= 0)
				w->ready(ns, w);
		}
		bt_nameserver_query_expire(ns, bt_time_monotonic_ns());
		bt_nameserver_tcp_close(ns, NULL, bt_time_monotonic_ns());
		free_buried(ns);
	}
}

static void finish(struct bt_nameserver *ns)
{
	bt_nameserver_query_forget(ns, NULL, NULL);
	bt_nameserver_tcp_close(ns, NULL, INT64_MAX);
	for (size_t pos = 0; ns->clients.used > 0; pos = 0) {
		void *client;

		if (!bt_map_next(&ns->clients, &pos, NULL, &client))
			break;
		bt_nameserver_client_forget(ns, client);
	}
	free_buried(ns);
	bt_nameserver_unwatch(ns, &ns->control);
	bt_nameserver_unwatch(ns, &ns->listener);
	bt_map_done(&ns->clients);
	bt_names_done(&ns->names);
	bt_dns_cache_done(&ns->cache);
	bt_close(&ns->epoll);
}

int bt_nameserver_serve(int listen_fd, const char *resolv_conf)
{
	struct bt_nameserver ns = {
		.listener = { .ready = bt_nameserver_control_accept, .fd = -EBADF },
		.control = { .fd = -EBADF },
		.host = { .path = resolv_conf },
	};
	int r;

	bt_dns_cache_init(&ns.cache);
	bt_list_init(&ns.queries);
	bt_list_init(&ns.streams);
	bt_list_init(&ns.buried);
	ns.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (ns.epoll < 0) {
		(void)close(listen_fd);
		return EXIT_FAILURE;
	}
	r = bt_nameserver_watch(&ns, &ns.listener, listen_fd);
	if (r == 0)
		loop(&ns);
	finish(&ns);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Hostile input is read here: keep nothing that answering does not take. */
static int drop_privileges(void)
{
	struct rlimit files;

	/* Two sockets and a pidfd for each container. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (prctl(PR_SET_NAME, "berth-names", 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    bt_caps_set_ambient(0) < 0 || bt_caps_limit_bounding(0) < 0)
		return -EPERM;
	return bt_caps_set(0, 0, 0);
}

int bt_nameserver_run(const int *fds, size_t nfds)
{
	if (nfds != 1 || signal(SIGPIPE, SIG_IGN) == SIG_ERR || drop_privileges() < 0)
		return EXIT_FAILURE;
	return bt_nameserver_serve(fds[0], RESOLV_CONF);
}
