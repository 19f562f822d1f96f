/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/sock.h"
#include "runtime/cgroups.h"
#include "runtime/hooks.h"
#include "runtime/idmap.h"
#include "runtime/init.h"
#include "runtime/net_devices.h"
#include "runtime/net_maker.h"
#include "runtime/notify.h"
#include "runtime/oom.h"
#include "runtime/outside.h"
#include "runtime/plan_make.h"
#include "runtime/rdt.h"
#include "runtime/systemd_scope.h"
#include "runtime/usher.h"
#include "sys/clone.h"
#include "sys/kernel.h"

/* The creator's side while the init is being made. */
struct creation {
	struct bt_plan plan;
	int sync;          /* its end of the socket pair, owned */
	int far;           /* the init's end, owned until it is born */
	int listener;      /* owned */
	pid_t placeholder; /* with systemd's driver: keeps the scope; owned, or 0 */
	struct bt_net_maker net;
	struct bt_launch launch;
};

static void creation_done(struct creation *c)
{
	bt_close(&c->sync);
	bt_close(&c->far);
	bt_close(&c->listener);
	bt_net_maker_done(&c->net);
	bt_launch_done(&c->launch);
	bt_plan_done(&c->plan);
}

static struct bt_cgroups_owner owner_of(const struct bt_launch_request *req)
{
	return (struct bt_cgroups_owner){ .spec = req->spec,
					  .id = req->id,
					  .bundle = req->bundle,
					  .systemd = req->systemd_cgroup };
}

/* Nobody's limits may be forgotten in silence. */
static int do_without_cgroup(struct creation *c, int r, struct bt_err *err)
{
	const char *limit = bt_cgroups_first_limit(&c->plan.spec->linux_.resources);

	if (r != -EACCES && r != -EPERM && r != -EROFS)
		return r;
	if (limit != NULL)
		return bt_err_context(err, "linux.resources.%s: needs a control group", limit);
	if (c->plan.cgroup.host != NULL)
		bt_ignore(bt_cgroup_remove(&c->plan.cgroup, 0));
	bt_cgroup_done(&c->plan.cgroup);
	bt_plan_warn(c->launch.warning, "the container has no control group: %s", err->msg);
	return 0;
}

static int make_cgroup(struct creation *c, struct bt_err *err)
{
	const struct bt_launch_request *req = c->plan.req;
	const struct bt_cgroups_owner owner = owner_of(req);
	const struct bt_cgroup_host *host;
	int r;

	r = bt_cgroups_host(&host, err);
	if (r == 0)
		r = bt_cgroups_begin(&owner, host, &c->plan.cgroup, &c->placeholder, err);
	/* A dozen directories take as long as all mounts: both at the same time. But who changes
	 * its user namespace could not enter them any more, and who may have none must know. */
	c->plan.group_comes_later = r == 0 && bt_cgroup_host_has_v1(host) &&
				    !bt_plan_has_userns(&c->plan) && !req->rootless;
	if (r == 0 && !c->plan.group_comes_later)
		r = bt_cgroups_complete(&owner, &c->plan.cgroup, err);
	if (r < 0)
		return req->rootless ? do_without_cgroup(c, r, err) : r;
	/* The namespace's root is where the process is when it is made. */
	if (bt_cgroup_host_has_v1(host) && (c->plan.clone_flags & CLONE_NEWCGROUP) != 0) {
		c->plan.clone_flags &= ~(uint64_t)CLONE_NEWCGROUP;
		c->plan.unshare_flags |= CLONE_NEWCGROUP;
	}
	return 0;
}

/* To an init that is gone nothing can be said: what it said before it went is still to be received.
 */
static int say(const struct creation *c, enum bt_sync_type type, struct bt_err *err)
{
	int r = bt_sync_say(c->sync, type);

	return r < 0 && r != -EPIPE ? bt_err_sys(err, r, "talk with the container's init") : 0;
}

