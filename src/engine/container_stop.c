/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_stop.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/time.h"
#include "codec/signal_name.h"
#include "engine/container_cgroup.h"
#include "engine/container_clients.h"
#include "engine/container_event.h"
#include "engine/container_row.h"
#include "engine/container_waiter.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/monitor_link.h"

#define DEFAULT_TIMEOUT 10

int bt_container_stop_signal(const json_t *config)
{
	int number = bt_signal_name_parse(bt_jget_text(config, "StopSignal"));

	return number > 0 ? number : SIGTERM;
}

int bt_container_stop_timeout(const json_t *config)
{
	int64_t seconds = bt_jget_int(config, "StopTimeout");

	if (!json_is_integer(json_object_get(config, "StopTimeout")))
		return DEFAULT_TIMEOUT;
	if (seconds < 0)
		return -1;
	return seconds < INT_MAX ? (int)seconds : INT_MAX;
}

int bt_container_stop_values(struct bt_container *c, const char *signal, int *timeout,
			     int *ret_signal, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	bool given = signal && signal[0];
	int number = given ? bt_signal_name_parse(signal) : 0, r;

	if (number < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid signal: %s", signal);
	if (!given || *timeout == INT_MIN) {
		r = bt_container_row_settings(c, &s, err);
		if (r < 0)
			return r;
	}
	*ret_signal = given ? number : bt_container_stop_signal(s.config);
	if (*timeout == INT_MIN)
		*timeout = bt_container_stop_timeout(s.config);
	return 0;
}

bool bt_container_stop_needed(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return bt_container_is_running(c) || c->state.status == BT_CONTAINER_RESTARTING;
}

bool bt_container_stop_waits(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return c->state.status == BT_CONTAINER_RESTARTING;
}

void bt_container_stop_thaw(struct bt_container *c, int signal)
{
	bool paused;
	struct bt_err err;

	pthread_mutex_lock(&c->lock);
	paused = c->state.status == BT_CONTAINER_PAUSED;
	if (paused)
		c->state.status = BT_CONTAINER_RUNNING;
	pthread_mutex_unlock(&c->lock);
	/* Before it goes on, for then it may end. One that is killed never goes on. */
	if (paused && signal != SIGKILL)
		bt_container_event(c, "unpause", NULL);
	if (paused && bt_container_cgroup_freeze(c, false, &err) < 0)
		bt_log_warn("container %.12s: %s", c->id, err.msg);
}

bool bt_container_stop_expect(struct bt_container *c, int timeout, bool anew)
{
	bt_auto_lock(held, &c->lock);

	bt_container_mark_awaiting(c, false);
	if (!bt_container_is_alive(c))
		return false;
	if (anew && !bt_container_is_running(c))
		return true;
	c->stopping = true;
	c->kill_at_ns =
		timeout < 0 ? 0 : bt_time_now_ns() + (int64_t)timeout * BT_TIME_NSEC_PER_SEC;
	return true;
}

static bool has_process(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return bt_container_is_running(c);
}

void bt_container_stop_event(struct bt_container *c, int signal)
{
	char text[12];

	if (!has_process(c))
		return;
	snprintf(text, sizeof(text), "%d", signal);
	bt_container_event(c, "kill", json_pack("{s:s}", "signal", text));
}

/* -EPIPE: the connection ended before it was answered; -ESRCH: there is none. */
static int ask_to_stop(struct bt_container *c, int signal, int timeout, struct bt_err *err)
{
	bt_auto_link struct bt_link *link = bt_link_get(c);

	return link ? bt_client_stop(bt_link_client(link), signal, timeout, err) : -ESRCH;
}

/* Begin to stop; 1 where there is nothing to stop any more. Who waits for the end waits for ever
 * where nobody was asked: so it is asked until a monitor answers, or there is none. */
static int begin_stop(struct bt_container *c, int signal, int timeout, struct bt_err *err)
{
	int r;

	/* Who was told a moment ago that it is attached sees what it says to this. */
	bt_container_clients_await(c);
	bt_fault_point("stop/begun");
	while ((r = ask_to_stop(c, signal, timeout, err)) == -EPIPE)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	bt_fault_point("stop/asked");
	if (r == -ESRCH)
		return 1;
	if (r == 0)
		bt_container_stop_thaw(c, signal);
	return r;
}

/* Whose start has begun is alive once that is done, and under `op` none begins that is due: none is
 * left where this finds nothing to end. */
static bool expect_end(struct bt_container *c, int timeout)
{
	if (bt_container_stop_expect(c, timeout, false))
		return true;
	bt_auto_lock(held, &c->op);
	return bt_container_stop_expect(c, timeout, false);
}

int bt_container_stop(struct bt_engine *engine, const char *ref, const char *signal, int timeout,
		      struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	int number = SIGTERM;
	int r = bt_container_get(engine, ref, &c, err);

	if (r < 0)
		return r;
	r = bt_container_stop_values(c, signal, &timeout, &number, err);
	if (r < 0)
		return bt_err_context(err, "cannot stop container: %s", ref);
	if (!expect_end(c, timeout))
		return 1;
	bt_container_stop_event(c, number);
	r = begin_stop(c, number, timeout, err);
	if (r < 0)
		return bt_err_context(err, "cannot stop container: %s", ref);
	r = bt_container_wait_stopped(c, -1, err);
	return r < 0 ? r : 0;
}

int bt_container_stop_for_removal(struct bt_container *c, struct bt_err *err)
{
	int r;

	bt_container_stop_event(c, SIGKILL);
	r = begin_stop(c, SIGKILL, -1, err);
	return r < 0 ? r : 0;
}

/* `tell`: of the signal, by an event, and before it: the end that it brings must not be told first.
 * A process that ends at this moment has it told in vain, as with Docker. */
static int send_signal(struct bt_container *c, int signal, bool tell, struct bt_err *err)
{
	bt_auto_link struct bt_link *link = bt_link_get(c);

	if (!link)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running",
				  c->id);
	if (tell)
		bt_container_stop_event(c, signal);
	/* Nobody who kills wants it to come back. */
	if (signal == SIGKILL)
		return bt_client_stop(bt_link_client(link), SIGKILL, -1, err);
	return bt_client_signal(bt_link_client(link), signal, err);
}

