/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_launch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/container_cgroup.h"
#include "engine/container_clients.h"
#include "engine/container_mounts.h"
#include "engine/container_prepare.h"
#include "engine/container_row.h"
#include "engine/container_stop.h"
#include "engine/container_waiter.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/monitor_link.h"
#include "engine/network.h"
#include "engine/network_forward.h"
#include "engine/network_names.h"
#include "engine/old_monitor.h"
#include "engine/restart_policy.h"

/* Docker's code for a start that failed before any program was run. */
#define CODE_NOT_STARTED 128

/* 0: may start, 1: runs already. */
static int check_state(struct bt_container *c, struct bt_err *err)
{
	bt_auto_lock(held, &c->lock);

	switch (c->state.status) {
	case BT_CONTAINER_RUNNING:
	case BT_CONTAINER_RESTARTING:
		return 1;
	case BT_CONTAINER_PAUSED:
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "cannot start a paused container, try unpause instead");
	case BT_CONTAINER_REMOVING:
	case BT_CONTAINER_DEAD:
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "container is marked for removal and cannot be started");
	case BT_CONTAINER_CREATED:
	case BT_CONTAINER_EXITED:
		break;
	}
	return 0;
}

/* Where the run goes on from. */
static void fill_counts(struct bt_container *c, struct bt_spawn *spawn)
{
	bt_auto_lock(held, &c->lock);

	spawn->journal_seq = c->state.journal_seq;
	spawn->restarts = c->reviving ? c->state.restart_count : 0;
}

static void fill_spawn(struct bt_container_prepared *p, struct bt_spawn *spawn)
{
	struct bt_container *c = p->container;
	const json_t *config = p->settings.config;

	*spawn = (struct bt_spawn){
		.id = c->id,
		.dir = p->run_dir,
		.journal = p->journal,
		.runtime = bt_container_prepare_runtime(p),
		.systemd_cgroup = c->engine->cfg.systemd_cgroup,
		.tty = c->tty,
		.open_stdin = c->open_stdin,
		.stdin_once = c->stdin_once,
		.log_driver =
			bt_jget_text(json_object_get(p->settings.host_config, "LogConfig"), "Type"),
		.log_path = p->log_path,
		.log_max_size = p->log.max_size,
		.log_max_file = p->log.max_file,
		.log_attrs = p->log.attrs,
		.restart = bt_restart_policy_of(p->settings.host_config),
		.stop_signal = bt_container_stop_signal(config),
		.stop_timeout = bt_container_stop_timeout(config),
	};
	fill_counts(c, spawn);
}

/* Whose namespaces the specification names by their numbers. */
static void fill_joined(const struct bt_container_prepared *p, struct bt_spawn *spawn)
{
	const pid_t pids[] = { p->net.join_pid, p->ipc_pid, p->pid_pid, p->userns.join_pid };

	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++)
		if (pids[i] > 0)
			spawn->joined[spawn->njoined++] = pids[i];
}

/* `clients` are those that came before; released by the caller, once it is known how it went. */
static int spawn(struct bt_container_prepared *p, const char *detach_keys,
		 struct bt_container_clients *clients, struct bt_err *err)
{
	struct bt_spawn text;
	struct bt_client_fds fds = { .spec = p->spec,
				     .rootfs = p->rootfs,
				     .netns = p->net.netns_fd,
				     .seccomp = p->seccomp };
	int r;

	fill_spawn(p, &text);
	fill_joined(p, &text);
	if (text.runtime && !p->bundle)
		p->bundle = bt_str_format("%s/bundle", p->run_dir);
	text.bundle = p->bundle;
	bt_container_clients_take(p->container, detach_keys, clients);
	text.clients = clients->how;
	text.nclients = clients->n;
	fds.clients = clients->fds;
	r = bt_link_spawn(p->container, &text, &fds, err);
	if (r == 0 && p->net.dns)
		bt_network_names_life(p->container);
	if (r == 0)
		bt_network_forward_life(p->container);
	return r;
}

/* Clients that came while it was being started. */
static void forward_late_clients(struct bt_container *c)
{
	struct bt_container_clients late = { .n = 0 };
	bt_auto_link struct bt_link *link = bt_link_get(c);
	struct bt_err err;

	bt_container_clients_take(c, NULL, &late);
	for (unsigned i = 0; link && i < late.n; i++) {
		if (bt_client_attach(bt_link_client(link), &late.how[i], late.fds[i], &err) == 0)
			continue;
		bt_log_debug("attach to container %.12s: %s", c->id, err.msg);
		/* A monitor that did not answer in time still has it in its queue. */
		(void)shutdown(late.fds[i], SHUT_RDWR);
	}
	bt_container_clients_done(&late);
}

/* The words from which clients make 127 and 126, before what the runtime said. */
static void phrase(struct bt_err *err)
{
	if (err->kind == BT_ERR_SYSTEM || err->kind == BT_ERR_INVALID)
		(void)bt_err_context(err,
				     "failed to create task for container: failed to create shim "
				     "task: OCI runtime create failed: runc create failed: unable "
				     "to start container process: error during container init");
}

/* The state keeps why it did not start; addresses and waiting clients go. */
static void record_failure(struct bt_container *c, const struct bt_err *why)
{
	struct bt_err err;

	bt_network_detach(c->engine, c->id);
	if (bt_container_mounts_release(c, &err) < 0)
		bt_log_warn("%s", err.msg);
	bt_container_clients_drop(c);
	pthread_mutex_lock(&c->lock);
	free(c->state.error);
	c->state.error = strdup(why->msg);
	free(bt_take(c->state.networks));
	if (c->state.exit_code == 0)
		c->state.exit_code = CODE_NOT_STARTED;
	if (bt_container_row_state(c, &err) < 0)
		bt_log_warn("record the state of container %.12s: %s", c->id, err.msg);
	pthread_mutex_unlock(&c->lock);
	bt_container_waiters_give_up(c);
}

static bool will_restart(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	return c->state.status == BT_CONTAINER_RESTARTING;
}

static int launch(struct bt_container *c, const char *detach_keys, struct bt_err *err)
{
	bt_auto(bt_container_prepare_done) struct bt_container_prepared prepared;
	bt_auto(bt_container_clients_done) struct bt_container_clients clients = { .n = 0 };
	int r;

	bt_container_prepare_init(&prepared, c);
	r = bt_container_wait_told(c, err);
	if (r == 0) {
		bt_old_monitor_leave(c);
		r = bt_container_prepare(&prepared, err);
	}
	bt_fault_point("start/prepared");
	if (r == 0) {
		r = spawn(&prepared, detach_keys, &clients, err);
		if (r < 0)
			phrase(err);
		else
			forward_late_clients(c);
		bt_fault_point("start/done");
	}
	if (r < 0 && !will_restart(c)) {
		bt_container_cgroup_sweep(c);
		record_failure(c, err);
	}
	return r;
}

int bt_container_launch(struct bt_container *c, const char *detach_keys, bool *ret_tried,
			struct bt_err *err)
{
	int r = check_state(c, err);

	if (r != 0)
		return r;
	*ret_tried = true;
	return launch(c, detach_keys, err);
}
