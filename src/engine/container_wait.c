/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_wait.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/auto.h"
#include "codec/json.h"
#include "engine/container_waiter.h"
#include "engine/engine_private.h"

/* Beside those of the API. */
#define WAIT_RESTARTED 100
#define WAIT_TOLD      101

struct bt_container_wait {
	struct bt_list link; /* in the container's waiters; under its lock */
	struct bt_container *container;
	int condition; /* enum bt_wait_condition, or one of the above */
	unsigned seen; /* ends that had been when it began */
	int fd;
	bool over;
	int code;
	char *error;
};

/* Under the container's lock. */
static void finish(struct bt_container_wait *wait)
{
	const struct bt_container_state *s = &wait->container->state;

	wait->over = true;
	wait->code = s->exit_code;
	wait->error = s->error ? strdup(s->error) : NULL;
	bt_list_remove(&wait->link);
	(void)eventfd_write(wait->fd, 1);
}

static bool over_already(const struct bt_container *c, int condition)
{
	switch (condition) {
	case BT_WAIT_NOT_RUNNING:
		return !c->ending && c->state.pid == 0 &&
		       c->state.status != BT_CONTAINER_RESTARTING;
	case BT_WAIT_REMOVED:
		return c->removed;
	case WAIT_TOLD:
		return !c->ending;
	default:
		return false;
	}
}

static struct bt_container_wait *new_wait(struct bt_container *c, int condition)
{
	struct bt_container_wait *wait = calloc(1, sizeof(*wait));

	if (!wait)
		return NULL;
	bt_list_init(&wait->link);
	wait->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wait->fd < 0) {
		free(wait);
		return NULL;
	}
	wait->container = bt_container_ref(c);
	wait->condition = condition;
	pthread_mutex_lock(&c->lock);
	wait->seen = c->ends;
	if (over_already(c, condition))
		finish(wait);
	else
		bt_list_append(&c->waiters, &wait->link);
	pthread_mutex_unlock(&c->lock);
	return wait;
}

int bt_container_wait_open(struct bt_engine *engine, const char *ref,
			   enum bt_wait_condition condition, struct bt_container_wait **ret,
			   struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	struct bt_container_wait *wait;
	int r = bt_container_get(engine, ref, &c, err);

	if (r < 0)
		return r;
	wait = new_wait(c, (int)condition);
	if (!wait)
		return bt_err_sys(err, errno ? -errno : -ENOMEM, "wait for container");
	*ret = wait;
	return 0;
}

int bt_container_wait_fd(const struct bt_container_wait *wait)
{
	return wait->fd;
}

bool bt_container_wait_over(struct bt_container_wait *wait)
{
	bt_auto_lock(held, &wait->container->lock);

	return wait->over;
}

int bt_container_wait_result(struct bt_container_wait *wait, json_t **ret, struct bt_err *err)
{
	json_t *answer;

	pthread_mutex_lock(&wait->container->lock);
	answer = json_pack("{s:i}", "StatusCode", wait->code);
	if (wait->error)
		json_object_set_new(answer, "Error",
				    json_pack("{s:o}", "Message", bt_json_text(wait->error)));
	pthread_mutex_unlock(&wait->container->lock);
	if (!answer)
		return bt_err_sys(err, -ENOMEM, "wait for container");
	*ret = answer;
	return 0;
}

void bt_container_wait_close(struct bt_container_wait *wait)
{
	if (!wait)
		return;
	pthread_mutex_lock(&wait->container->lock);
	bt_list_remove(&wait->link);
	pthread_mutex_unlock(&wait->container->lock);
	bt_container_unref(wait->container);
	bt_close(&wait->fd);
	free(wait->error);
	free(wait);
}

/* What wakes whom. */
enum wake {
	WAKE_EXIT,
	WAKE_RESTARTED,
	WAKE_REMOVED
};

/* An end is told some time after it is known. Who began to wait for the next one in between means
 * another. */
static bool concerns(enum wake why, const struct bt_container_wait *wait)
{
	if (why == WAKE_REMOVED)
		return true;
	if (wait->condition == WAIT_RESTARTED)
		return why == WAKE_RESTARTED;
	if (why != WAKE_EXIT || wait->condition == BT_WAIT_REMOVED)
		return false;
	return wait->condition != BT_WAIT_NEXT_EXIT || wait->seen != wait->container->ends;
}

static void wake(struct bt_container *c, enum wake why)
{
	bt_auto_lock(held, &c->lock);

	if (why == WAKE_EXIT)
		c->ending = false;
	bt_list_foreach (it, &c->waiters) {
		struct bt_container_wait *wait = bt_list_entry(it, struct bt_container_wait, link);

		if (concerns(why, wait))
			finish(wait);
	}
}

void bt_container_waiters_exit(struct bt_container *c)
{
	wake(c, WAKE_EXIT);
}

void bt_container_waiters_give_up(struct bt_container *c)
{
	pthread_mutex_lock(&c->lock);
	c->ends++;
	pthread_mutex_unlock(&c->lock);
	wake(c, WAKE_EXIT);
}

void bt_container_waiters_restarted(struct bt_container *c)
{
	wake(c, WAKE_RESTARTED);
}

void bt_container_waiters_removed(struct bt_container *c)
{
	wake(c, WAKE_REMOVED);
}

static int poll_wait(const struct bt_container_wait *wait, int timeout_ms)
{
	struct pollfd pfd = { .fd = wait->fd, .events = POLLIN };
	int n;

	do
		n = poll(&pfd, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n;
}

struct bt_container_wait *bt_container_wait_restart_open(struct bt_container *c)
{
	return new_wait(c, WAIT_RESTARTED);
}

int bt_container_wait_restart(struct bt_container_wait *wait, struct bt_err *err)
{
	(void)poll_wait(wait, -1);
	bt_auto_lock(held, &wait->container->lock);
	if (bt_container_is_running(wait->container) || !wait->error)
		return 0;
	return bt_err_set(err, BT_ERR_SYSTEM, EIO, "%s", wait->error);
}

static bool is_ending(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return c->ending;
}

int bt_container_wait_told(struct bt_container *c, struct bt_err *err)
{
	struct bt_container_wait *wait;

	if (!is_ending(c))
		return 0;
	wait = new_wait(c, WAIT_TOLD);
	if (!wait)
		return bt_err_sys(err, -ENOMEM, "wait for container");
	(void)poll_wait(wait, -1);
	bt_container_wait_close(wait);
	return 0;
}

int bt_container_wait_stopped(struct bt_container *c, int timeout_ms, struct bt_err *err)
{
	struct bt_container_wait *wait = new_wait(c, BT_WAIT_NOT_RUNNING);
	int n;

	if (!wait)
		return bt_err_sys(err, -ENOMEM, "wait for container");
	n = poll_wait(wait, timeout_ms);
	bt_container_wait_close(wait);
	return n > 0;
}