/* While the init is about its mounts. */
static int complete_cgroup(struct creation *c, struct bt_err *err)
{
	const struct bt_cgroups_owner owner = owner_of(c->plan.req);
	int r;

	if (!c->plan.group_comes_later)
		return 0;
	r = bt_cgroups_complete(&owner, &c->plan.cgroup, err);
	return r < 0 ? r : say(c, BT_SYNC_GROUP, err);
}

/* Two turns of the processor less, where neither has to wait for the other. */
static int let_go(struct creation *c, struct bt_err *err)
{
	const struct bt_plan *plan = &c->plan;
	int r;

	/* Whoever asks for something on the way expects the answer, not this. */
	if (!plan->req->at_once || plan->hook_state != NULL || plan->process.notify ||
	    bt_plan_has_userns(plan))
		return 0;
	r = say(c, BT_SYNC_START, err);
	if (r < 0)
		return r;
	c->launch.started = true;
	return 0;
}

static int open_channels(struct creation *c, struct bt_err *err)
{
	const struct bt_launch_request *req = c->plan.req;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return bt_err_sys(err, -errno, "make a socket pair");
	c->sync = pair[0];
	c->far = pair[1];
	r = bt_sync_lift(&c->sync, 3 + req->preserve_fds);
	if (r == 0)
		r = bt_sync_lift(&c->far, 3 + req->preserve_fds);
	if (r == 0 && req->state_dir != NULL) {
		bt_auto_free char *path = bt_path_join(req->state_dir, BT_LAUNCH_START_SOCKET);

		r = path != NULL ? bt_sock_listen(path, SOCK_SEQPACKET, 0600) : -ENOMEM;
		if (r >= 0) {
			c->listener = r;
			r = bt_sync_lift(&c->listener, 3 + req->preserve_fds);
		}
	}
	return r < 0 ? bt_err_sys(err, r, "prepare to talk with the container's init") : 0;
}

static const struct bt_plan_join *pid_join(const struct bt_plan *plan)
{
	for (size_t i = 0; i < plan->njoins; i++) {
		if (plan->joins[i].type == CLONE_NEWPID)
			return &plan->joins[i];
	}
	return NULL;
}

static _Noreturn void become_init(struct creation *c)
{
	const struct bt_init init = { .plan = &c->plan, .sync = c->far, .listener = c->listener };

	/* Else it would never see that its creator has gone. */
	(void)close(c->sync);
	bt_init_run(&init);
}

static pid_t clone_directly(const struct bt_plan *plan, int *ret_pidfd, struct bt_err *err)
{
	const struct bt_clone how = {
		.flags = plan->clone_flags,
		.cgroup_fd = plan->cgroup.host != NULL ? bt_cgroup_clone_fd(&plan->cgroup) : -EBADF,
	};
	pid_t pid = bt_clone(&how, ret_pidfd);

	return pid < 0 ? bt_err_sys(err, (int)pid, "clone the container's init") : pid;
}

/* A process cannot move to another PID namespace: its children are born there. */
static int give_birth_in(struct creation *c, const struct bt_plan_join *join, struct bt_err *err)
{
	bt_auto_close int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	if (own < 0 || setns(join->fd, CLONE_NEWPID) < 0)
		return bt_err_sys(err, -errno, "linux.namespaces: join the pid namespace");
	pid = clone_directly(&c->plan, &c->launch.pidfd, err);
	if (pid == 0)
		become_init(c);
	if (pid > 0)
		c->launch.pid = pid;
	if (setns(own, CLONE_NEWPID) < 0)
		return bt_err_sys(err, -errno, "return to the own pid namespace");
	return pid < 0 ? (int)pid : 0;
}

