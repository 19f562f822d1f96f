/* SPDX-License-Identifier: Apache-2.0 */

/* `enter`: into the namespaces of a running container, with no help from daemon or monitor but its
 * pid. The caller's own rights are kept, so this is for the host's administrator. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/multi.h"

static int pid_of(struct bt_cli *cli, const char *name, pid_t *ret, struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	json_auto_t *info = NULL;
	unsigned long long pid = 0;
	int r;

	/* "pid:1234" needs no daemon at all. */
	if (bt_str_after(name, "pid:") && bt_str_to_u64(name + 4, &pid) == 0 && pid < INT32_MAX) {
		*ret = (pid_t)pid;
		return 0;
	}
	bt_multi_container(&target, name, "/json");
	r = bt_cli_call(cli, "GET", bt_str_get(&target), NULL, &info, err);
	if (r < 0)
		return r;
	*ret = (pid_t)json_integer_value(json_object_get(json_object_get(info, "State"), "Pid"));
	if (*ret > 0)
		return 0;
	return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running", name);
}

/* Join every namespace of the process that is not ours already. */
static int join(pid_t pid, struct bt_err *err)
{
	const int all = CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
			CLONE_NEWPID | CLONE_NEWNS;
	bt_auto_close int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return bt_err_sys(err, -errno, "open process %d", (int)pid);
	/* A user namespace of the container's comes first, where it has one; to join one's own is
	 * refused. */
	(void)setns(fd, CLONE_NEWUSER);
	if (setns(fd, all) == 0)
		return 0;
	return bt_err_sys(err, -errno, "join the namespaces of process %d", (int)pid);
}

_Noreturn static void become(const char *const *argv)
{
	static const char *const shell[] = { "/bin/sh", NULL };

	if (!argv[0])
		argv = shell;
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	(void)fprintf(stderr, "exec %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? BT_CLI_NOT_FOUND : BT_CLI_CANNOT_RUN);
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	struct bt_err err = { 0 };
	int status = 0;
	pid_t target = 0, pid;

	if (pid_of(cli, args->pos[0], &target, &err) < 0 || join(target, &err) < 0)
		return bt_cli_fail(&err);
	if (chdir("/") < 0)
		return BT_CLI_FAILED;
	/* A new pid namespace begins with the next child. */
	pid = fork();
	if (pid < 0)
		return BT_CLI_FAILED;
	if (pid == 0)
		become(args->pos + 1);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const struct bt_command bt_enter_command = {
	.names = "enter",
	.usage = "CONTAINER|pid:PID [COMMAND] [ARG...]",
	.brief = "Enter the namespaces of a running container from the host",
	.min = 1,
	.max = -1,
	.stops = true,
	.run = run,
};
