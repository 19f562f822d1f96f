/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/events.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include "base/auto.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/engine_private.h"
#include "engine/events_private.h"
#include "engine/jget.h"

/* As many past events are kept as Docker keeps. */
#define RING_SIZE 256
/* A follower that is further behind loses the oldest. */
#define QUEUE_MAX 4096

struct event {
	atomic_uint refs;
	int64_t at_ns;
	char text[]; /* JSON with "\n" */
};

struct queued {
	struct bt_list link;
	struct event *event;
};

struct bt_events_follower {
	struct bt_events *events;
	struct bt_list link; /* in bt_events.followers */
	const struct bt_filters *filters;
	int64_t until_ns;
	int event_fd, timer_fd, fd;
	struct bt_list queue;
	size_t queued, lost;
};

struct bt_events {
	pthread_mutex_t lock;
	struct event *ring[RING_SIZE];
	json_t *parsed[RING_SIZE]; /* the same as trees, for filters */
	size_t next;
	struct bt_list followers;
};

static void event_unref(struct event *event)
{
	if (event && atomic_fetch_sub(&event->refs, 1) == 1)
		free(event);
}

struct bt_events *bt_events_create(void)
{
	struct bt_events *events = calloc(1, sizeof(*events));

	if (!events)
		return NULL;
	pthread_mutex_init(&events->lock, NULL);
	bt_list_init(&events->followers);
	return events;
}

void bt_events_destroy(struct bt_events *events)
{
	if (!events)
		return;
	for (size_t i = 0; i < RING_SIZE; i++) {
		event_unref(events->ring[i]);
		json_decref(events->parsed[i]);
	}
	pthread_mutex_destroy(&events->lock);
	free(events);
}

/* Docker's message, with the members that API versions before 1.22 know for containers and
 * images. */
static json_t *make_message(const char *type, const char *action, const char *id,
			    json_t *attributes, int64_t now)
{
	bool container = strcmp(type, "container") == 0;
	json_t *out = json_object();

	if (container || strcmp(type, "image") == 0) {
		json_object_set_new(out, "status", json_string(action));
		json_object_set_new(out, "id", json_string(id));
	}
	if (container)
		json_object_set_new(out, "from", json_string(bt_jget_text(attributes, "image")));
	json_object_set_new(out, "Type", json_string(type));
	json_object_set_new(out, "Action", json_string(action));
	json_object_set_new(out, "Actor",
			    json_pack("{s:s,s:o}", "ID", id, "Attributes",
				      attributes ? attributes : json_object()));
	json_object_set_new(out, "scope", json_string("local"));
	json_object_set_new(out, "time", json_integer(now / BT_TIME_NSEC_PER_SEC));
	json_object_set_new(out, "timeNano", json_integer(now));
	return out;
}

static struct event *make_event(const json_t *message, int64_t now)
{
	bt_auto_free char *text = bt_jget_dump(message);
	size_t len = text ? strlen(text) : 0;
	struct event *event = text ? calloc(1, sizeof(*event) + len + 2) : NULL;

	if (!event)
		return NULL;
	atomic_init(&event->refs, 1);
	event->at_ns = now;
	memcpy(event->text, text, len);
	event->text[len] = '\n';
	return event;
}

/* Under the lock. */
static void enqueue(struct bt_events_follower *f, struct event *event)
{
	struct queued *q;

	if (f->queued == QUEUE_MAX) {
		q = bt_list_entry(f->queue.next, struct queued, link);
		bt_list_remove(&q->link);
		event_unref(q->event);
		f->lost++;
	} else {
		q = calloc(1, sizeof(*q));
		if (!q) {
			f->lost++;
			return;
		}
		f->queued++;
	}
	atomic_fetch_add(&event->refs, 1);
	q->event = event;
	bt_list_append(&f->queue, &q->link);
	(void)eventfd_write(f->event_fd, 1);
}

void bt_events_emit(struct bt_engine *engine, const char *type, const char *action, const char *id,
		    json_t *attributes)
{
	bt_events_emit_at(engine, type, action, id, attributes, bt_time_now_ns());
}

void bt_events_emit_at(struct bt_engine *engine, const char *type, const char *action,
		       const char *id, json_t *attributes, int64_t at_ns)
{
	struct bt_events *events = engine->events;
	json_t *message = make_message(type, action, id, attributes, at_ns);
	struct event *event = make_event(message, at_ns);

	if (!event) {
		bt_log_error("no memory for the event %s %s", type, action);
		json_decref(message);
		return;
	}
	bt_auto_lock(held, &events->lock);
	event_unref(events->ring[events->next]);
	json_decref(events->parsed[events->next]);
	events->ring[events->next] = event;
	events->parsed[events->next] = message;
	events->next = (events->next + 1) % RING_SIZE;
	bt_list_foreach (it, &events->followers) {
		struct bt_events_follower *f = bt_list_entry(it, struct bt_events_follower, link);

		if (bt_events_match(f->filters, message))
			enqueue(f, event);
	}
}