static int give_birth(struct creation *c, struct bt_err *err)
{
	const struct bt_plan_join *join = pid_join(&c->plan);
	bool usher = bt_usher_needed(&c->plan);
	pid_t pid;
	int r;

	if (join != NULL && !usher) {
		r = give_birth_in(c, join, err);
		bt_close(&c->far);
		return r;
	}
	pid = usher ? bt_usher_clone(&c->plan, &c->launch.pidfd, err)
		    : clone_directly(&c->plan, &c->launch.pidfd, err);
	if (pid == 0)
		become_init(c);
	if (pid < 0)
		return (int)pid;
	c->launch.pid = pid;
	bt_close(&c->far);
	return 0;
}

static int write_maps(const struct creation *c, struct bt_err *err)
{
	const struct bt_oci_linux *l = &c->plan.spec->linux_;

	return bt_idmap_write(c->launch.pid, l->uid_mappings, l->nuid_mappings, l->gid_mappings,
			      l->ngid_mappings, err);
}

static int run_hooks(const struct creation *c, struct bt_err *err)
{
	const struct bt_oci_hooks *hooks = &c->plan.spec->hooks;
	const char *state = c->plan.hook_state;
	pid_t pid = c->launch.pid;
	int r = bt_hooks_run(&hooks->prestart, "prestart", state, "creating", pid, err);

	if (r < 0)
		return r;
	return bt_hooks_run(&hooks->create_runtime, "createRuntime", state, "creating", pid, err);
}

/* The caller's descriptor names a detached mount again. `fd` is taken over. */
static int take_root(const struct creation *c, int fd, struct bt_err *err)
{
	bt_auto_close int root = fd;

	if (root < 0)
		return bt_err_sys(err, -EPROTO, "receive the root file system");
	return dup3(root, c->plan.req->rootfs_fd, O_CLOEXEC) < 0
		       ? bt_err_sys(err, -errno, "receive the root file system")
		       : 0;
}

/* Returns 1 when the init is ready, 0 when more is to come, or -errno. */
static int answer(struct creation *c, const struct bt_sync_message *message, int fd,
		  struct bt_err *err)
{
	int r;

	switch (message->type) {
	case BT_SYNC_READY:
		if (message->warning[0] != '\0')
			bt_plan_warn(c->launch.warning, "%s", message->warning);
		return 1;
	case BT_SYNC_ERROR:
		*err = message->err;
		return -err->errnum;
	case BT_SYNC_CONSOLE:
		c->launch.console_fd = fd;
		return fd >= 0 ? 0 : bt_err_sys(err, -EPROTO, "receive the terminal");
	case BT_SYNC_ROOT:
		return take_root(c, fd, err);
	case BT_SYNC_UNMAPPED:
		r = write_maps(c, err);
		return r < 0 ? r : say(c, BT_SYNC_GO, err);
	case BT_SYNC_SYSCTL:
		r = bt_outside_sysctl(&c->plan, c->launch.pidfd, (size_t)message->pid, err);
		return r < 0 ? r : say(c, BT_SYNC_GO, err);
	case BT_SYNC_HOOKS:
		r = run_hooks(c, err);
		return r < 0 ? r : say(c, BT_SYNC_GO, err);
	default:
		return bt_err_sys(err, -EPROTO, "talk with the container's init");
	}
}

static int attend(struct creation *c, struct bt_err *err)
{
	int r = 0;

	while (r == 0) {
		struct bt_sync_message message;
		int fd = -EBADF;

		r = bt_sync_receive(c->sync, &message, &fd);
		if (r < 0)
			return bt_err_sys(err, r, "talk with the container's init");
		if (r == 0)
			return bt_err_set(err, BT_ERR_SYSTEM, ECHILD,
					  "the container's init ended without a word: it was "
					  "killed, perhaps for want of memory");
		r = answer(c, &message, fd, err);
	}
	return r < 0 ? r : 0;
}

