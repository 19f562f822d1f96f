/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/monitor_link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/thread.h"
#include "engine/container_files.h"
#include "engine/engine_private.h"
#include "engine/exec_events.h"

/* A start that takes longer has failed: a monitor answers at once or dies. */
#define START_TIMEOUT_MS 120000
#define STACK_SIZE       (256u << 10)
#define EVENTS_AT_ONCE   64
/* Between two attempts to reach a monitor that is there and cannot be reached. */
#define AGAIN_MS 20

struct bt_link {
	atomic_uint refs;
	struct bt_container *container; /* a reference */
	struct bt_client *client;
	pid_t monitor;          /* 0: not known */
	struct bt_list watched; /* in bt_links.watched, under its lock */
	bool heard;             /* it told or answered something */
	/* Of the thread that waits for a start. */
	bool settled; /* started or start-failed came */
	bool failed;
	struct bt_err error;
};

struct job {
	struct bt_list link;
	struct bt_container *container;
	void (*fn)(struct bt_container *container);
};

struct bt_links {
	const struct bt_links_events *events;
	int epoll_fd, stop_fd;
	pthread_t watcher, worker;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct bt_list jobs;
	struct bt_list watched; /* struct bt_link: each a reference */
	bool stopping;
};

struct bt_client *bt_link_client(struct bt_link *link)
{
	return link->client;
}

pid_t bt_link_monitor(const struct bt_link *link)
{
	return link->monitor;
}

int bt_link_open_life(struct bt_container *c)
{
	bt_auto_link struct bt_link *link = bt_link_get(c);
	const pid_t monitor = link ? bt_link_monitor(link) : 0;
	int fd;

	if (monitor <= 0)
		return -ENOENT;
	fd = (int)syscall(SYS_pidfd_open, monitor, 0);
	return fd < 0 ? -errno : fd;
}

void bt_link_unref(struct bt_link *link)
{
	if (!link || atomic_fetch_sub_explicit(&link->refs, 1, memory_order_acq_rel) != 1)
		return;
	bt_client_destroy(link->client);
	bt_container_unref(link->container);
	free(link);
}

struct bt_link *bt_link_get(struct bt_container *c)
{
	struct bt_link *link;

	bt_auto_lock(held, &c->lock);
	link = c->link;
	if (link)
		atomic_fetch_add_explicit(&link->refs, 1, memory_order_relaxed);
	return link;
}

static const struct bt_links_events *events_of(const struct bt_link *link)
{
	return link->container->engine->links->events;
}

/* Make `link` (a reference, or NULL) the container's, and drop the one it had. */
static void relink(struct bt_container *c, struct bt_link *link)
{
	struct bt_link *old;

	pthread_mutex_lock(&c->lock);
	old = c->link;
	c->link = link;
	pthread_mutex_unlock(&c->lock);
	bt_link_unref(old);
}

/* Whoever hears that a container runs may ask something of it at once: its monitor can be asked
 * before anybody hears. What it answers waits until the watcher has the connection. */
static void link_started(struct bt_link *link, const struct bt_journal_record *record)
{
	if (link->settled || record->kind != BT_JOURNAL_STARTED)
		return;
	atomic_fetch_add_explicit(&link->refs, 1, memory_order_relaxed);
	relink(link->container, link);
}

static void on_record(struct bt_link *link, const struct bt_journal_record *record)
{
	bool stored;

	bt_fault_point("end/heard");
	link_started(link, record);
	stored = events_of(link)->record(link->container, record);
	bt_fault_point("end/applied");
	/* What is stored and in the journal, too, nobody need hear of. */
	if (!record->kept || (!stored && record->kind == BT_JOURNAL_STARTED))
		(void)!bt_client_ack(link->client, record->seq, stored);
	if ((record->kind != BT_JOURNAL_STARTED && record->kind != BT_JOURNAL_START_FAILED) ||
	    link->settled)
		return;
	link->settled = true;
	link->failed = record->kind == BT_JOURNAL_START_FAILED;
	if (link->failed)
		link->error = record->error;
}

