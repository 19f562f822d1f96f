/* SPDX-License-Identifier: Apache-2.0 */

/* create, start and run of the OCI command line. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "runtime/environment.h"
#include "runtime/hooks.h"
#include "runtime/launch.h"
#include "runtime/oci_cli.h"
#include "runtime/oci_console.h"
#include "runtime/oci_notify.h"
#include "runtime/state.h"
#include "runtime/state_lock.h"

struct create_flags {
	const char *bundle, *console_socket, *pid_file, *pidfd_socket;
	bool no_pivot, no_new_keyring, detach, keep;
	int preserve_fds;
};

/** A container between reading its bundle and remembering it. */
struct creating {
	const struct bt_oci_cli *cli;
	struct create_flags flags;
	struct bt_state state;
	char *bundle; /* absolute, owned */
	char *dir;    /* state directory, owned; NULL until it is made */
	int lock;     /* of it, owned; held until the container is there */
	char *config; /* text, owned */
	struct bt_launch launch;
	struct bt_oci_notify notify;
	int listen_fds; /* of the caller's, which the container gets */
};

static void creating_done(struct creating *c)
{
	bt_launch_done(&c->launch);
	bt_oci_notify_done(&c->notify);
	bt_state_done(&c->state);
	bt_close(&c->lock);
	free(c->bundle);
	free(c->dir);
	free(c->config);
}

/* Where a flag goes that is a text, of which an empty one is none; or NULL. */
static const char **text_of(struct create_flags *f, int flag)
{
	switch (flag) {
	case 'c':
		return &f->console_socket;
	case 'p':
		return &f->pid_file;
	case 'F':
		return &f->pidfd_socket;
	default:
		return NULL;
	}
}

/* Where a flag goes that has no value, or NULL. */
static bool *switch_of(struct create_flags *f, int flag)
{
	switch (flag) {
	case 'n':
		return &f->no_pivot;
	case 'k':
		return &f->no_new_keyring;
	case 'd':
		return &f->detach;
	case 'K':
		return &f->keep;
	default:
		return NULL;
	}
}

static int take_flags(int argc, char **argv, struct create_flags *f, struct bt_err *err)
{
	static const struct option flags[] = {
		{ "bundle", required_argument, NULL, 'b' },
		{ "console-socket", required_argument, NULL, 'c' },
		{ "pid-file", required_argument, NULL, 'p' },
		{ "pidfd-socket", required_argument, NULL, 'F' },
		{ "preserve-fds", required_argument, NULL, 'P' },
		{ "no-pivot", no_argument, NULL, 'n' },
		{ "no-new-keyring", no_argument, NULL, 'k' },
		{ "detach", no_argument, NULL, 'd' },
		{ "keep", no_argument, NULL, 'K' },
		{ "no-subreaper", no_argument, NULL, 's' },
		{ 0 },
	};
	long long n;
	int flag, r;

	*f = (struct create_flags){ .bundle = "." };
	while ((flag = bt_oci_cli_flag(argc, argv, "+b:d", flags, err)) != -1) {
		const char **text = text_of(f, flag);
		bool *on = switch_of(f, flag);

		if (text != NULL) {
			*text = *optarg != '\0' ? optarg : NULL;
		} else if (on != NULL) {
			*on = true;
		} else if (flag == 'b') {
			f->bundle = optarg;
		} else if (flag == 'P') {
			r = bt_oci_cli_number("--preserve-fds", optarg, 0, 1000, &n, err);
			if (r < 0)
				return r;
			f->preserve_fds = (int)n;
		} else if (flag != 's') {
			return -EINVAL;
		}
	}
	return 0;
}

/* systemd's socket activation: as many descriptors as LISTEN_FDS says follow the standard ones, and
 * are meant for the process that LISTEN_PID names (sd_listen_fds(3)). */
static int listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	unsigned long long n;

	if (pid == NULL || bt_str_to_u64(pid, &n) < 0 || n != (unsigned long long)getpid())
		return 0;
	return fds != NULL && bt_str_to_u64(fds, &n) == 0 && n < 1000 ? (int)n : 0;
}

