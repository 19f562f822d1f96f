/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/io.h"
#include "runtime/devices.h"
#include "runtime/hooks.h"
#include "runtime/limits.h"
#include "runtime/masks.h"
#include "runtime/mounts.h"
#include "runtime/net_maker.h"
#include "runtime/outside.h"
#include "runtime/process.h"
#include "runtime/procfs.h"
#include "runtime/rootfs.h"
#include "runtime/terminal.h"
#include "runtime/usher.h"
#include "sys/clone.h"
#include "sys/inroot.h"
#include "sys/mnt.h"

/* What the steps share. */
struct work {
	struct bt_plan *plan;
	int sync;
	int listener;
	int root;
	int proc;
	int slave;
	pid_t pid;           /* on the host; known only where hooks want it */
	char path[PATH_MAX]; /* of the program */
	char warning[BT_SYNC_WARNING_LEN];
};

/* Version 1 groups are entered by the process itself, and the namespace of groups
 * made afterwards, so that its root is the container's group. */
static int enter_cgroup(struct work *w, struct bt_err *err)
{
	const struct bt_cgroup *cg = &w->plan->cgroup;
	int r = 0;

	if (w->plan->group_comes_later) {
		r = bt_sync_expect(w->sync, BT_SYNC_GROUP);
		if (r < 0)
			return bt_err_sys(err, r, "wait for the control group");
		r = bt_cgroup_enter_made(cg);
	} else if (cg->host != NULL && bt_cgroup_needs_enter(cg)) {
		r = bt_cgroup_enter(cg, bt_cgroup_clone_fd(cg) >= 0);
	}
	if (r < 0)
		return bt_err_sys(err, r, "enter control group %s", cg->path);
	if ((w->plan->unshare_flags & CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		return bt_err_sys(err, -errno, "linux.namespaces: new cgroup namespace");
	return 0;
}

static int ask(struct work *w, enum bt_sync_type type, struct bt_err *err)
{
	int r = bt_sync_say(w->sync, type);

	if (r == 0)
		r = bt_sync_expect(w->sync, BT_SYNC_GO);
	return r < 0 ? bt_err_sys(err, r, "wait for the creating process") : 0;
}

static int become_root(struct work *w, struct bt_err *err)
{
	int r = 0;

	if (!bt_plan_has_userns(w->plan))
		return 0;
	if (w->plan->clone_flags & CLONE_NEWUSER)
		r = ask(w, BT_SYNC_UNMAPPED, err);
	if (r < 0)
		return r;
	if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0)
		return bt_err_sys(err, -errno, "become root of the user namespace");
	return 0;
}

static int join_namespaces(const struct bt_plan *plan, struct bt_err *err)
{
	if (bt_usher_needed(plan))
		return 0;
	for (size_t i = 0; i < plan->njoins; i++) {
		const struct bt_plan_join *join = &plan->joins[i];

		/* Its members are born in it: the creator has seen to that. */
		if (join->type == CLONE_NEWPID)
			continue;
		if (setns(join->fd, join->type) < 0)
			return bt_err_sys(err, -errno, "linux.namespaces: join the %s namespace",
					  bt_clone_namespace_name(join->type));
	}
	return 0;
}

static int write_time_offset(int proc, const char *clock, const struct bt_oci_time_offset *o,
			     struct bt_err *err)
{
	char text[64];
	int r;

	if (!o->set)
		return 0;
	(void)snprintf(text, sizeof(text), "%s %lld %u", clock, (long long)o->secs, o->nanosecs);
	r = bt_procfs_write(proc, "self/timens_offsets", text);
	return r < 0 ? bt_err_sys(err, r, "linux.timeOffsets.%s", clock) : 0;
}

static int enter_time(const struct bt_plan *plan, struct bt_err *err)
{
	const struct bt_oci_linux *l = &plan->spec->linux_;
	bt_auto_close int proc = -EBADF, ns = -EBADF;
	int r;

	if (!(plan->unshare_flags & CLONE_NEWTIME))
		return 0;
	proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return bt_err_sys(err, -errno, "open /proc");
	if (unshare(CLONE_NEWTIME) < 0)
		return bt_err_sys(err, -errno, "linux.namespaces: new time namespace");
	r = write_time_offset(proc, "boottime", &l->boottime, err);
	if (r == 0)
		r = write_time_offset(proc, "monotonic", &l->monotonic, err);
	if (r < 0)
		return r;
	ns = openat(proc, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWTIME) < 0)
		return bt_err_sys(err, -errno, "enter the new time namespace");
	return 0;
}