/* Nothing of a failed creation stays. */
static void abandon(struct creation *c)
{
	if (c->launch.pid > 0) {
		(void)kill(c->launch.pid, SIGKILL);
		while (waitpid(c->launch.pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	if (c->plan.cgroup.host != NULL) {
		const struct bt_cgroups_owner owner = owner_of(c->plan.req);

		bt_ignore(bt_cgroups_remove(&owner, 1000, BT_ERR_IGNORED));
		bt_launch_leave_class(&owner);
	}
	if (c->listener >= 0) {
		bt_auto_free char *path =
			bt_path_join(c->plan.req->state_dir, BT_LAUNCH_START_SOCKET);

		if (path != NULL)
			(void)unlink(path);
	}
}

static int enter_class(const struct creation *c, struct bt_err *err)
{
	const struct bt_oci_intel_rdt *rdt = &c->plan.spec->linux_.intel_rdt;
	bt_auto_free char *root = NULL;
	int r;

	if (!rdt->set)
		return 0;
	r = bt_rdt_root(&root, err);
	return r < 0 ? r : bt_rdt_create(root, rdt, c->plan.req->id, c->launch.pid, err);
}

static int plan(struct creation *c, const struct bt_launch_request *req, struct bt_err *err)
{
	int r = bt_net_maker_start(req, &c->net, err);

	if (r == 0)
		r = bt_plan_make(req, &c->plan, err);
	if (r == 0)
		bt_net_maker_plan(&c->net, &c->plan);
	return r;
}

static int create(struct creation *c, struct bt_err *err)
{
	int r = make_cgroup(c, err);

	if (r == 0)
		r = open_channels(c, err);
	bt_outside_own_pipes(&c->plan.spec->linux_, c->plan.spec->process.uid,
			     c->plan.process.stdio);
	if (r == 0)
		r = give_birth(c, err);
	if (r == 0)
		r = enter_class(c, err);
	if (r == 0)
		r = bt_net_devices_move(&c->plan, c->launch.pid, err);
	if (r == 0)
		r = bt_oom_set_score(c->launch.pid, &c->plan.spec->process.oom_score_adj,
				     c->launch.warning, err);
	if (r == 0)
		r = complete_cgroup(c, err);
	if (r == 0 && c->plan.req->born != NULL)
		r = c->plan.req->born(c->plan.req->born_arg, c->launch.pid, err);
	if (r == 0)
		r = let_go(c, err);
	return r < 0 ? r : attend(c, err);
}

/* Who reads "Function not implemented" wants to know which, and what would have it. */
static int explain(struct bt_err *err)
{
	struct bt_err plain = *err;
	char missing[200];

	if (plain.errnum != ENOSYS && !(plain.errnum == EPERM && geteuid() == 0))
		return -plain.errnum;
	bt_kernel_missing(missing, sizeof(missing));
	if (missing[0] == '\0')
		return -plain.errnum;
	return bt_err_set(err, plain.kind, plain.errnum,
			  "%s (not to be had here, for the kernel or a filter: %s)", plain.msg,
			  missing);
}

int bt_launch_create(const struct bt_launch_request *req, struct bt_launch *ret, struct bt_err *err)
{
	bt_auto(creation_done) struct creation c = {
		.sync = -EBADF,
		.far = -EBADF,
		.listener = -EBADF,
		.net = { .sock = -EBADF },
		.plan = { .rootfs_fd = -EBADF, .map_userns = -EBADF },
		.launch = { .pidfd = -EBADF, .sync_fd = -EBADF, .console_fd = -EBADF },
	};
	int r = plan(&c, req, err);

	if (r == 0)
		r = create(&c, err);
	/* From here on the init keeps the scope. */
	bt_systemd_scope_release(&c.placeholder);
	if (r < 0) {
		abandon(&c);
		return explain(err);
	}
	c.launch.sync_fd = bt_take_fd(&c.sync);
	c.launch.spec = req->spec;
	c.launch.id = req->id;
	c.launch.bundle = req->bundle;
	*ret = bt_take_struct(c.launch);
	return 0;
}

int bt_launch_poststart(const struct bt_launch *launch, struct bt_err *err)
{
	struct bt_arena arena = { 0 };
	const char *state;
	int r;

	if (launch->spec == NULL || launch->spec->hooks.poststart.n == 0)
		return 0;
	r = bt_hooks_state(launch->spec, launch->id, launch->bundle, &arena, &state, err);
	if (r == 0)
		r = bt_hooks_run(&launch->spec->hooks.poststart, "poststart", state, "running",
				 launch->pid, err);
	bt_arena_done(&arena);
	return r;
}

static int pass_listener(const struct bt_launch *launch, int listener, struct bt_err *err)
{
	int r;

	if (launch->spec == NULL || listener < 0)
		return bt_err_sys(err, -EPROTO, "start the container");
	r = bt_notify_send(launch->spec, launch->id, launch->bundle, launch->pid, launch->pid,
			   "created", listener, err);
	if (r == 0 && bt_sync_say(launch->sync_fd, BT_SYNC_GO) < 0)
		r = bt_err_sys(err, -EPIPE, "start the container");
	return r;
}

/* Until the init has closed its end in execve(2), or says why it could not. */
static int see_through(const struct bt_launch *launch, struct bt_err *err)
{
	for (;;) {
		struct bt_sync_message message;
		bt_auto_close int fd = -EBADF;
		int r = bt_sync_receive(launch->sync_fd, &message, &fd);

		if (r < 0)
			return bt_err_sys(err, r, "start the container");
		if (r == 0)
			return 0;
		if (message.type == BT_SYNC_ERROR) {
			*err = message.err;
			return -err->errnum;
		}
		if (message.type != BT_SYNC_LISTENER)
			return bt_err_sys(err, -EPROTO, "start the container");
		r = pass_listener(launch, fd, err);
		if (r < 0)
			return r;
	}
}

int bt_launch_release(struct bt_launch *launch, struct bt_err *err)
{
	int r = launch->started ? 0 : bt_sync_say(launch->sync_fd, BT_SYNC_START);

	if (r < 0)
		return bt_err_sys(err, r, "start the container");
	r = see_through(launch, err);
	bt_close(&launch->sync_fd);
	return r;
}

int bt_launch_start(struct bt_launch *launch, struct bt_err *err)
{
	int r = bt_launch_release(launch, err);

	return r < 0 ? r : bt_launch_poststart(launch, err);
}

int bt_launch_reach(const char *state_dir, pid_t pid, struct bt_launch *ret, struct bt_err *err)
{
	bt_auto_free char *path = bt_path_join(state_dir, BT_LAUNCH_START_SOCKET);
	struct bt_launch launch = { .pid = pid, .pidfd = -EBADF, .console_fd = -EBADF };

	if (path == NULL)
		return bt_err_sys(err, -ENOMEM, "reach the container's init");
	launch.sync_fd = bt_sock_connect(path, SOCK_SEQPACKET);
	if (launch.sync_fd < 0)
		return bt_err_sys(err, launch.sync_fd, "reach the container's init at %s", path);
	*ret = launch;
	return 0;
}

int bt_launch_exit_code(const struct bt_err *err)
{
	/* Docker's command line goes by the same words. */
	if (strcasestr(err->msg, "executable file not found") ||
	    strcasestr(err->msg, "no such file or directory"))
		return 127;
	if (strcasestr(err->msg, "permission denied") || strcasestr(err->msg, "is a directory") ||
	    strcasestr(err->msg, "exec format error"))
		return 126;
	return 125;
}

int bt_launch_exec_exit_code(const struct bt_err *err)
{
	return bt_launch_exit_code(err) == 127 ? 127 : 126;
}

void bt_launch_end(struct bt_launch *launch)
{
	(void)kill(launch->pid, SIGKILL);
	while (waitpid(launch->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	bt_launch_done(launch);
}

void bt_launch_done(struct bt_launch *launch)
{
	if (launch->pid > 0) {
		bt_close(&launch->pidfd);
		bt_close(&launch->sync_fd);
		bt_close(&launch->console_fd);
	}
	*launch = (struct bt_launch){ .pidfd = -EBADF, .sync_fd = -EBADF, .console_fd = -EBADF };
}
