/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_clients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/lock.h"
#include "base/time.h"

/* A client that was told to come is here at once, unless its connection is stuck. */
#define ARRIVAL_SECONDS 5

struct client {
	struct bt_list link; /* in the container's `attached`; under its lock */
	struct bt_spawn_client how;
	char *keys;
	int sock;
};

static void free_client(struct client *client)
{
	bt_close(&client->sock);
	free(client->keys);
	free(client);
}

static unsigned count(const struct bt_container *c)
{
	unsigned n = 0;

	for (const struct bt_list *it = c->attached.next; it != &c->attached; it = it->next)
		n++;
	return n;
}

int bt_container_clients_add(struct bt_container *c, const struct bt_spawn_client *how, int sock,
			     int64_t *ret_since_ns, struct bt_err *err)
{
	struct client *client = calloc(1, sizeof(*client));
	bool full, running;

	if (!client) {
		bt_close(&sock);
		return bt_err_sys(err, -ENOMEM, "attach");
	}
	client->how = *how;
	client->sock = sock;
	client->keys = how->detach_keys ? strdup(how->detach_keys) : NULL;
	pthread_mutex_lock(&c->lock);
	running = bt_container_is_running(c);
	full = count(c) >= BT_CONTAINER_CLIENTS_MAX;
	if (!full && !running) {
		bt_list_append(&c->attached, &client->link);
		/* A start takes it under this lock, before anything speaks. */
		*ret_since_ns = bt_time_now_ns();
	}
	pthread_mutex_unlock(&c->lock);
	if (!full && !running)
		return 0;
	if (running)
		client->sock = -EBADF;
	free_client(client);
	if (running)
		return 1;
	return bt_err_set(err, BT_ERR_UNAVAILABLE, EAGAIN,
			  "too many clients wait for the start of container %.12s", c->id);
}

void bt_container_clients_expect(struct bt_container *c, struct bt_container_arrival *arrival)
{
	bt_auto_lock(held, &c->lock);

	arrival->number = ++c->arrivals;
	bt_list_append(&c->attaching, &arrival->link);
}

void bt_container_clients_arrived(struct bt_container *c, struct bt_container_arrival *arrival)
{
	bt_auto_lock(held, &c->lock);

	bt_list_remove(&arrival->link);
	pthread_cond_broadcast(&c->arrived);
}

/* Is one expected of the first `last`? Under lock. */
static bool is_expected(struct bt_container *c, uint64_t last)
{
	struct bt_list *first = c->attaching.next;

	return first != &c->attaching &&
	       bt_list_entry(first, struct bt_container_arrival, link)->number <= last;
}

bool bt_container_clients_await(struct bt_container *c)
{
	struct timespec until = bt_lock_time_in(ARRIVAL_SECONDS);
	uint64_t last;
	int r = 0;

	bt_auto_lock(held, &c->lock);
	last = c->arrivals;
	while (is_expected(c, last) && r == 0)
		r = pthread_cond_timedwait(&c->arrived, &c->lock, &until);
	return !is_expected(c, last);
}

/* The whole list becomes the caller's. */
static void steal(struct bt_container *c, struct bt_list *ret)
{
	bt_list_init(ret);
	bt_auto_lock(held, &c->lock);
	bt_list_foreach (it, &c->attached) {
		bt_list_remove(it);
		bt_list_append(ret, it);
	}
}

void bt_container_clients_take(struct bt_container *c, const char *detach_keys,
			       struct bt_container_clients *ret)
{
	struct bt_list all;

	bt_container_clients_await(c);
	steal(c, &all);
	bt_list_foreach (it, &all) {
		struct client *client = bt_list_entry(it, struct client, link);
		unsigned i = ret->n++;

		if (!client->keys && detach_keys && detach_keys[0])
			client->keys = strdup(detach_keys);
		ret->how[i] = client->how;
		ret->keys[i] = bt_take(client->keys);
		ret->how[i].detach_keys = ret->keys[i];
		ret->fds[i] = bt_take_fd(&client->sock);
		bt_list_remove(it);
		free_client(client);
	}
}

void bt_container_clients_done(struct bt_container_clients *clients)
{
	for (unsigned i = 0; i < clients->n; i++) {
		bt_close(&clients->fds[i]);
		free(clients->keys[i]);
	}
	clients->n = 0;
}

void bt_container_clients_drop(struct bt_container *c)
{
	struct bt_list all;

	steal(c, &all);
	bt_list_foreach (it, &all) {
		bt_list_remove(it);
		free_client(bt_list_entry(it, struct client, link));
	}
}
