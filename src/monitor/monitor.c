/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/time.h"
#include "monitor/attach.h"
#include "monitor/monitor_private.h"
#include "monitor/spawn_message.h"

#define CLIENTS_MAX 32

void bt_monitor_check_done(struct bt_monitor *m)
{
	if (m->state != BT_MONITOR_ENDED || m->nunwritten > 0)
		return;
	/* Clients may read the rest for as long as they like, while the container runs again. */
	bt_control_unlisten(m);
	if (bt_list_empty(&m->old_runs) && bt_list_empty(&m->execs))
		m->loop.stop = true;
}

static int open_log(struct bt_monitor *m)
{
	struct bt_json_file_options opt = { .path = m->spawn.log_path,
					    .max_size = m->spawn.log_max_size,
					    .max_file = m->spawn.log_max_file,
					    .attrs = m->spawn.log_attrs };

	if (strcmp(m->spawn.log_driver, "json-file") != 0)
		return 0;
	return bt_json_file_open(&opt, &m->log);
}

/* Clients that came before the start. */
static int attach_clients(struct bt_monitor *m, struct bt_message *message, struct bt_err *err)
{
	for (unsigned i = 0; i < m->spawn.nclients; i++) {
		int fd = bt_message_take_fd(message, BT_PROTOCOL_FD_CLIENT), r;

		if (fd < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "spawn: a client's socket is missing");
		r = bt_attach_create(&m->run->stdio, fd, &m->spawn.clients[i], NULL);
		if (r < 0)
			return bt_err_set(err, BT_ERR_INVALID, -r, "attach: %s", strerror(-r));
	}
	return 0;
}

/* Everything a start needs. */
static int set_up(struct bt_monitor *m, struct bt_message *message, struct bt_err *err)
{
	int r = bt_journal_open(m->spawn.journal);

	if (r < 0)
		return bt_err_sys(err, r, "open %s", m->spawn.journal);
	m->journal_fd = r;
	r = open_log(m);
	if (r < 0)
		return bt_err_sys(err, r, "open the log %s", m->spawn.log_path);
	r = bt_joined_hold(m->spawn.joined, m->spawn.njoined, &m->joined, err);
	if (r < 0)
		return r;
	r = bt_control_listen(m);
	if (r < 0)
		return bt_err_sys(err, r, "listen in %s", m->spawn.dir);
	if (m->spec_fd < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "spawn: no specification");
	r = bt_life_prepare(m);
	if (r < 0)
		return bt_err_sys(err, r, "prepare a run");
	return attach_clients(m, message, err);
}

static void init(struct bt_monitor *m)
{
	*m = (struct bt_monitor){ .spec_fd = -EBADF,
				  .rootfs_fd = -EBADF,
				  .netns_fd = -EBADF,
				  .seccomp_fd = -EBADF,
				  .journal_fd = -EBADF,
				  .listen_fd = -EBADF,
				  .oom = { .fd = -EBADF, .dir = -EBADF } };
	bt_list_init(&m->execs);
	bt_list_init(&m->conns);
	bt_life_init(m);
	bt_records_init(m);
}

static void done(struct bt_monitor *m)
{
	bt_oom_done(m);
	bt_execs_done(m);
	bt_life_done(m);
	bt_json_file_close(m->log);
	bt_control_done(m);
	free(m->cgroup_path);
	bt_close(&m->journal_fd);
	bt_joined_done(&m->joined);
	bt_close(&m->spec_fd);
	bt_close(&m->rootfs_fd);
	bt_close(&m->netns_fd);
	bt_close(&m->seccomp_fd);
	bt_close(&m->loop.fd);
	json_decref(m->config);
}

static void tell_failure(struct bt_monitor *m, const struct bt_err *err)
{
	struct bt_journal_record record = { .kind = BT_JOURNAL_START_FAILED,
					    .at_ns = bt_time_now_ns(),
					    .code = 125,
					    .final = true,
					    .error = *err };

	bt_records_add(m, &record);
}

/* Read the message and take its descriptors. */
static int take_message(struct bt_monitor *m, struct bt_message *message,
			struct bt_spawn_client *clients, struct bt_err *err)
{
	int control = bt_message_take_fd(message, BT_PROTOCOL_FD_CONTROL);
	int r;

	m->spec_fd = bt_message_take_fd(message, BT_PROTOCOL_FD_SPEC);
	m->rootfs_fd = bt_message_take_fd(message, BT_PROTOCOL_FD_ROOTFS);
	m->netns_fd = bt_message_take_fd(message, BT_PROTOCOL_FD_NETNS);
	m->seccomp_fd = bt_message_take_fd(message, BT_PROTOCOL_FD_SECCOMP);
	m->config = json_incref(message->json);
	r = control < 0 ? -EBADF : bt_control_add(m, control);
	if (r < 0)
		return bt_err_sys(err, r, "serve the daemon");
	r = bt_spawn_message_decode(message->json, clients, CLIENTS_MAX, &m->spawn, err);
	m->seq = m->spawn.journal_seq;
	m->restarts = m->spawn.restarts;
	return r;
}

int bt_monitor_run(const char *text, size_t len, const int *fds, size_t nfds)
{
	bt_auto_message struct bt_message message = { 0 };
	struct bt_spawn_client clients[CLIENTS_MAX];
	struct bt_err err = { 0 };
	struct bt_monitor m;
	int r;

	(void)prctl(PR_SET_NAME, "berth-monitor", 0, 0, 0);
	bt_fault_point("monitor/forked");
	init(&m);
	if (bt_message_parse(text, len, fds, nfds, &message) < 0 || bt_loop_init(&m.loop) < 0)
		return EXIT_FAILURE;
	r = take_message(&m, &message, clients, &err);
	if (r == 0)
		r = set_up(&m, &message, &err);
	bt_fault_point("monitor/set-up");
	if (r < 0)
		tell_failure(&m, &err);
	bt_message_done(&message);
	if (r == 0) {
		bt_life_start(&m);
		r = bt_loop_run(&m.loop);
	}
	done(&m);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