/* What the container's program hears of its caller's surroundings: its descriptors, and where it
 * says that it is ready. It is process 1 wherever it is asked for its number. */
static int plan_activation(struct creating *c, struct bt_err *err)
{
	struct bt_oci_strings *env = &c->state.spec.process.env;
	char text[32];
	int r = 0;

	if (c->listen_fds > 0) {
		(void)snprintf(text, sizeof(text), "LISTEN_FDS=%d", c->listen_fds);
		r = bt_environment_add(env, &c->state.arena, text);
		if (r == 0)
			r = bt_environment_add(env, &c->state.arena, "LISTEN_PID=1");
	}
	if (r < 0)
		return bt_err_sys(err, r, "hand on LISTEN_FDS");
	return bt_oci_notify_plan(&c->state, err);
}

static int read_bundle(struct creating *c, struct bt_err *err)
{
	bt_auto_free char *path = NULL;
	size_t len;
	int r;

	c->bundle = realpath(c->flags.bundle, NULL);
	if (c->bundle == NULL)
		return bt_err_sys(err, -errno, "bundle %s", c->flags.bundle);
	path = bt_path_join(c->bundle, "config.json");
	r = path == NULL ? -ENOMEM
			 : bt_io_read_file(AT_FDCWD, path, BT_OCI_SPEC_TEXT_MAX, &c->config, &len);
	if (r < 0)
		return bt_err_sys(err, r, "read %s/config.json", c->bundle);
	r = bt_oci_spec_parse(c->config, len, &c->state.arena, &c->state.spec, err);
	return r < 0 ? bt_err_context(err, "%s/config.json", c->bundle) : 0;
}

static int check_terminal(const struct creating *c, bool foreground, struct bt_err *err)
{
	bool terminal = c->state.spec.process.terminal;

	if (terminal && !foreground && c->flags.console_socket == NULL)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "process.terminal: detached, it needs --console-socket");
	if (!terminal && c->flags.console_socket != NULL)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "--console-socket: process.terminal is not set");
	return 0;
}

/* Who the container's process is. One that has ended already has the start time 0, as nobody has.
 */
static int know(struct bt_state *s, pid_t pid, struct bt_err *err)
{
	uint64_t start = 0;
	int r = bt_state_start_time(pid, &start);

	if (r < 0)
		return bt_err_sys(err, r, "read when process %d began", (int)pid);
	s->pid = pid;
	s->start_time = start;
	return 0;
}

/* While the init is being set up: from now on the state speaks of it, and whoever finds its
 * creator dead knows what to end. */
static int note_birth(void *arg, pid_t pid, struct bt_err *err)
{
	struct creating *c = arg;
	int r = know(&c->state, pid, err);

	return r < 0 ? r : bt_state_save(&c->state, NULL, err);
}

static int launch(struct creating *c, bool at_once, struct bt_err *err)
{
	const struct create_flags *f = &c->flags;
	struct bt_launch_request req = {
		.id = c->state.id,
		.spec = &c->state.spec,
		.bundle = c->bundle,
		.rootfs_fd = -EBADF,
		.netns_fd = -EBADF,
		.stdio = { 0, 1, 2 },
		.no_pivot = f->no_pivot,
		.no_new_keyring = f->no_new_keyring,
		.systemd_cgroup = c->cli->systemd_cgroup,
		.rootless = bt_oci_cli_rootless(c->cli),
		.preserve_fds = f->preserve_fds + c->listen_fds,
		.state_dir = at_once ? NULL : c->dir,
		/* Whoever gets the terminal has it before something is written to it. */
		.at_once = at_once && f->console_socket == NULL,
		.born = at_once ? note_birth : NULL,
		.born_arg = c,
	};
	int r = bt_launch_create(&req, &c->launch, err);

	if (r < 0)
		return bt_err_context(err, "unable to start container process: error during "
					   "container init");
	if (c->launch.warning[0] != '\0')
		bt_oci_cli_warn(c->cli, c->launch.warning);
	return 0;
}

