/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/health_probe.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/exec.h"
#include "engine/exec_table.h"
#include "engine/health_output.h"
#include "engine/health_state.h"
#include "engine/jget.h"

/* How long after the end of its output a program may take to end. */
#define END_TIMEOUT_MS 5000

static json_t *exec_body(struct bt_container *c, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = { 0 };

	if (bt_container_row_settings(c, &s, err) < 0)
		return NULL;
	return json_pack("{s:o,s:b,s:b}", "Cmd", bt_health_state_command(s.config), "AttachStdout",
			 1, "AttachStderr", 1);
}

/* Read until the other side closes. 0, or -ETIMEDOUT. */
static int read_output(int sock, int64_t deadline, struct bt_str *out)
{
	struct pollfd pfd = { .fd = sock, .events = POLLIN };

	for (;;) {
		int64_t left = (deadline - bt_time_monotonic_ns()) / 1000000;
		char buf[1024];
		ssize_t n;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&pfd, 1, left > 60000 ? 60000 : (int)left) <= 0)
			continue;
		n = read(sock, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		/* What is more than we keep is read and dropped. */
		if (out->len < BT_HEALTH_OUTPUT_READ)
			bt_str_add(out, buf, (size_t)n);
	}
}

static void kill_exec(struct bt_container *c, const char *id)
{
	bt_auto_exec struct bt_exec *exec = NULL;
	struct bt_exec_table_status status;

	if (bt_exec_table_get(c->engine->execs, id, &exec, BT_ERR_IGNORED) < 0)
		return;
	bt_exec_table_status(c->engine->execs, exec, &status);
	if (status.running && status.pid > 0)
		(void)kill(status.pid, SIGKILL);
}

/* The exit code, once the monitor has told it. */
static int await_code(struct bt_container *c, const char *id)
{
	for (int waited = 0; waited < END_TIMEOUT_MS; waited += 5) {
		bt_auto_exec struct bt_exec *exec = NULL;
		struct bt_exec_table_status status;

		if (bt_exec_table_get(c->engine->execs, id, &exec, BT_ERR_IGNORED) < 0)
			return -1;
		bt_exec_table_status(c->engine->execs, exec, &status);
		if (status.ended)
			return status.code;
		usleep(5000);
	}
	return -1;
}

/* Start it; `*ret_sock` (owned) brings its output. */
static int start(struct bt_container *c, char ret_id[BT_RAND_ID_LEN + 1], int *ret_sock,
		 struct bt_err *err)
{
	json_auto_t *body = exec_body(c, err), *created = NULL;
	struct bt_exec_start *handle;
	bool tty;
	int pair[2], r;

	if (!body)
		return -EIO;
	r = bt_exec_create(c->engine, c->id, body, &created, err);
	if (r < 0)
		return r;
	memccpy(ret_id, bt_jget_text(created, "Id"), '\0', BT_RAND_ID_LEN + 1);
	r = bt_exec_start_open(c->engine, ret_id, false, false, 0, 0, &tty, &handle, err);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		r = bt_err_sys(err, -errno, "make a socket pair");
		bt_exec_start_cancel(handle);
		return r;
	}
	r = bt_exec_start_run(handle, pair[1], NULL, 0, err);
	if (r < 0) {
		bt_close(&pair[0]);
		return r;
	}
	*ret_sock = pair[0];
	return 0;
}

static char *too_long(int64_t timeout_ns)
{
	bool whole = timeout_ns % BT_TIME_NSEC_PER_SEC == 0;
	long long n = timeout_ns / (whole ? BT_TIME_NSEC_PER_SEC : 1000000);

	return bt_str_format("Health check exceeded timeout (%lld%s)", n, whole ? "s" : "ms");
}

int bt_health_probe_run(struct bt_container *c, int64_t timeout_ns, char **ret_output)
{
	int64_t deadline = bt_time_monotonic_ns() + timeout_ns;
	bt_auto_close int sock = -EBADF;
	bt_auto_str struct bt_str out = { 0 };
	char id[BT_RAND_ID_LEN + 1];
	struct bt_err err;
	int r = start(c, id, &sock, &err);

	if (r < 0) {
		*ret_output = strdup(err.msg);
		return -1;
	}
	r = read_output(sock, deadline, &out);
	if (r < 0) {
		kill_exec(c, id);
		*ret_output = too_long(timeout_ns);
		/* As with Docker, those that die slowly do not pile up beside the next ones. */
		(void)await_code(c, id);
		return -1;
	}
	*ret_output = bt_health_output_keep(out.p, out.len);
	return await_code(c, id);
}