/* Called by whichever thread dispatches: the one that starts it, then the watcher. */
static void on_event(void *data, const struct bt_client_event *event)
{
	struct bt_link *link = data;

	link->heard = true;
	switch (event->kind) {
	case BT_CLIENT_RECORD:
		on_record(link, &event->record);
		break;
	case BT_CLIENT_OOM:
		events_of(link)->oom(link->container);
		break;
	case BT_CLIENT_EXEC_STARTED:
		bt_exec_table_event_started(link->container, event->exec, event->pid);
		break;
	case BT_CLIENT_EXEC_FAILED:
	case BT_CLIENT_EXEC_EXITED:
		bt_exec_table_event_ended(link->container, event->exec, event->code, event->at_ns);
		break;
	case BT_CLIENT_DETACHED:
		events_of(link)->detached(link->container, event->exec);
		break;
	case BT_CLIENT_RESTARTED:
		events_of(link)->restarted(link->container);
		break;
	case BT_CLIENT_BEHIND:
		events_of(link)->behind(link->container, link->client);
		break;
	case BT_CLIENT_ATTACHED:
		break;
	}
}

static struct bt_link *new_link(struct bt_container *c)
{
	struct bt_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	atomic_init(&link->refs, 1);
	bt_list_init(&link->watched);
	link->container = bt_container_ref(c);
	return link;
}

static void forget(struct bt_links *links, struct bt_link *link)
{
	pthread_mutex_lock(&links->lock);
	bt_list_remove(&link->watched);
	pthread_mutex_unlock(&links->lock);
}

/* Give the link to the watcher and to those who make requests, each with a reference of its own.
 * The caller keeps its own too: the monitor may be gone, and the others' dropped, before this
 * returns. */
static int watch(struct bt_links *links, struct bt_link *link)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = link };
	int r;

	atomic_fetch_add_explicit(&link->refs, 2, memory_order_relaxed);
	relink(link->container, link);
	pthread_mutex_lock(&links->lock);
	bt_list_append(&links->watched, &link->watched);
	pthread_mutex_unlock(&links->lock);
	if (epoll_ctl(links->epoll_fd, EPOLL_CTL_ADD, bt_client_fd(link->client), &ev) == 0)
		return 0;
	r = -errno;
	forget(links, link);
	relink(link->container, NULL);
	bt_link_unref(link);
	return r;
}

/* Dispatch until the start is decided. Returns 1, 0 where the monitor died, or -errno. */
static int await_start(struct bt_link *link)
{
	struct pollfd pfd = { .fd = bt_client_fd(link->client), .events = POLLIN };

	while (!link->settled) {
		int n = poll(&pfd, 1, START_TIMEOUT_MS), r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return -ETIMEDOUT;
		r = n < 0 ? -errno : bt_client_dispatch(link->client);
		if (r <= 0 && !link->settled)
			return r;
	}
	return 1;
}

void bt_link_forget(struct bt_container *c)
{
	relink(c, NULL);
}

int bt_link_spawn(struct bt_container *c, const struct bt_spawn *spawn,
		  const struct bt_client_fds *fds, struct bt_err *err)
{
	struct bt_engine *engine = c->engine;
	bt_auto_link struct bt_link *link = new_link(c);
	int r;

	if (!link)
		return bt_err_sys(err, -ENOMEM, "start container");
	r = bt_client_spawn(engine->cfg.spawner_fd, spawn, fds, on_event, link, &link->client,
			    &link->monitor, err);
	if (r < 0)
		return r;
	bt_fault_point("start/spawned");
	r = await_start(link);
	bt_fault_point("start/awaited");
	if (r == 0)
		return bt_err_set(err, BT_ERR_SYSTEM, EPIPE,
				  "the monitor ended before the container was started");
	if (r < 0)
		return bt_err_sys(err, r, "wait for the container's start");
	/* Also after a failure that its policy will have tried again. */
	r = watch(engine->links, link);
	if (r < 0)
		return bt_err_sys(err, r, "watch the monitor");
	if (link->failed) {
		*err = link->error;
		return -err->errnum;
	}
	return 0;
}