/* What the state says from the beginning on; the creating process stands for the init. */
static int announce(struct creating *c, const char *id, struct bt_err *err)
{
	struct bt_state *s = &c->state;
	const char *root = s->spec.root_path != NULL ? s->spec.root_path : "";
	bt_auto_free char *joined =
		*root == '/' ? bt_path_clean(root) : bt_path_join(c->bundle, root);
	int r;

	s->id = id;
	s->dir = c->dir;
	s->bundle = c->bundle;
	s->rootfs = joined != NULL ? bt_arena_strdup(&s->arena, joined) : NULL;
	if (s->rootfs == NULL)
		return bt_err_sys(err, -ENOMEM, "container %s", id);
	s->creating = true;
	r = know(s, getpid(), err);
	if (r < 0)
		return r;
	s->created = bt_time_now_ns();
	s->no_pivot = c->flags.no_pivot;
	s->no_new_keyring = c->flags.no_new_keyring;
	s->systemd_cgroup = c->cli->systemd_cgroup;
	s->rootless = bt_oci_cli_rootless(c->cli);
	return bt_state_save(s, c->config, err);
}

static int remember(struct creating *c, struct bt_err *err)
{
	struct bt_state *s = &c->state;
	int r;

	s->creating = false;
	r = s->pid != c->launch.pid ? know(s, c->launch.pid, err) : 0;
	if (r == 0)
		r = bt_state_save(s, NULL, err);
	if (r == 0 && c->launch.console_fd >= 0 && c->flags.console_socket != NULL)
		r = bt_oci_console_send(c->flags.console_socket, c->launch.console_fd, err);
	if (r == 0 && c->flags.pidfd_socket != NULL)
		r = bt_oci_console_send_pidfd(c->flags.pidfd_socket, "standard", c->launch.pidfd,
					      err);
	return r == 0 ? bt_oci_cli_write_pid(c->flags.pid_file, s->pid, err) : r;
}

/* Nothing of a container that could not be made stays. */
static void undo(struct creating *c)
{
	const struct bt_cgroups_owner owner = bt_state_owner(&c->state);
	struct bt_err ignored;

	if (c->launch.pid > 0) {
		(void)kill(c->launch.pid, SIGKILL);
		while (waitpid(c->launch.pid, NULL, 0) < 0 && errno == EINTR)
			continue;
		bt_ignore(bt_launch_cleanup(&owner, NULL, &ignored));
	}
	/* What stays is found by the next deletion; its caller must know that there is one to do.
	 */
	if (c->dir != NULL && bt_state_remove(c->dir, &c->lock, &ignored) < 0 &&
	    bt_err_context(&ignored, "undoing it failed") < 0)
		bt_oci_cli_warn(c->cli, ignored.msg);
}

/* Returns 0 to go on, or 1 where another process has done it all: see bt_rootless_enter(). */
static int prepare(struct creating *c, int argc, char **argv, int *ret_code, struct bt_err *err)
{
	int r = bt_oci_cli_count(argv[0], argc - optind, 1, 1, err);

	/* Before another process goes on, which they are not meant for by its number. */
	c->listen_fds = listen_fds();
	if (r == 0)
		r = read_bundle(c, err);
	return r < 0 ? r : bt_rootless_enter(&c->state.spec, ret_code, err);
}

/* @at_once: the start follows, in this process. */
static int create(struct creating *c, const char *id, bool at_once, struct bt_err *err)
{
	int r = check_terminal(c, at_once && !c->flags.detach, err);

	if (r < 0)
		return r;
	r = bt_state_reserve(c->cli->root, id, &c->dir, &c->lock, err);
	if (r == 0)
		r = announce(c, id, err);
	if (r == 0)
		r = plan_activation(c, err);
	if (r == 0 && at_once)
		r = bt_oci_notify_bind(c->dir, &c->notify, err);
	if (r == 0 && at_once && !c->flags.detach)
		r = bt_oci_console_hold(err);
	if (r == 0)
		r = launch(c, at_once, err);
	if (r == 0)
		r = remember(c, err);
	if (r < 0) {
		undo(c);
		return r;
	}
	bt_ignore(bt_state_lock_release(c->lock));
	return 0;
}

