/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_logs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/time.h"
#include "engine/container_files.h"
#include "engine/container_row.h"
#include "engine/container_wait.h"
#include "engine/container_waiter.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "logs/reader.h"

struct bt_container_logs {
	struct bt_container *container;
	struct bt_reader *reader;
	struct bt_container_wait *wait; /* following: for its end */
	int fd;                         /* epoll over all, or -EBADF */
	int timer;                      /* following until a time: readable then, or -EBADF */
};

static bool is_running(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return bt_container_is_running(c) || c->state.status == BT_CONTAINER_RESTARTING;
}

static int watch(const struct bt_container_logs *logs, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(logs->fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

/* Know when the container ends; one that does not run has nothing more to say. */
static int arm(struct bt_container_logs *logs, struct bt_err *err)
{
	int r;

	bt_container_wait_close(bt_take(logs->wait));
	if (!is_running(logs->container)) {
		bt_reader_finish(logs->reader);
		return 0;
	}
	r = bt_container_wait_open(logs->container->engine, logs->container->id,
				   BT_WAIT_NOT_RUNNING, &logs->wait, err);
	if (r < 0)
		return r;
	r = watch(logs, bt_container_wait_fd(logs->wait));
	return r < 0 ? bt_err_sys(err, r, "follow the log") : 0;
}

/* What is asked for until a time ends then, also where nothing more is said. */
static int end_at(struct bt_container_logs *logs, int64_t until_ns)
{
	const struct itimerspec at = { .it_value = { .tv_sec = until_ns / BT_TIME_NSEC_PER_SEC,
						     .tv_nsec = until_ns % BT_TIME_NSEC_PER_SEC } };

	logs->timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (logs->timer < 0 || timerfd_settime(logs->timer, TFD_TIMER_ABSTIME, &at, NULL) < 0)
		return -errno;
	return watch(logs, logs->timer);
}

static int follow(struct bt_container_logs *logs, int64_t until_ns, struct bt_err *err)
{
	int r;

	logs->fd = epoll_create1(EPOLL_CLOEXEC);
	if (logs->fd < 0)
		return bt_err_sys(err, -errno, "follow the log");
	r = watch(logs, bt_reader_fd(logs->reader));
	if (r == 0 && until_ns > 0)
		r = end_at(logs, until_ns);
	if (r < 0)
		return bt_err_sys(err, r, "follow the log");
	return arm(logs, err);
}

static int check_driver(const struct bt_container *c, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	int r = bt_container_row_settings(c, &s, err);

	if (r < 0)
		return r;
	if (strcmp(bt_jget_text(json_object_get(s.host_config, "LogConfig"), "Type"), "none") == 0)
		return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOSYS,
				  "configured logging driver does not support reading");
	return 0;
}

static int open_reader(struct bt_container_logs *logs, const struct bt_logs_options *opt,
		       struct bt_err *err)
{
	const struct bt_container *c = logs->container;
	bt_auto_free char *path = bt_container_files_log(c->engine, c->id);
	const struct bt_reader_options reader = { .path = path,
						  .out = opt->out,
						  .err = opt->err,
						  .mux = !c->tty,
						  .timestamps = opt->timestamps,
						  .details = opt->details,
						  .follow = opt->follow,
						  .since_ns = opt->since_ns,
						  .until_ns = opt->until_ns,
						  .tail = opt->tail };
	int r;

	if (!path)
		return bt_err_sys(err, -ENOMEM, "read the log");
	r = bt_reader_open(&reader, &logs->reader, err);
	if (r < 0)
		return r;
	return opt->follow ? follow(logs, opt->until_ns, err) : 0;
}

int bt_container_logs_open(struct bt_engine *engine, const char *ref,
			   const struct bt_logs_options *opt, bool *ret_tty,
			   struct bt_container_logs **ret, struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	struct bt_container_logs *logs;
	int r = bt_container_get(engine, ref, &c, err);

	if (r == 0)
		r = check_driver(c, err);
	if (r < 0)
		return r;
	logs = calloc(1, sizeof(*logs));
	if (!logs)
		return bt_err_sys(err, -ENOMEM, "read the log");
	logs->container = bt_container_ref(c);
	logs->fd = logs->timer = -EBADF;
	r = open_reader(logs, opt, err);
	if (r < 0) {
		bt_container_logs_close(logs);
		return r;
	}
	*ret_tty = c->tty;
	*ret = logs;
	return 0;
}

/* The container ended, or is between two runs: look again. */
static void rearm_if_over(struct bt_container_logs *logs)
{
	if (logs->wait && bt_container_wait_over(logs->wait))
		(void)!arm(logs, BT_ERR_IGNORED);
}

ssize_t bt_container_logs_read(struct bt_container_logs *logs, char *buf, size_t size)
{
	uint64_t ticks;

	rearm_if_over(logs);
	if (logs->timer >= 0 && read(logs->timer, &ticks, sizeof(ticks)) > 0)
		bt_reader_finish(logs->reader);
	return bt_reader_read(logs->reader, buf, size);
}

int bt_container_logs_fd(const struct bt_container_logs *logs)
{
	return logs->fd >= 0 ? logs->fd : bt_reader_fd(logs->reader);
}

void bt_container_logs_close(struct bt_container_logs *logs)
{
	if (!logs)
		return;
	bt_container_wait_close(logs->wait);
	bt_reader_close(logs->reader);
	bt_close(&logs->fd);
	bt_close(&logs->timer);
	bt_container_unref(logs->container);
	free(logs);
}
