/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_LINK_FIXTURE_H
#define BT_TESTS_LINK_FIXTURE_H

/*
 * Monitors that a test plays, where the engine looks for them, and what it makes of
 * what they say. settle() and work_is_done() wait for its two threads.
 */

#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/sock.h"
#include "engine/container_files.h"
#include "engine/monitor_link.h"
#include "monitor/message.h"
#include "stores_fixture.h"

/** What the engine has heard of. */
static struct {
	atomic_int behind, gone, ooms;
	atomic_bool refuses; /* to store a record */
} heard;

/* Another container's monitor, for settle(). */
struct beside {
	struct bt_container *c;
	int listener, monitor;
};

static struct bt_container *web;
static struct beside beside[2];
static sem_t restarted, worked;

static inline bool hear_record(struct bt_container *c, const struct bt_journal_record *record)
{
	(void)c;
	(void)record;
	return !atomic_load(&heard.refuses);
}

static inline void hear_oom(struct bt_container *c)
{
	(void)c;
	atomic_fetch_add(&heard.ooms, 1);
}

static inline void hear_detached(struct bt_container *c, const char *exec)
{
	(void)c;
	(void)exec;
}

static inline void hear_restarted(struct bt_container *c)
{
	(void)c;
	ck_assert_int_eq(sem_post(&restarted), 0);
}

static inline void hear_behind(struct bt_container *c, struct bt_client *client)
{
	(void)c;
	(void)client;
	atomic_fetch_add(&heard.behind, 1);
}

static inline void hear_gone(struct bt_container *c)
{
	(void)c;
	atomic_fetch_add(&heard.gone, 1);
}

static const struct bt_links_events hearing = {
	.record = hear_record,
	.oom = hear_oom,
	.detached = hear_detached,
	.restarted = hear_restarted,
	.behind = hear_behind,
	.gone = hear_gone,
};

/** Listen as the container's monitor does. */
static inline int play_monitor(const struct bt_container *c)
{
	bt_auto_free char *run_dir = bt_container_files_run_dir(&engine, c->id);
	bt_auto_free char *path = bt_str_format("%s/monitor.sock", run_dir);
	int fd;

	ck_assert_int_eq(bt_io_mkdir_p(run_dir, 0700), 0);
	fd = bt_sock_listen(path, SOCK_SEQPACKET, 0600);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/** A new link of the container's, which is watched; `*ret_monitor` is its monitor's end. The caller
 * drops the reference. */
static inline struct bt_link *link_to(struct bt_container *c, int listener, int *ret_monitor)
{
	struct bt_link *link = NULL;

	ck_well(bt_link_connect(c, &link, &err), &err);
	*ret_monitor = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(*ret_monitor, 0);
	ck_well(bt_link_watch(link, &err), &err);
	return link;
}

/** The monitor says something, in single quotes. */
static inline void say(int monitor, const char *text)
{
	json_auto_t *json = parse(text);

	ck_assert_int_eq(bt_message_send(monitor, json, NULL, 0), 0);
}

/** A spawner that has one monitor begin, which says this and then stays, or goes; in a thread of
 * its own. */
struct spawner {
	int fd;
	const char *answer; /* NULL: that it did */
	const char *says;
	bool goes;
	int control;   /* the monitor's end, unless it goes */
	json_t *asked; /* what it was asked for; owned */
	pthread_t thread;
};

static inline void *play_spawner(void *data)
{
	struct spawner *s = data;
	bt_auto_message struct bt_message asked = { 0 };

	ck_assert_int_eq(bt_message_recv(s->fd, 0, &asked), 1);
	s->asked = json_incref(asked.json);
	s->control = bt_message_take_fd(&asked, BT_PROTOCOL_FD_CONTROL);
	say(s->fd, s->answer ? s->answer : "{'ok':true,'pid':4242}");
	if (s->says)
		say(s->control, s->says);
	if (s->goes)
		bt_close(&s->control);
	return NULL;
}

static inline void set_status(struct bt_container *c, enum bt_container_status status)
{
	bt_auto_lock(held, &c->lock);

	c->state.status = status;
}

static inline void take_semaphore(sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0)
		ck_assert_int_eq(errno, EINTR);
}

/** The thread that waits for monitors has done with everything that was told before. It hears of
 * several at once, in an order of its own: who speaks after one of them was heard comes later. */
static inline void settle(void)
{
	for (size_t i = 0; i < LENGTH(beside); i++) {
		say(beside[i].monitor, "{'ev':'restarted','at':1}");
		take_semaphore(&restarted);
	}
}

static inline void note_work(struct bt_container *c)
{
	(void)c;
	ck_assert_int_eq(sem_post(&worked), 0);
}

/** The second thread has done all that it was given before. */
static inline void work_is_done(void)
{
	bt_links_later(beside[0].c, note_work);
	take_semaphore(&worked);
}

/** The engine has noticed that the link has ended, and done what it does at once. */
static inline void await_end(struct bt_link *link)
{
	while (!bt_client_is_gone(bt_link_client(link)))
		(void)usleep(1000);
	settle();
}

/** Is this the container's link? */
static inline bool has_link(struct bt_container *c, const struct bt_link *link)
{
	bt_auto_link struct bt_link *now = bt_link_get(c);

	return now == link;
}

static inline void setup_links(void)
{
	setup_stores();
	ck_assert_int_eq(sem_init(&restarted, 0, 0), 0);
	ck_assert_int_eq(sem_init(&worked, 0, 0), 0);
	ck_well(bt_links_open(&hearing, &engine.links, &err), &err);
	web = add_container("web", "{}");
	for (size_t i = 0; i < LENGTH(beside); i++) {
		beside[i].c = add_container(i == 0 ? "one" : "two", "{}");
		beside[i].listener = play_monitor(beside[i].c);
		bt_link_unref(link_to(beside[i].c, beside[i].listener, &beside[i].monitor));
	}
}

/* The threads ask the engine for them to the last. */
static inline void close_links(void)
{
	bt_links_close(engine.links);
	engine.links = NULL;
}

static inline void teardown_links(void)
{
	close_links();
	for (size_t i = 0; i < LENGTH(beside); i++) {
		bt_close(&beside[i].monitor);
		bt_close(&beside[i].listener);
	}
	teardown_stores();
}

#endif
