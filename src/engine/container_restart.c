/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_restart.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/log.h"
#include "engine/container_clients.h"
#include "engine/container_event.h"
#include "engine/container_revive.h"
#include "engine/container_row.h"
#include "engine/container_start.h"
#include "engine/container_stop.h"
#include "engine/container_wait.h"
#include "engine/container_waiter.h"
#include "engine/host_config.h"
#include "engine/monitor_link.h"

/* -EPIPE: the connection ended before it was answered; -ESRCH: there is none. */
static int ask_to_restart(struct bt_container *c, int signal, int timeout, struct bt_err *err)
{
	bt_auto_link struct bt_link *link = bt_link_get(c);

	return link ? bt_client_restart(bt_link_client(link), signal, timeout, err) : -ESRCH;
}

/* Begin to restart what is alive. -ESRCH where it has ended all the same. */
static int begin_restart(struct bt_container *c, int signal, int timeout, struct bt_err *err)
{
	int r;

	if (bt_container_stop_waits(c))
		bt_container_event(c, "stop", NULL);
	else
		bt_container_stop_event(c, signal);
	/* Who was told a moment ago that it is attached sees what it says to this. */
	bt_container_clients_await(c);
	bt_fault_point("restart/begun");
	while ((r = ask_to_restart(c, signal, timeout, err)) == -EPIPE)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	bt_fault_point("restart/asked");
	if (r == 0)
		bt_container_stop_thaw(c, signal);
	return r;
}

/* Restart by the monitor: descriptors, addresses and cgroup stay as they are. 1 where it has ended.
 */
static int restart_running(struct bt_container *c, int signal, int timeout, struct bt_err *err)
{
	struct bt_container_wait *wait = bt_container_wait_restart_open(c);
	int r = 1;

	if (!wait)
		return bt_err_sys(err, -ENOMEM, "restart");
	bt_fault_point("restart/found");
	if (bt_container_stop_expect(c, timeout, true))
		r = begin_restart(c, signal, timeout, err);
	if (r == 0) {
		r = bt_container_wait_restart(wait, err);
		bt_fault_point("restart/done");
	} else if (r == -ESRCH) {
		/* Until its end is known, it cannot be started. */
		(void)!bt_container_wait_restart(wait, BT_ERR_IGNORED);
		r = 1;
	}
	bt_container_wait_close(wait);
	return r;
}

static void set_kept(struct bt_container *c, bool kept)
{
	bt_auto_lock(held, &c->lock);

	c->kept = kept;
}

/* Whose namespaces it shares may be another process since: they are looked up by a start. */
static int restart_anew(struct bt_container *c, const char *signal, int timeout, struct bt_err *err)
{
	int r;

	set_kept(c, true);
	r = bt_container_stop(c->engine, c->id, signal, timeout, err);
	set_kept(c, false);
	return r < 0 ? r : 1;
}

/* Who waits for this one to run need not give up while one of these goes on. */
static void add_coming(struct bt_container *c, int n)
{
	bt_auto_lock(held, &c->lock);

	c->coming += (unsigned)n;
}

static int shares_namespaces(struct bt_container *c, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	int r = bt_container_row_settings(c, &s, err);

	return r < 0 ? r : bt_host_config_shares(s.host_config);
}

/* End it; 1 where it is to be started then. */
static int end(struct bt_container *c, const char *signal, int timeout, struct bt_err *err)
{
	int number = SIGTERM;
	int r = bt_container_stop_values(c, signal, &timeout, &number, err), shares = 0;

	if (r == 0)
		r = shares = shares_namespaces(c, err);
	if (r < 0)
		return r;
	if (!bt_container_stop_needed(c))
		return 1;
	return shares ? restart_anew(c, signal, timeout, err)
		      : restart_running(c, number, timeout, err);
}

static int restart(struct bt_container *c, const char *signal, int timeout, struct bt_err *err)
{
	int r = end(c, signal, timeout, err);

	if (r <= 0)
		return r;
	bt_fault_point("restart-anew/ended");
	r = bt_container_start(c->engine, c->id, NULL, err);
	if (r < 0)
		return r;
	bt_container_event(c, "restart", NULL);
	return 0;
}

int bt_container_restart(struct bt_engine *engine, const char *ref, const char *signal, int timeout,
			 struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	int r = bt_container_get(engine, ref, &c, err);

	if (r < 0)
		return r;
	add_coming(c, 1);
	r = restart(c, signal, timeout, err);
	add_coming(c, -1);
	if (r < 0)
		bt_container_revive_others(c);
	return r < 0 ? bt_err_context(err, "Cannot restart container %s", ref) : 0;
}

void bt_container_restart_unhealthy(struct bt_container *c)
{
	bt_auto_link struct bt_link *link = bt_link_get(c);
	struct bt_err err;
	bool wanted;
	int r;

	pthread_mutex_lock(&c->lock);
	wanted = c->restart.policy == BT_RESTART_ON_UNHEALTHY;
	pthread_mutex_unlock(&c->lock);
	if (!wanted || !link)
		return;
	r = bt_client_unhealthy(bt_link_client(link), &err);
	/* It may have ended by itself meanwhile. */
	if (r < 0 && r != -ESRCH && r != -EPIPE)
		bt_log_warn("restart unhealthy container %.12s: %s", c->id, err.msg);
}
