/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/hooks.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/time.h"
#include "sys/clone.h"

#define STDERR_SHOWN 200

/* Blocked signals that are for the hook which is waited for, or NULL. */
static const sigset_t *passed_on;

void bt_hooks_pass_on(const sigset_t *signals)
{
	passed_on = signals;
}

static bool has_hooks(const struct bt_oci_hooks *h)
{
	return h->prestart.n + h->create_runtime.n + h->create_container.n + h->start_container.n +
		       h->poststart.n + h->poststop.n >
	       0;
}

int bt_hooks_state(const struct bt_oci_spec *spec, const char *id, const char *bundle,
		   struct bt_arena *arena, const char **ret, struct bt_err *err)
{
	json_auto_t *annotations = json_object();
	json_auto_t *state = NULL;
	bt_auto_free char *text = NULL;
	int r = 0;

	*ret = NULL;
	if (!has_hooks(&spec->hooks))
		return 0;
	for (size_t i = 0; i < spec->annotations.n && r == 0; i++)
		r = json_object_set_new(annotations, spec->annotations.v[i].key,
					json_string(spec->annotations.v[i].value));
	if (r == 0)
		state = json_pack("{s:s, s:s, s:s, s:O}", "ociVersion", "1.3.0", "id", id, "bundle",
				  bundle != NULL ? bundle : "", "annotations", annotations);
	if (state != NULL)
		text = json_dumps(state, JSON_COMPACT);
	if (text != NULL)
		*ret = bt_arena_strdup(arena, text);
	return *ret == NULL ? bt_err_sys(err, -ENOMEM, "hooks: the container's state") : 0;
}

static int state_file(const char *state, const char *status, pid_t pid)
{
	bt_auto_close int fd = memfd_create("state", MFD_CLOEXEC);
	char head[96];
	int n, r;

	if (fd < 0)
		return -errno;
	n = snprintf(head, sizeof(head), "{\"status\":\"%s\",\"pid\":%d,", status, (int)pid);
	r = bt_io_write_all(fd, head, (size_t)n);
	if (r == 0)
		r = bt_io_write_all(fd, state + 1, strlen(state + 1));
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return bt_take_fd(&fd);
}

/* @parent: for whom it runs, and with whom it ends: who is killed while a hook hangs leaves nothing
 *          behind that still acts on a container which another may have deleted by then. */
static _Noreturn void become_hook(const struct bt_oci_hook *hook, int in, int errors, pid_t parent)
{
	char *no_env[] = { NULL };
	char *own_name[] = { (char *)(uintptr_t)hook->path, NULL };
	sigset_t none;

	(void)sigemptyset(&none);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent ||
	    sigprocmask(SIG_SETMASK, &none, NULL) < 0 || dup2(in, 0) < 0 || dup2(errors, 2) < 0)
		_exit(127);
	(void)execve(hook->path, hook->args.n > 0 ? hook->args.v : own_name,
		     hook->env.n > 0 ? hook->env.v : no_env);
	dprintf(2, "%s", strerrordesc_np(errno));
	_exit(127);
}

/* Seconds that the specification allows are more milliseconds than poll(2) takes. Returns -1 for
 * ever, 0 when the time is over. */
static int left_ms(int timeout, int64_t until)
{
	int64_t left = (until - bt_time_monotonic_ns()) / 1000000;

	if (timeout <= 0)
		return -1;
	return left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}

static void pass_on(int signals, pid_t pid)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		(void)kill(pid, (int)info.ssi_signo);
}

/* Returns 1 when it ended, 0 after the timeout, or -errno. */
static int watch_hook(pid_t pid, int pidfd, int timeout)
{
	bt_auto_close int signals =
		passed_on != NULL ? signalfd(-1, passed_on, SFD_CLOEXEC | SFD_NONBLOCK) : -EBADF;
	struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN },
				{ .fd = signals, .events = POLLIN } };
	int64_t until = bt_time_monotonic_ns() + (int64_t)timeout * BT_TIME_NSEC_PER_SEC;

	for (;;) {
		int left = left_ms(timeout, until);
		int r = left == 0 ? 0 : poll(fds, 2, left);

		if (left == 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0 && fds[0].revents != 0)
			return 1;
		if (r > 0)
			pass_on(signals, pid);
	}
}

/* Returns 1 when it ended, 0 after the timeout (it is killed then), or -errno. */
static int wait_hook(pid_t pid, int pidfd, int timeout, int *ret_status)
{
	int r = watch_hook(pid, pidfd, timeout);

	if (r < 0)
		return r;
	if (r == 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, ret_status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return r;
}

static int failed(const struct bt_oci_hook *hook, const char *name, int status, int errors,
		  struct bt_err *err)
{
	char text[STDERR_SHOWN + 1];
	ssize_t n = pread(errors, text, STDERR_SHOWN, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return bt_err_set(err, BT_ERR_SYSTEM, ECANCELED, "hooks.%s: %s: %s %d%s%s", name,
			  hook->path, WIFSIGNALED(status) ? "signal" : "exit status",
			  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
			  text[0] != '\0' ? ": " : "", text);
}

static int run_one(const struct bt_oci_hook *hook, const char *name, int in, struct bt_err *err)
{
	const struct bt_clone how = { .cgroup_fd = -EBADF };
	bt_auto_close int errors = memfd_create("stderr", MFD_CLOEXEC), pidfd = -EBADF;
	pid_t pid, self = getpid();
	int status = 0, r;

	if (errors < 0)
		return bt_err_sys(err, -errno, "hooks.%s: %s", name, hook->path);
	pid = bt_clone(&how, &pidfd);
	if (pid < 0)
		return bt_err_sys(err, (int)pid, "hooks.%s: %s", name, hook->path);
	if (pid == 0)
		become_hook(hook, in, errors, self);
	r = wait_hook(pid, pidfd, hook->timeout, &status);
	if (r < 0)
		return bt_err_sys(err, r, "hooks.%s: wait for %s", name, hook->path);
	if (r == 0)
		return bt_err_set(err, BT_ERR_SYSTEM, ECANCELED,
				  "hooks.%s: %s did not end within %d s", name, hook->path,
				  hook->timeout);
	return status != 0 ? failed(hook, name, status, errors, err) : 0;
}

int bt_hooks_run(const struct bt_oci_hook_list *hooks, const char *name, const char *state,
		 const char *status, pid_t pid, struct bt_err *err)
{
	for (size_t i = 0; i < hooks->n; i++) {
		bt_auto_close int in = state_file(state, status, pid);
		int r = in < 0 ? bt_err_sys(err, in, "hooks.%s: the container's state", name) : 0;

		if (r == 0)
			r = run_one(&hooks->v[i], name, in, err);
		if (r < 0)
			return r;
	}
	return 0;
}