static int set_names(const struct bt_oci_spec *spec, struct bt_err *err)
{
	if (spec->hostname != NULL && *spec->hostname != '\0' &&
	    sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return bt_err_sys(err, -errno, "hostname: %s", spec->hostname);
	if (spec->domainname != NULL && *spec->domainname != '\0' &&
	    setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return bt_err_sys(err, -errno, "domainname: %s", spec->domainname);
	return 0;
}

static int set_up_namespaces(struct work *w, struct bt_err *err)
{
	int r = w->plan->group_comes_later ? 0 : enter_cgroup(w, err);

	if (r == 0)
		r = become_root(w, err);
	if (r == 0)
		r = join_namespaces(w->plan, err);
	if (r == 0)
		r = enter_time(w->plan, err);
	if (r == 0)
		r = w->plan->clone_flags & CLONE_NEWNET ? bt_net_maker_raise_loopback(err) : 0;
	if (r == 0)
		r = set_names(w->plan->spec, err);
	return r;
}

static int set_up_terminal(struct work *w, struct bt_err *err)
{
	const struct bt_oci_process *process = w->plan->process.process;
	const struct bt_sync_message message = { .type = BT_SYNC_CONSOLE };
	bt_auto_close int master = -EBADF;
	int r;

	if (!process->terminal)
		return 0;
	r = bt_terminal_open(w->root, process->console_height, process->console_width, &master,
			     &w->slave, err);
	if (r == 0)
		r = bt_terminal_bind_console(w->root, w->slave, err);
	if (r < 0)
		return r;
	r = bt_sync_send(w->sync, &message, master);
	return r < 0 ? bt_err_sys(err, r, "hand the terminal over") : 0;
}

/* While the host's procfs is still in sight. */
static pid_t pid_on_host(void)
{
	char text[16] = "";

	return readlink("/proc/self", text, sizeof(text) - 1) > 0 ? atoi(text) : 0;
}

static int run_early_hooks(struct work *w, struct bt_err *err)
{
	const struct bt_oci_hooks *hooks = &w->plan->spec->hooks;
	int r = 0;

	if (w->plan->hook_state == NULL)
		return 0;
	w->pid = pid_on_host();
	if (hooks->prestart.n + hooks->create_runtime.n > 0)
		r = ask(w, BT_SYNC_HOOKS, err);
	if (r == 0)
		r = bt_hooks_run(&hooks->create_container, "createContainer", w->plan->hook_state,
				 "creating", w->pid, err);
	return r;
}

/* A working directory that is missing is made, as the image says it is there. */
static int make_directory(struct work *w, struct bt_err *err)
{
	bt_auto_close int fd = -EBADF;
	const char *cwd = w->plan->process.process->cwd;
	int r;

	if (cwd == NULL || cwd[0] != '/')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "process.cwd: must be an absolute path");
	r = bt_inroot_make(w->root, cwd, S_IFDIR, &fd);
	return r < 0 ? bt_err_sys(err, r, "process.cwd: make \"%s\"", cwd) : 0;
}

/* While nothing is mounted on it yet. */
static int give_root_back(struct work *w, struct bt_err *err)
{
	const struct bt_sync_message message = { .type = BT_SYNC_ROOT };
	bt_auto_close int clone = -EBADF;
	int r;

	if (!w->plan->root_used_up)
		return 0;
	r = bt_mnt_clone(w->root, "", true, &clone);
	if (r == 0)
		r = bt_sync_send(w->sync, &message, clone);
	return r < 0 ? bt_err_sys(err, r, "give the root file system back") : 0;
}

/* What others make meanwhile is waited for when the first mount depends on it; the group also
 * by whoever runs from then on. */
static int mount_all(struct work *w, struct bt_err *err)
{
	struct bt_plan *plan = w->plan;
	bool apart = plan->net_sock >= 0;
	size_t net = apart ? bt_mounts_first_of_net(plan) : 0;
	size_t group = plan->group_comes_later ? bt_mounts_first_cgroup(plan) : net;
	int r = bt_mounts_apply(plan, w->root, 0, net, err);

	if (r == 0 && apart)
		r = bt_net_maker_enter(&plan->net_sock, err);
	if (r == 0)
		r = bt_mounts_apply(plan, w->root, net, group, err);
	if (r == 0 && plan->group_comes_later)
		r = enter_cgroup(w, err);
	return r < 0 ? r : bt_mounts_apply(plan, w->root, group, plan->nmounts, err);
}

/* Whom a setting of an IPC namespace belongs to, the host's root or the namespace's, differs
 * between kernels: who may not write it asks who may. */
static int set_sysctl(struct work *w, int proc, size_t number, struct bt_err *err)
{
	const struct bt_oci_pair *pair = &w->plan->spec->linux_.sysctl.v[number];
	const struct bt_oci_pairs one = { .v = pair, .n = 1 };
	const struct bt_sync_message wanted = { .type = BT_SYNC_SYSCTL, .pid = (pid_t)number };
	int r = bt_procfs_sysctl(proc, &one, err);

	if ((r != -EACCES && r != -EPERM) || !bt_outside_is_ours(w->plan, pair->key))
		return r;
	r = bt_sync_send(w->sync, &wanted, -EBADF);
	if (r == 0)
		r = bt_sync_expect(w->sync, BT_SYNC_GO);
	return r < 0 ? bt_err_sys(err, r, "wait for the creating process") : 0;
}

/* In the container's namespaces, and before its /proc/sys is read-only. */
static int set_sysctls(struct work *w, struct bt_err *err)
{
	size_t n = w->plan->spec->linux_.sysctl.n;
	bt_auto_close int proc = -EBADF;
	int r = n > 0 ? bt_procfs_open_bare(w->root, &proc) : 0;

	if (r < 0)
		return bt_err_sys(err, r, "open a procfs for sysctls");
	for (size_t i = 0; i < n && r == 0; i++)
		r = set_sysctl(w, proc, i, err);
	return r;
}

/* Made while the mount namespace still shows a whole procfs: a user namespace may
 * only mount another one then. */
static int open_procfs(struct work *w, struct bt_err *err)
{
	const struct bt_oci_process *process = w->plan->process.process;
	int r;

	if (process->apparmor_profile == NULL && process->selinux_label == NULL)
		return 0;
	r = bt_procfs_open(w->root, &w->proc);
	return r < 0 ? bt_err_sys(err, r, "open a procfs for the security label") : 0;
}

static int set_up_root(struct work *w, struct bt_err *err)
{
	struct bt_plan *plan = w->plan;
	int r = bt_rootfs_attach(plan, &w->root, err);

	if (r == 0)
		r = give_root_back(w, err);
	if (r == 0)
		r = mount_all(w, err);
	if (r == 0)
		r = bt_devices_make(plan, w->root, err);
	if (r == 0)
		r = set_up_terminal(w, err);
	if (r == 0)
		r = make_directory(w, err);
	if (r == 0)
		r = run_early_hooks(w, err);
	if (r == 0)
		r = set_sysctls(w, err);
	if (r == 0)
		r = bt_masks_apply(plan, w->root, err);
	if (r == 0)
		r = bt_mounts_seal(plan, w->root, err);
	if (r == 0)
		r = open_procfs(w, err);
	if (r < 0)
		return r;
	r = bt_rootfs_enter(plan, w->root, err);
	return r < 0 ? r : bt_rootfs_finish(plan, w->root, err);
}

static int set_up_process(struct work *w, struct bt_err *err)
{
	struct bt_plan_process *p = &w->plan->process;
	const int keep[] = { w->sync, w->listener, w->proc, w->slave };
	int r = bt_process_close_all_but(p, keep, sizeof(keep) / sizeof(keep[0]), err);

	if (r == 0)
		r = bt_process_set_stdio(p, w->slave, err);
	if (r == 0)
		r = bt_process_lead(p, w->warning, err);
	if (r == 0)
		r = bt_process_prepare(p, w->proc, w->warning, err);
	if (r == 0)
		r = bt_limits_personality(&w->plan->spec->linux_.personality, err);
	if (r == 0)
		r = bt_limits_memory_policy(&w->plan->spec->linux_.memory_policy, err);
	if (r == 0)
		r = bt_process_drop(p, err);
	return r < 0 ? r : bt_process_find(p, w->path, err);
}

/* Somebody has connected. Returns 1 where it says START: the conversation goes on with that one; 0
 * where it has gone without a word, for it may have been killed; or -errno. */
static int hear_start(struct work *w)
{
	bt_auto_close int conn = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC);
	int r;

	if (conn < 0)
		return errno == EINTR || errno == ECONNABORTED ? 0 : -errno;
	r = bt_sync_expect(conn, BT_SYNC_START);
	if (r < 0)
		return r == -ECONNRESET ? 0 : r;
	w->sync = bt_take_fd(&conn);
	return 1;
}