int bt_container_kill(struct bt_engine *engine, const char *ref, const char *signal,
		      struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	int number = signal && signal[0] ? bt_signal_name_parse(signal) : SIGKILL;
	bool waits;
	int r = bt_container_get(engine, ref, &c, err);

	if (r < 0)
		return bt_err_context(err, "cannot kill container: %s", ref);
	if (number < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  signal[0] > '0' && strspn(signal, "0123456789") == strlen(signal)
					  ? "cannot kill container: %s: the linux daemon does not "
					    "support signal %s"
					  : "cannot kill container: %s: invalid signal: %s",
				  ref, signal);
	/* Before it is looked at, for it may end meanwhile. */
	bt_container_clients_await(c);
	bt_container_await_start(c);
	if (!bt_container_stop_needed(c))
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH,
				  "cannot kill container: %s: container %s is not running", ref,
				  c->id);
	waits = bt_container_stop_waits(c);
	r = send_signal(c, number, !waits, err);
	bt_fault_point("kill/sent");
	if (r == -EPIPE || r == -ESRCH)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH,
				  "cannot kill container: %s: container %s is not running", ref,
				  c->id);
	if (r < 0)
		return bt_err_context(err, "cannot kill container: %s", ref);
	bt_container_stop_thaw(c, number);
	if (number == SIGKILL)
		r = bt_container_wait_stopped(c, DEFAULT_TIMEOUT * 1000, err);
	return r < 0 ? r : 0;
}