int bt_oci_create(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
		  struct bt_err *err)
{
	bt_auto(creating_done) struct creating c = { .cli = cli,
						     .lock = -EBADF,
						     .notify = BT_OCI_NOTIFY_NONE };
	int r = take_flags(argc, argv, &c.flags, err);

	if (r == 0)
		r = prepare(&c, argc, argv, ret_code, err);
	if (r != 0)
		return r < 0 ? r : 0;
	return create(&c, argv[optind], false, err);
}

/* From here on nobody waits to start it: a container with that socket counts as created. `r` is how
 * the start went. */
static int forget_socket(const char *dir, int r, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(dir, BT_LAUNCH_START_SOCKET);
	int failed = path == NULL ? -ENOMEM : 0;

	if (path != NULL && unlink(path) < 0 && errno != ENOENT)
		failed = -errno;
	return r == 0 && failed < 0
		       ? bt_err_sys(err, failed, "remove the socket for start in %s", dir)
		       : r;
}

static int check_startable(const struct bt_state *state, struct bt_err *err)
{
	enum bt_state_status status;
	int r = bt_state_status(state, &status, err);

	if (r < 0)
		return r;
	/* runc's words, which callers look for. */
	if (status == BT_STATE_RUNNING)
		return bt_err_set(err, BT_ERR_CONFLICT, EINVAL,
				  "cannot start an already running container");
	if (status != BT_STATE_CREATED)
		return bt_err_set(err, BT_ERR_CONFLICT, EINVAL,
				  "cannot start a container that is %s",
				  bt_state_status_name(status));
	return 0;
}

/* Returns 0; 1 where another container has the name by now, whose lock is to be held; or -errno. */
static int claim_once(const struct bt_oci_cli *cli, const char *id, struct bt_state *state,
		      int *ret_lock, struct bt_err *err)
{
	bt_auto_state struct bt_state before = { 0 }, now = { 0 };
	bt_auto_close int lock = -EBADF;
	int r = bt_state_load(cli->root, id, &before, err);

	if (r == 0)
		r = check_startable(&before, err);
	if (r < 0)
		return r;
	lock = bt_state_lock_take(before.dir, -1);
	/* One that an earlier version made has none; and one that is gone is not there. */
	if (lock < 0 && lock != -ENOENT)
		return bt_err_sys(err, lock, "start %s", id);
	r = bt_state_load(cli->root, id, &now, err);
	if (r == 0 && now.created != before.created)
		return 1;
	if (r == 0)
		r = check_startable(&now, err);
	if (r < 0)
		return r;
	*state = bt_take_struct(now);
	*ret_lock = bt_take_fd(&lock);
	return 0;
}

/* Find it waiting for its start, which nobody else can be about then. What is refused is refused
 * without waiting for whoever creates it, or for hooks of one that runs. */
static int claim(const struct bt_oci_cli *cli, const char *id, struct bt_state *state,
		 int *ret_lock, struct bt_err *err)
{
	int r;

	while ((r = claim_once(cli, id, state, ret_lock, err)) > 0)
		continue;
	return r;
}

static int start(struct bt_state *state, const struct bt_oci_notify *notify, struct bt_err *err)
{
	struct bt_launch launch = { 0 };
	int r = bt_launch_reach(state->dir, state->pid, &launch, err);

	if (r < 0)
		return bt_state_failed(state, err);
	launch.spec = &state->spec;
	launch.id = state->id;
	launch.bundle = state->bundle;
	r = forget_socket(state->dir, bt_launch_release(&launch, err), err);
	if (r == 0)
		r = bt_launch_poststart(&launch, err);
	/* Whose poststart hook fails is stopped (runtime specification, "Lifecycle", 9). */
	if (r < 0)
		bt_ignore(bt_state_signal(state, SIGKILL));
	bt_launch_done(&launch);
	if (r == 0)
		bt_oci_notify_wait(notify, state->pid);
	return r;
}

