/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/ps.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

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

static char *join_pids(const pid_t *pids, size_t n)
{
	bt_auto_str struct bt_str out = { 0 };
	char *text = NULL;

	for (size_t i = 0; i < n; i++)
		bt_str_printf(&out, "%s%d", i ? "," : "", (int)pids[i]);
	return bt_str_steal(&out, &text) == 0 ? text : NULL;
}

/* `ps` with the user's arguments; `-q` has it look at our processes only. */
static int make_command(const char *args, const pid_t *pids, size_t npids, struct command *ret,
			struct bt_err *err)
{
	size_t n = 0;
	char *save = NULL;

	ret->pids = join_pids(pids, npids);
	ret->words = strdup(args && args[0] ? args : "-ef");
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

/* Its standard output and error go to `out`. */
static int spawn(const struct command *cmd, int out, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	r = -posix_spawnp(ret, "ps", &actions, NULL, cmd->argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* 0 where it ended well, or was waited for by another. */
static int await(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return status;
}

int bt_ps_run(const char *args, const pid_t *pids, size_t n, char **ret, struct bt_err *err)
{
	bt_auto(command_done) struct command cmd = { .words = NULL };
	bt_auto_close int in = -EBADF, out = -EBADF;
	bt_auto_free char *text = NULL;
	int pair[2], status, r = make_command(args, pids, n, &cmd, err);
	pid_t pid;

	if (r < 0)
		return r;
	if (pipe2(pair, O_CLOEXEC) < 0)
		return bt_err_sys(err, -errno, "ps");
	in = pair[0];
	out = pair[1];
	r = spawn(&cmd, out, &pid);
	if (r < 0)
		return bt_err_sys(err, r, "run ps");
	bt_close(&out);
	r = bt_io_read_fd(in, OUTPUT_MAX, &text, NULL);
	/* It may have more to say than is read, and would wait for a reader for ever. */
	bt_close(&in);
	status = await(pid);
	if (r < 0)
		return bt_err_sys(err, r, "read from ps");
	if (status != 0)
		return bt_err_set(err, BT_ERR_SYSTEM, EINVAL, "ps: %.300s", text);
	*ret = bt_take(text);
	return 0;
}