/* Who listens at the other end. */
static pid_t peer_of(const struct bt_client *client)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	return getsockopt(bt_client_fd(client), SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0
		       ? peer.pid
		       : 0;
}

int bt_link_connect(struct bt_container *c, struct bt_link **ret, struct bt_err *err)
{
	bt_auto_free char *dir = bt_container_files_run_dir(c->engine, c->id);
	bt_auto_link struct bt_link *link = new_link(c);
	int r;

	if (!dir || !link)
		return bt_err_sys(err, -ENOMEM, "connect to the monitor");
	link->settled = true;
	r = bt_client_connect(dir, on_event, link, &link->client, err);
	if (r < 0)
		return r;
	link->monitor = peer_of(link->client);
	*ret = bt_take(link);
	return 0;
}

int bt_link_watch(struct bt_link *link, struct bt_err *err)
{
	int r = watch(link->container->engine->links, link);

	return r < 0 ? bt_err_sys(err, r, "watch the monitor") : 0;
}

/* ---- connections that end ---------------------------------------------------------- */

/* Where it ends the monitor has gone, or hung up on a daemon that is too slow, as older ones do:
 * only where nobody listens any more it is taken for dead. Before it goes it stops to listen. */
static int connect_again(struct bt_container *c)
{
	bt_auto_link struct bt_link *link = NULL;
	struct bt_err err;
	int r = bt_link_connect(c, &link, &err);

	if (r < 0)
		return r;
	events_of(link)->behind(c, link->client);
	return bt_link_watch(link, &err);
}

/* Has the container `ended`, a link that has ended, and could its monitor tell anything yet? Where
 * it could not, the link is taken away: what the journal has by now may be of the next run, which
 * has a monitor and a link of its own. */
static bool expects_more(struct bt_container *c, struct bt_link *ended)
{
	bool current, more;

	pthread_mutex_lock(&c->lock);
	current = c->link == ended;
	more = bt_container_is_alive(c) || c->state.pid > 0;
	if (current && !more)
		c->link = NULL;
	pthread_mutex_unlock(&c->lock);
	if (current && !more)
		bt_link_unref(ended);
	return current && more;
}

/* The container's link has ended, and more is expected. Returns whether it is renewed, or taken
 * away since its monitor has died; if not, somebody is short of memory or descriptors. */
static bool renew(struct bt_container *c)
{
	int r = connect_again(c);

	if (r == -ENOENT || r == -ECONNREFUSED) {
		relink(c, NULL);
		c->engine->links->events->gone(c);
		return true;
	}
	return r == 0;
}

static bool is_stopping(struct bt_links *links)
{
	bt_auto_lock(held, &links->lock);

	return links->stopping;
}

static bool has_lost_its_link(struct bt_container *c)
{
	bt_auto_link struct bt_link *link = bt_link_get(c);

	return link && bt_client_is_gone(link->client) && expects_more(c, link);
}

/* By the second thread. Its next daemon reaches the monitor, where this one no longer can. */
static void try_again(struct bt_container *c)
{
	if (is_stopping(c->engine->links)) {
		relink(c, NULL);
		return;
	}
	nanosleep(&(struct timespec){ .tv_nsec = AGAIN_MS * 1000000L }, NULL);
	if (has_lost_its_link(c) && !renew(c))
		bt_links_later(c, try_again);
}

/* A newer one may have come already. Whoever waits for an answer finds the new one, or none. */
static void end(struct bt_link *link)
{
	bool more = expects_more(link->container, link);
	bool renewed = more && link->heard && renew(link->container);

	bt_client_hangup(link->client);
	if (more && !renewed)
		bt_links_later(link->container, try_again);
	bt_link_unref(link);
}

static void handle(struct bt_links *links, struct bt_link *link)
{
	int r = bt_client_dispatch(link->client);

	if (r > 0) {
		link->heard = true;
		return;
	}
	(void)epoll_ctl(links->epoll_fd, EPOLL_CTL_DEL, bt_client_fd(link->client), NULL);
	forget(links, link);
	end(link);
}

