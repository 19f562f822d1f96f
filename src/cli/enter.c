/* SPDX-License-Identifier: Apache-2.0 */

/* `enter`: into the namespaces of a running container, with no help from daemon or monitor but its
 * pid, which is looked up where neither answers. The caller's own rights are kept, so this is for
 * the host's administrator. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/enter_find.h"
#include "cli/multi.h"

/* How long a daemon may take to say what is asked; one that is stuck says nothing. */
#define PATIENCE_MS 2000
#define DATA_ROOT   "/var/lib/berth"
#define SOCKET      "/run/berth.sock"
#define ENVIRON_MAX (4u << 20)

/* What the child that asks the daemon sends back. */
struct answer {
	int result;
	pid_t pid;
	struct bt_err err;
};

static int ask(struct bt_cli *cli, const char *name, pid_t *ret, struct bt_err *err)
{
	bt_auto_str struct bt_str target = { 0 };
	json_auto_t *info = NULL;
	int r;

	bt_multi_container(&target, name, "/json");
	r = bt_cli_call(cli, "GET", bt_str_get(&target), NULL, &info, err);
	if (r < 0)
		return r;
	*ret = (pid_t)json_integer_value(json_object_get(json_object_get(info, "State"), "Pid"));
	if (*ret > 0)
		return 0;
	return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "container %s is not running", name);
}

/* A process of its own asks, because one can be ended when it gets no answer. 1 where there was
 * one, be it that there is no such container; 0 where there was none. */
static int ask_in_time(struct bt_cli *cli, const char *name, struct answer *ret)
{
	struct pollfd in = { .events = POLLIN };
	bool answered;
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return 0;
	child = fork();
	if (child == 0) {
		struct answer answer = { 0 };

		answer.result = ask(cli, name, &answer.pid, &answer.err);
		_exit(bt_io_write_all(fds[1], &answer, sizeof(answer)) < 0);
	}
	bt_close(&fds[1]);
	in.fd = fds[0];
	answered = child > 0 && poll(&in, 1, PATIENCE_MS) == 1 &&
		   bt_io_read_all(fds[0], ret, sizeof(*ret)) == (ssize_t)sizeof(*ret);
	bt_close(&fds[0]);
	if (child > 0) {
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
	}
	/* "Cannot connect" is no answer either. */
	return answered && (ret->result == 0 || ret->err.kind == BT_ERR_NOT_FOUND ||
			    ret->err.kind == BT_ERR_CONFLICT);
}

static int look_up(const char *data_root, const char *name, pid_t *ret, struct bt_err *err)
{
	char id[65];
	int r = bt_enter_find_id(data_root, name, id, err);

	return r < 0 ? r : bt_enter_find_pid(id, ret, err);
}

/* Only of the daemon that is asked by default it is known where its containers are. */
static bool is_default(struct bt_cli *cli)
{
	struct bt_endpoint ep = { 0 };
	bool yes;

	if (bt_cli_endpoint(cli, &ep, BT_ERR_IGNORED) < 0)
		return false;
	yes = ep.kind == BT_ENDPOINT_UNIX && strcmp(ep.path, SOCKET) == 0;
	bt_endpoint_done(&ep);
	return yes;
}

static int pid_of(struct bt_cli *cli, const struct bt_args *args, pid_t *ret, struct bt_err *err)
{
	const char *name = args->pos[0], *data_root = bt_args_string(args, "data-root");
	unsigned long long pid = 0;
	struct answer answer = { 0 };

	/* "pid:1234" needs nothing looked up. */
	if (bt_str_after(name, "pid:") && bt_str_to_u64(name + 4, &pid) == 0 && pid < INT32_MAX) {
		*ret = (pid_t)pid;
		return 0;
	}
	if (data_root)
		return look_up(data_root, name, ret, err);
	if (ask_in_time(cli, name, &answer)) {
		*ret = answer.pid;
		*err = answer.err;
		return answer.result;
	}
	if (is_default(cli))
		return look_up(DATA_ROOT, name, ret, err);
	return bt_err_set(err, BT_ERR_SYSTEM, ETIMEDOUT,
			  "no daemon answers: give its --data-root, or pid:PID for the CONTAINER");
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

/* The environment of the container's program, as /proc/PID/environ has it; empty where it cannot be
 * read. */
static void take_environ(pid_t pid, char **ret, size_t *ret_len)
{
	bt_auto_free char *path = bt_str_format("/proc/%d/environ", (int)pid);

	*ret = NULL;
	*ret_len = 0;
	if (path)
		bt_discard(bt_io_read_file(AT_FDCWD, path, ENVIRON_MAX, ret, ret_len));
}

/* The container's environment in the place of the caller's; what the terminal is stays. */
static void set_environ(const char *text, size_t len)
{
	const char *term = getenv("TERM");
	bt_auto_free char *kept = term ? strdup(term) : NULL;

	(void)clearenv();
	if (kept)
		(void)setenv("TERM", kept, 1);
	for (size_t at = 0; at < len; at += strlen(text + at) + 1) {
		const char *equals = strchr(text + at, '=');
		bt_auto_free char *key =
			equals ? strndup(text + at, (size_t)(equals - text) - at) : NULL;

		if (key && key[0])
			(void)setenv(key, equals + 1, 1);
	}
}

_Noreturn static void become(const char *const *argv, const char *env, size_t len)
{
	static const char *const shell[] = { "/bin/sh", NULL };

	if (!argv[0])
		argv = shell;
	if (len > 0)
		set_environ(env, len);
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	(void)fprintf(stderr, "exec %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? BT_CLI_NOT_FOUND : BT_CLI_CANNOT_RUN);
}

static int await(pid_t pid)
{
	int status = 0;

	/* What is typed at the terminal is for who runs there. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGQUIT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(struct bt_cli *cli, const struct bt_args *args)
{
	bt_auto_free char *env = NULL;
	struct bt_err err = { 0 };
	pid_t target = 0, pid;
	size_t len = 0;

	if (pid_of(cli, args, &target, &err) < 0)
		return bt_cli_fail(&err);
	take_environ(target, &env, &len);
	if (join(target, &err) < 0)
		return bt_cli_fail(&err);
	if (chdir("/") < 0)
		return BT_CLI_FAILED;
	/* A new pid namespace begins with the next child. */
	pid = fork();
	if (pid < 0)
		return BT_CLI_FAILED;
	if (pid == 0)
		become(args->pos + 1, env, len);
	return await(pid);
}

static const struct bt_flag flags[] = {
	{ 0, BT_FLAG_STRING, "data-root", NULL,
	  "Ask no daemon: its containers are below this directory", NULL, NULL },
	{ 0 },
};

const struct bt_command bt_enter_command = {
	.names = "enter",
	.usage = "[OPTIONS] CONTAINER|pid:PID [COMMAND] [ARG...]",
	.brief = "Enter the namespaces of a running container from the host",
	.flags = { flags },
	.min = 1,
	.max = -1,
	.stops = true,
	.run = run,
};