/* Wait for START from the creator, or from who connects to the listener when the creator has
 * gone. */
static int wait_for_start(struct work *w, struct bt_err *err)
{
	struct pollfd fds[2] = { { .fd = w->sync, .events = POLLIN },
				 { .fd = w->listener, .events = POLLIN } };
	int r;

	while (w->listener >= 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return bt_err_sys(err, -errno, "wait for start");
		r = fds[1].revents != 0 ? hear_start(w) : 0;
		if (r != 0)
			return r < 0 ? bt_err_sys(err, r, "wait for start") : 0;
		if ((fds[0].revents & POLLIN) && recv(w->sync, &(char){ 0 }, 1, MSG_PEEK) > 0)
			break;
		if (fds[0].revents != 0)
			fds[0].fd = -1;
	}
	r = bt_sync_expect(w->sync, BT_SYNC_START);
	return r < 0 ? bt_err_sys(err, r, "wait for start") : 0;
}

static int run(struct work *w, struct bt_err *err)
{
	struct bt_sync_message ready = { .type = BT_SYNC_READY };
	struct bt_plan *plan = w->plan;
	int r;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return bt_err_sys(err, -errno, "become untraceable");
	(void)umask(0);
	r = set_up_namespaces(w, err);
	bt_fault_point("init/namespaces");
	if (r == 0)
		r = set_up_root(w, err);
	if (r == 0)
		r = set_up_process(w, err);
	if (r < 0)
		return r;
	memcpy(ready.warning, w->warning, sizeof(ready.warning));
	r = bt_sync_send(w->sync, &ready, -EBADF);
	if (r < 0)
		return bt_err_sys(err, r, "report to the creating process");
	r = wait_for_start(w, err);
	if (r == 0)
		r = bt_hooks_run(&plan->spec->hooks.start_container, "startContainer",
				 plan->hook_state, "created", w->pid, err);
	if (r == 0)
		r = bt_process_filter(&plan->process, w->sync, err);
	return r < 0 ? r : bt_process_exec(&plan->process, w->path, err);
}

_Noreturn void bt_init_run(const struct bt_init *init)
{
	/* Too large for a small stack, and there is only one. */
	static struct work w;
	struct bt_sync_message message = { .type = BT_SYNC_ERROR };

	w = (struct work){ .plan = init->plan,
			   .sync = init->sync,
			   .listener = init->listener,
			   .root = -EBADF,
			   .proc = -EBADF,
			   .slave = -EBADF };
	memcpy(w.warning, init->plan->warning, sizeof(w.warning));
	(void)run(&w, &message.err);
	bt_ignore(bt_sync_send(w.sync, &message, -EBADF));
	_exit(1);
}
