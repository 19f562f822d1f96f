/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/thread.h"
#include "engine/network_lease.h"

/* A network begins with few ready ones, and gets more each time that they ran out. */
#define TARGET_FIRST 2u
#define TARGET_MAX   16u
#define STACK_SIZE   (128u << 10)
/* After a failure, which is reported where somebody waits for the result, not here. */
#define RETRY_SECONDS 5

struct ready {
	int fd;
	struct bt_network_lease lease;
};

struct shelf {
	struct bt_list link;
	struct bt_network *net;
	unsigned target, n;
	bool making;  /* one is being made, without the lock */
	bool awaited; /* somebody waits for that one */
	struct ready ready[TARGET_MAX];
};

struct bt_network_pool {
	struct bt_networks *nets;
	pthread_t thread;
	pthread_cond_t changed; /* with the networks' lock: work to do, or one was made */
	struct bt_list shelves; /* struct shelf */
	bool stopping;
	bool failed; /* the last attempt */
};

static struct shelf *find(struct bt_network_pool *pool, const struct bt_network *net)
{
	bt_list_foreach (it, &pool->shelves) {
		struct shelf *s = bt_list_entry(it, struct shelf, link);

		if (s->net == net)
			return s;
	}
	return NULL;
}

static struct shelf *find_unfilled(struct bt_network_pool *pool)
{
	bt_list_foreach (it, &pool->shelves) {
		struct shelf *s = bt_list_entry(it, struct shelf, link);

		if (s->n < s->target)
			return s;
	}
	return NULL;
}

static bool nothing_is_taken(const char *name, const void *arg)
{
	(void)name;
	(void)arg;
	return false;
}

/* Under lock, which is given up while the kernel works. */
static int make_one(struct bt_network_pool *pool, struct shelf *s)
{
	struct bt_network_lease lease = { 0 };
	struct bt_sandbox_port port;
	struct bt_err err;
	const bool has_port = s->net->driver == BT_NETWORK_DRIVER_BRIDGE;
	int r = bt_network_lease_take(s->net, NULL, &lease, &err);

	if (r == 0 && has_port)
		r = bt_network_lease_name(&lease, NULL, nothing_is_taken, NULL, &err);
	if (r < 0) {
		bt_network_lease_give(&lease);
		return r;
	}
	if (has_port)
		bt_network_lease_port(&lease, NULL, true, &port);
	s->making = true;
	pthread_mutex_unlock(&pool->nets->lock);
	r = bt_sandbox_create(pool->nets->thread, pool->nets->owner, has_port ? &port : NULL,
			      has_port, &err);
	pthread_mutex_lock(&pool->nets->lock);
	s->making = false;
	if (r < 0)
		bt_network_lease_give(&lease);
	else
		s->ready[s->n++] = (struct ready){ .fd = r, .lease = lease };
	pthread_cond_broadcast(&pool->changed);
	return r;
}

static void wait_for_work(struct bt_network_pool *pool)
{
	struct timespec until = bt_lock_time_in(RETRY_SECONDS);

	if (!pool->failed) {
		pthread_cond_wait(&pool->changed, &pool->nets->lock);
		return;
	}
	(void)pthread_cond_timedwait(&pool->changed, &pool->nets->lock, &until);
	pool->failed = false;
}

static void *work(void *arg)
{
	struct bt_network_pool *pool = arg;

	pthread_mutex_lock(&pool->nets->lock);
	while (!pool->stopping) {
		struct shelf *s = pool->failed ? NULL : find_unfilled(pool);

		if (!s) {
			wait_for_work(pool);
			continue;
		}
		pool->failed = make_one(pool, s) < 0;
		/* One that has no addresses left does not keep the others waiting. */
		if (pool->failed) {
			bt_list_remove(&s->link);
			bt_list_append(&pool->shelves, &s->link);
		}
	}
	pthread_mutex_unlock(&pool->nets->lock);
	return NULL;
}

int bt_network_pool_start(struct bt_networks *nets, struct bt_network_pool **ret,
			  struct bt_err *err)
{
	struct bt_network_pool *pool = calloc(1, sizeof(*pool));
	int r;

	if (!pool)
		return bt_err_sys(err, -ENOMEM, "start the pool of network namespaces");
	pool->nets = nets;
	bt_list_init(&pool->shelves);
	bt_lock_init_condition(&pool->changed);
	r = bt_thread_start(&pool->thread, STACK_SIZE, work, pool);
	if (r < 0) {
		pthread_cond_destroy(&pool->changed);
		free(pool);
		return bt_err_sys(err, r, "start the pool of network namespaces");
	}
	*ret = pool;
	return 0;
}

static void drop_shelf(struct shelf *s)
{
	while (s->n > 0) {
		s->n--;
		bt_close(&s->ready[s->n].fd);
		bt_network_lease_give(&s->ready[s->n].lease);
	}
	bt_list_remove(&s->link);
	free(s);
}

void bt_network_pool_stop(struct bt_network_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->nets->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->changed);
	pthread_mutex_unlock(&pool->nets->lock);
	pthread_join(pool->thread, NULL);
	bt_list_foreach (it, &pool->shelves)
		drop_shelf(bt_list_entry(it, struct shelf, link));
	pthread_cond_destroy(&pool->changed);
	free(pool);
}

void bt_network_pool_want(struct bt_network_pool *pool, struct bt_network *net)
{
	struct shelf *s = find(pool, net);

	if (!s) {
		s = calloc(1, sizeof(*s));
		/* Without memory starts are slower, that is all. */
		if (!s)
			return;
		s->net = net;
		s->target = TARGET_FIRST;
		bt_list_append(&pool->shelves, &s->link);
	}
	pthread_cond_broadcast(&pool->changed);
}

/* The one with the lowest address: what clients expect to see first. */
static unsigned lowest(const struct shelf *s)
{
	unsigned at = 0;

	for (unsigned i = 1; i < s->n; i++)
		if (s->ready[i].lease.index4 < s->ready[at].lease.index4)
			at = i;
	return at;
}

int bt_network_pool_take(struct bt_network_pool *pool, struct bt_network *net,
			 struct bt_network_lease *ret)
{
	struct shelf *s = find(pool, net);
	struct ready taken;
	unsigned at;

	/* The one that is being made is ready before a new one could be. */
	if (s && s->n == 0 && s->making && !s->awaited) {
		s->awaited = true;
		while (s->making)
			pthread_cond_wait(&pool->changed, &pool->nets->lock);
		s->awaited = false;
		pthread_cond_broadcast(&pool->changed);
	}
	if (!s || s->n == 0) {
		if (s && s->target < TARGET_MAX)
			s->target *= 2;
		bt_network_pool_want(pool, net);
		return -ENOENT;
	}
	at = lowest(s);
	taken = s->ready[at];
	s->ready[at] = s->ready[--s->n];
	pthread_cond_broadcast(&pool->changed);
	*ret = taken.lease;
	return taken.fd;
}

unsigned bt_network_pool_count(struct bt_network_pool *pool, const struct bt_network *net)
{
	const struct shelf *s = find(pool, net);

	return s ? s->n + s->making : 0;
}

bool bt_network_pool_is_used(struct bt_network_pool *pool, const struct bt_network *net)
{
	return net->leases != bt_network_pool_count(pool, net);
}

void bt_network_pool_drop(struct bt_network_pool *pool, struct bt_network *net)
{
	struct shelf *s = find(pool, net);

	if (!s)
		return;
	s->target = 0;
	while (s->making || s->awaited)
		pthread_cond_wait(&pool->changed, &pool->nets->lock);
	drop_shelf(s);
}