int bt_oci_start(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
		 struct bt_err *err)
{
	static const struct option none[] = { { 0 } };
	bt_auto_state struct bt_state state = { 0 };
	bt_auto(bt_oci_notify_done) struct bt_oci_notify notify = BT_OCI_NOTIFY_NONE;
	bt_auto_close int lock = -EBADF;
	int r;

	(void)ret_code;
	if (bt_oci_cli_flag(argc, argv, "+", none, err) != -1)
		return -EINVAL;
	r = bt_oci_cli_count(argv[0], argc - optind, 1, 1, err);
	if (r == 0)
		r = claim(cli, argv[optind], &state, &lock, err);
	if (r == 0)
		r = bt_oci_notify_bind(state.dir, &notify, err);
	return r < 0 ? r : start(&state, &notify, err);
}

/* What ends a foreground run that has nobody left to pass it on to. */
static const sigset_t *ending(void)
{
	static sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGQUIT);
	(void)sigaddset(&set, SIGTERM);
	return &set;
}

static void take_back(struct creating *c)
{
	int r = bt_state_lock_retake(c->lock, c->dir, ending());

	/* A container of this name that there is by now is somebody else's, where ours was deleted.
	 */
	if (r > 0)
		undo(c);
	else
		bt_launch_end(&c->launch);
}

/* Told to end while another deletes what is left. */
static int leave_to_another(const struct creating *c, struct bt_err *err)
{
	pid_t pid = 0;

	bt_ignore(bt_state_lock_holder(c->dir, &pid));
	return bt_err_set(
		err, BT_ERR_CONFLICT, EINTR,
		"container %s has ended, and what is left of it is left to process %d, which "
		"is about it: a signal ended the wait for that",
		c->state.id, (int)pid);
}

/* The container has ended: what it leaves goes, unless another deletes it. Both may wait for a
 * hook that hangs; signals are for whoever is waited for, or end that. */
static int finish(struct creating *c, struct bt_err *err)
{
	const struct bt_cgroups_owner owner = bt_state_owner(&c->state);
	int r = bt_state_lock_retake(c->lock, c->dir, ending());

	if (r == -EINTR)
		return leave_to_another(c, err);
	if (r < 0)
		return bt_err_sys(err, r, "clean up behind container %s", c->state.id);
	if (r == 0)
		return 0;
	bt_hooks_pass_on(ending());
	r = bt_launch_cleanup(&owner, NULL, err);
	return r < 0 || c->flags.keep ? r : bt_state_remove(c->dir, &c->lock, err);
}

int bt_oci_run(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
	       struct bt_err *err)
{
	bt_auto(creating_done) struct creating c = { .cli = cli,
						     .lock = -EBADF,
						     .notify = BT_OCI_NOTIFY_NONE };
	int r = take_flags(argc, argv, &c.flags, err);

	if (r == 0)
		r = prepare(&c, argc, argv, ret_code, err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = create(&c, argv[optind], true, err);
	if (r < 0)
		return r;
	c.launch.bundle = c.bundle;
	r = bt_launch_start(&c.launch, err);
	if (r < 0) {
		take_back(&c);
		return r;
	}
	if (c.flags.detach) {
		bt_oci_notify_wait(&c.notify, c.launch.pid);
		return 0;
	}
	r = bt_oci_console_attend(c.launch.pid,
				  c.flags.console_socket == NULL ? c.launch.console_fd : -EBADF,
				  &c.notify, err);
	if (r < 0) {
		take_back(&c);
		return r;
	}
	*ret_code = r;
	return finish(&c, err);
}
