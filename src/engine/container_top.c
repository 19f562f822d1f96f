/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "engine/container_cgroup.h"
#include "engine/container_event.h"
#include "engine/container_inspect.h"
#include "engine/engine_private.h"
#include "engine/top_table.h"

#define ARGS_MAX   64
#define OUTPUT_MAX (16u << 20)

extern char **environ;

struct command {
	char *words; /* owned: the user's arguments, cut at blanks */
	char *pids;  /* owned: "1,2,3" */
	char *argv[ARGS_MAX];
};

static void command_done(struct command *cmd)
{
	free(cmd->words);
	free(cmd->pids);
}

/* `ps` with the user's arguments; `-q` has it look at our processes only. */
static int make_command(const char *ps_args, char *pids, struct command *ret, struct bt_err *err)
{
	size_t n = 0;
	char *save = NULL;

	ret->pids = pids;
	ret->words = strdup(ps_args && ps_args[0] ? ps_args : "-ef");
	if (!ret->words || !ret->pids)
		return bt_err_sys(err, -ENOMEM, "ps");
	ret->argv[n++] = (char *)(uintptr_t) "ps";
	ret->argv[n++] = (char *)(uintptr_t) "-q";
	ret->argv[n++] = ret->pids;
	for (char *w = strtok_r(ret->words, " \t\n", &save); w;
	     w = strtok_r(NULL, " \t\n", &save)) {
		if (n >= ARGS_MAX - 1)
			return bt_err_set(err, BT_ERR_INVALID, E2BIG, "too many arguments for ps");
		ret->argv[n++] = w;
	}
	return 0;
}

/* Run it; its output is owned by the caller. */
static int run(const struct command *cmd, char **ret, struct bt_err *err)
{
	posix_spawn_file_actions_t actions;
	bt_auto_close int in = -EBADF, out = -EBADF;
	int pair[2], status, r;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return bt_err_sys(err, -errno, "ps");
	in = pair[0];
	out = pair[1];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	r = -posix_spawnp(&pid, "ps", &actions, NULL, cmd->argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r < 0)
		return bt_err_sys(err, r, "run ps");
	bt_close(&out);
	r = bt_io_read_fd(in, OUTPUT_MAX, ret, NULL);
	while (waitpid(pid, &status, 0) < 0) {
		status = 0;
		if (errno != EINTR)
			break;
	}
	if (r < 0)
		return bt_err_sys(err, r, "read from ps");
	if (status == 0)
		return 0;
	r = bt_err_set(err, BT_ERR_SYSTEM, EINVAL, "ps: %.300s", *ret);
	free(bt_take(*ret));
	return r;
}

static char *join_pids(const pid_t *pids, size_t n)
{
	bt_auto_str struct bt_str out = { 0 };
	char *text = NULL;

	for (size_t i = 0; i < n; i++)
		bt_str_printf(&out, "%s%d", i ? "," : "", (int)pids[i]);
	return bt_str_steal(&out, &text) == 0 ? text : NULL;
}

static int check_running(struct bt_container *c, struct bt_err *err)
{
	bt_auto_lock(held, &c->lock);

	if (c->state.status == BT_CONTAINER_RESTARTING)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "Container %s is restarting, wait until the container is running",
				  c->id);
	if (!bt_container_is_running(c))
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running",
				  c->id);
	return 0;
}

int bt_container_top(struct bt_engine *engine, const char *ref, const char *ps_args, json_t **ret,
		     struct bt_err *err)
{
	bt_auto_container struct bt_container *c = NULL;
	bt_auto(command_done) struct command cmd = { .words = NULL };
	bt_auto_free pid_t *pids = NULL;
	bt_auto_free char *text = NULL;
	size_t n = 0;
	int r = bt_container_get(engine, ref, &c, err);

	if (r == 0)
		r = check_running(c, err);
	if (r == 0)
		r = bt_container_cgroup_pids(c, &pids, &n, err);
	if (r == 0)
		r = make_command(ps_args, join_pids(pids, n), &cmd, err);
	if (r == 0)
		r = run(&cmd, &text, err);
	if (r == 0)
		r = bt_top_table_parse(text, pids, n, ret, err);
	if (r == 0)
		bt_container_event(c, "top", NULL);
	return r;
}