static void *watch_all(void *data)
{
	struct bt_links *links = data;
	struct epoll_event events[EVENTS_AT_ONCE];

	for (;;) {
		int n = epoll_wait(links->epoll_fd, events, EVENTS_AT_ONCE, -1);

		if (n < 0 && errno != EINTR)
			bt_log_error("wait for monitors: %s", strerror(errno));
		for (int i = 0; i < n; i++) {
			if (!events[i].data.ptr)
				return NULL;
			handle(links, events[i].data.ptr);
		}
	}
}

static void *work_all(void *data)
{
	struct bt_links *links = data;

	pthread_mutex_lock(&links->lock);
	for (;;) {
		struct job *job;

		while (bt_list_empty(&links->jobs) && !links->stopping)
			pthread_cond_wait(&links->work, &links->lock);
		if (bt_list_empty(&links->jobs))
			break;
		job = bt_list_entry(links->jobs.next, struct job, link);
		bt_list_remove(&job->link);
		pthread_mutex_unlock(&links->lock);
		job->fn(job->container);
		bt_container_unref(job->container);
		free(job);
		pthread_mutex_lock(&links->lock);
	}
	pthread_mutex_unlock(&links->lock);
	return NULL;
}

void bt_links_later(struct bt_container *c, void (*fn)(struct bt_container *container))
{
	struct bt_links *links = c->engine->links;
	struct job *job = calloc(1, sizeof(*job));

	if (!job) {
		bt_log_error("container %.12s: no memory for what is left to do", c->id);
		return;
	}
	job->container = bt_container_ref(c);
	job->fn = fn;
	pthread_mutex_lock(&links->lock);
	bt_list_append(&links->jobs, &job->link);
	pthread_cond_signal(&links->work);
	pthread_mutex_unlock(&links->lock);
}

static int start_threads(struct bt_links *links)
{
	int r = bt_thread_start(&links->watcher, STACK_SIZE, watch_all, links);

	if (r < 0)
		return r;
	r = bt_thread_start(&links->worker, STACK_SIZE, work_all, links);
	if (r < 0) {
		(void)eventfd_write(links->stop_fd, 1);
		pthread_join(links->watcher, NULL);
	}
	return r;
}

int bt_links_open(const struct bt_links_events *events, struct bt_links **ret, struct bt_err *err)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };
	struct bt_links *links = calloc(1, sizeof(*links));
	int r = 0;

	if (!links)
		return bt_err_sys(err, -ENOMEM, "watch monitors");
	links->events = events;
	pthread_mutex_init(&links->lock, NULL);
	pthread_cond_init(&links->work, NULL);
	bt_list_init(&links->jobs);
	bt_list_init(&links->watched);
	links->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	links->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (links->epoll_fd < 0 || links->stop_fd < 0 ||
	    epoll_ctl(links->epoll_fd, EPOLL_CTL_ADD, links->stop_fd, &ev) < 0)
		r = -errno;
	if (r == 0)
		r = start_threads(links);
	if (r < 0) {
		bt_close(&links->epoll_fd);
		bt_close(&links->stop_fd);
		free(links);
		return bt_err_sys(err, r, "watch monitors");
	}
	*ret = links;
	return 0;
}

void bt_links_close(struct bt_links *links)
{
	if (!links)
		return;
	/* The second thread does what the first one leaves. */
	(void)eventfd_write(links->stop_fd, 1);
	pthread_join(links->watcher, NULL);
	pthread_mutex_lock(&links->lock);
	links->stopping = true;
	pthread_cond_signal(&links->work);
	pthread_mutex_unlock(&links->lock);
	pthread_join(links->worker, NULL);
	/* The watcher's references, and those of the containers, which hold one another. */
	bt_list_foreach (it, &links->watched) {
		struct bt_link *link = bt_list_entry(it, struct bt_link, watched);

		bt_list_remove(&link->watched);
		if (link->container->link == link)
			relink(link->container, NULL);
		bt_link_unref(link);
	}
	bt_close(&links->epoll_fd);
	bt_close(&links->stop_fd);
	pthread_cond_destroy(&links->work);
	pthread_mutex_destroy(&links->lock);
	free(links);
}