void bt_events_emit_prune(struct bt_engine *engine, const char *type, int64_t reclaimed)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, reclaimed);
	bt_events_emit(engine, type, "prune", "", json_pack("{s:s}", "reclaimed", text));
}

/* Under the lock: what happened since. */
static void replay(struct bt_events *events, struct bt_events_follower *f, int64_t since_ns)
{
	for (size_t i = 0; i < RING_SIZE; i++) {
		size_t at = (events->next + i) % RING_SIZE;
		struct event *event = events->ring[at];

		if (event && event->at_ns >= since_ns &&
		    (f->until_ns == 0 || event->at_ns <= f->until_ns) &&
		    bt_events_match(f->filters, events->parsed[at]))
			enqueue(f, event);
	}
}

static int add_fd(int epoll_fd, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

/* With an end, the descriptor must also become readable then. */
static int open_fds(struct bt_events_follower *f)
{
	struct itimerspec at = { .it_value = { .tv_sec = f->until_ns / BT_TIME_NSEC_PER_SEC,
					       .tv_nsec = f->until_ns % BT_TIME_NSEC_PER_SEC } };
	int r;

	f->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (f->event_fd < 0)
		return -errno;
	if (f->until_ns == 0)
		return 0;
	f->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (f->timer_fd < 0 || timerfd_settime(f->timer_fd, TFD_TIMER_ABSTIME, &at, NULL) < 0)
		return -errno;
	f->fd = epoll_create1(EPOLL_CLOEXEC);
	if (f->fd < 0)
		return -errno;
	r = add_fd(f->fd, f->event_fd);
	return r < 0 ? r : add_fd(f->fd, f->timer_fd);
}

int bt_events_follow(struct bt_engine *engine, int64_t since_ns, int64_t until_ns,
		     const struct bt_filters *filters, struct bt_events_follower **ret,
		     struct bt_err *err)
{
	struct bt_events_follower *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return bt_err_sys(err, -ENOMEM, "follow events");
	f->events = engine->events;
	f->filters = filters;
	f->until_ns = until_ns;
	f->event_fd = f->timer_fd = f->fd = -EBADF;
	bt_list_init(&f->queue);
	bt_list_init(&f->link);
	r = open_fds(f);
	if (r < 0) {
		bt_events_close(f);
		return bt_err_sys(err, r, "follow events");
	}
	bt_auto_lock(held, &engine->events->lock);
	bt_list_append(&engine->events->followers, &f->link);
	/* Who names an end alone is told what was before, too, as by Docker. */
	if (since_ns > 0 || until_ns > 0)
		replay(engine->events, f, since_ns);
	*ret = f;
	return 0;
}

int bt_events_followers(const struct bt_engine *engine)
{
	int n = 0;

	bt_auto_lock(held, &engine->events->lock);
	bt_list_foreach (it, &engine->events->followers)
		n++;
	return n;
}

int bt_events_fd(const struct bt_events_follower *f)
{
	return f->fd >= 0 ? f->fd : f->event_fd;
}

/* One line in the place of those that are lost. */
static int tell_lost(struct bt_events_follower *f, char **ret)
{
	char count[24];
	json_auto_t *message = NULL;
	bt_auto_free char *text = NULL;

	snprintf(count, sizeof(count), "%zu", f->lost);
	message = make_message("daemon", "events-lost", "", json_pack("{s:s}", "count", count),
			       bt_time_now_ns());
	text = bt_jget_dump(message);
	*ret = text ? bt_str_format("%s\n", text) : NULL;
	f->lost = 0;
	return *ret ? 1 : -ENOMEM;
}

int bt_events_next(struct bt_events_follower *f, char **ret)
{
	struct queued *q;
	eventfd_t ignored;

	bt_auto_lock(held, &f->events->lock);
	if (f->lost > 0)
		return tell_lost(f, ret);
	if (bt_list_empty(&f->queue)) {
		(void)eventfd_read(f->event_fd, &ignored);
		return f->until_ns != 0 && bt_time_now_ns() >= f->until_ns ? -ENODATA : 0;
	}
	q = bt_list_entry(f->queue.next, struct queued, link);
	*ret = strdup(q->event->text);
	if (!*ret)
		return -ENOMEM;
	bt_list_remove(&q->link);
	f->queued--;
	event_unref(q->event);
	free(q);
	return 1;
}

void bt_events_close(struct bt_events_follower *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->events->lock);
	bt_list_remove(&f->link);
	pthread_mutex_unlock(&f->events->lock);
	bt_list_foreach (it, &f->queue) {
		struct queued *q = bt_list_entry(it, struct queued, link);

		event_unref(q->event);
		free(q);
	}
	bt_close(&f->fd);
	bt_close(&f->timer_fd);
	bt_close(&f->event_fd);
	free(f);
}
