/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Another process in a running container: bt_launch_exec() of runtime/launch.h.
 *
 * A first child, which the container cannot see, enters the namespaces of the
 * container's init by its pidfd, all in one call, and keeps no descriptor of the
 * host. It becomes all that the program will be: terminal, limits, user, capabilities,
 * filter. Its own child, born into the container's PID namespace as a child of the
 * creator, has no more to do than to start a session and to execute the program, once the
 * creator knows it and says so: whose number nobody has told must not run.
 *
 * A container that may trace (CAP_SYS_PTRACE) looks through /proc/PID/root and
 * /proc/PID/fd of whatever it sees, dumpable or not (CVE-2016-9962), and holds it and
 * makes it do what it likes. So whatever it sees must have nothing of the host and no
 * right beyond the program's from the first instruction on (decision 0062).
 */

#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "runtime/exec_cgroup.h"
#include "runtime/limits.h"
#include "runtime/notify.h"
#include "runtime/oom.h"
#include "runtime/outside.h"
#include "runtime/plan.h"
#include "runtime/plan_process.h"
#include "runtime/process.h"
#include "runtime/procfs.h"
#include "runtime/rdt.h"
#include "runtime/seccomp_answer.h"
#include "runtime/state.h"
#include "runtime/terminal.h"
#include "sys/caps.h"
#include "sys/clone.h"
#include "sys/pidfd.h"

struct joining {
	const struct bt_launch_exec *req;
	struct bt_arena arena;
	struct bt_plan_process process;
	struct bt_cgroup cgroup;
	uint64_t namespaces; /* CLONE_NEW* to enter */
	int target;          /* pidfd of the container's init, owned */
	int root;            /* its root, owned: where no pivot_root was made; else -EBADF */
	int sync, far;       /* owned */
	int proc;            /* of the first child, owned: a procfs in which it sees itself */
	pid_t door;          /* the first child, until it is reaped; else 0 */
	int door_fd;         /* its pidfd, owned */
	struct bt_launch launch;
	bool filtered;       /* the filter is in force already when the program's process is born */
	char path[PATH_MAX]; /* the program */
};

static void joining_done(struct joining *j)
{
	bt_close(&j->target);
	bt_close(&j->root);
	bt_close(&j->sync);
	bt_close(&j->far);
	bt_close(&j->proc);
	bt_close(&j->door_fd);
	bt_launch_done(&j->launch);
	bt_cgroup_done(&j->cgroup);
	bt_plan_process_done(&j->process);
	bt_arena_done(&j->arena);
}

static int enter_cgroup(const struct joining *j, struct bt_err *err)
{
	const char *first = j->process.process->cpu_affinity_initial;
	const char *last = j->process.process->cpu_affinity_final;
	int r = bt_limits_affinity(first, "process.execCPUAffinity.initial", err);

	if (r == 0 && j->cgroup.host != NULL && bt_cgroup_needs_enter(&j->cgroup)) {
		r = bt_cgroup_enter(&j->cgroup, bt_cgroup_clone_fd(&j->cgroup) >= 0);
		if (r < 0)
			r = bt_err_sys(err, r, "enter control group %s", j->cgroup.path);
	}
	return r < 0 ? r : bt_limits_affinity(last, "process.execCPUAffinity.final", err);
}

static int enter_class(const struct joining *j, struct bt_err *err)
{
	const struct bt_oci_intel_rdt *rdt = &j->req->spec->linux_.intel_rdt;
	bt_auto_free char *root = NULL;
	int r;

	if (!rdt->set)
		return 0;
	r = bt_rdt_root(&root, err);
	return r < 0 ? r : bt_rdt_join(root, rdt, j->req->id, getpid(), err);
}

static int enter_namespaces(const struct joining *j, struct bt_err *err)
{
	int types = (int)j->namespaces;
	int r;

	/* After it has become root of another user namespace nobody can, and of the number of
	 * processes (bt_process_lead()) after it has dropped its capabilities. */
	bt_outside_raise_limits(j->process.process);
	r = types != 0 ? bt_pidfd_setns(j->target, j->req->target, types) : 0;
	if (r < 0)
		return bt_err_sys(err, r, "enter the container's namespaces");
	if ((types & CLONE_NEWUSER) &&
	    (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0))
		return bt_err_sys(err, -errno, "become root of the user namespace");
	if (j->root >= 0 && (fchdir(j->root) < 0 || chroot(".") < 0))
		return bt_err_sys(err, -errno, "enter the container's root");
	return 0;
}

static int open_terminal(const struct joining *j, int *ret_slave, struct bt_err *err)
{
	const struct bt_sync_message message = { .type = BT_SYNC_CONSOLE };
	const struct bt_oci_process *process = j->process.process;
	bt_auto_close int root = -EBADF, master = -EBADF;
	int r;

	if (!process->terminal)
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return bt_err_sys(err, -errno, "open /");
	r = bt_terminal_open(root, process->console_height, process->console_width, &master,
			     ret_slave, err);
	if (r < 0)
		return r;
	r = bt_sync_send(j->far, &message, master);
	return r < 0 ? bt_err_sys(err, r, "hand the terminal over") : 0;
}

/* The host's: the container's does not show who is outside of its PID namespace. What is said
 * there of the program's label goes on to the child. */
static int open_procfs(struct joining *j, struct bt_err *err)
{
	const struct bt_oci_process *process = j->process.process;
	int r;

	if (process->apparmor_profile == NULL && process->selinux_label == NULL)
		return 0;
	r = bt_procfs_open(AT_FDCWD, &j->proc);
	return r < 0 ? bt_err_sys(err, r, "open a procfs for the security label") : 0;
}

static const struct bt_oci_i64 *score_of(const struct bt_launch_exec *req)
{
	return req->process->oom_score_adj.set ? &req->process->oom_score_adj
					       : &req->spec->process.oom_score_adj;
}

/* Only where there is something to say. */
static int tell_warning(const struct joining *j, struct bt_err *err)
{
	struct bt_sync_message message = { .type = BT_SYNC_READY };
	int r;

	if (j->launch.warning[0] == '\0')
		return 0;
	memcpy(message.warning, j->launch.warning, sizeof(message.warning));
	r = bt_sync_send(j->far, &message, -EBADF);
	return r < 0 ? bt_err_sys(err, r, "report to the creating process") : 0;
}

/* Does the filter let through what is done under it: the birth, the report and its answer, the
 * session, the program? One that does not is for the program's process to install, as is one whose
 * listener is to be told which process that is. */
static bool filter_can_be_early(const struct bt_plan_process *p)
{
	const void *insns = p->filter.insns;
	size_t len = p->filter.len;
	const long calls[] = { SYS_sendmsg, SYS_read,   SYS_exit_group,
			       SYS_setsid,  SYS_execve, SYS_prlimit64 };

	if (insns == NULL || p->notify)
		return false;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (!bt_seccomp_answer_lets(insns, len, calls[i], 0, 0))
			return false;
	}
	if (p->process->terminal && !bt_seccomp_answer_lets(insns, len, SYS_ioctl, 0, TIOCSCTTY))
		return false;
	if (bt_seccomp_answer_lets(insns, len, SYS_clone3, 0, 0))
		return true;
	return (bt_seccomp_answer_fails(insns, len, SYS_clone3, ENOSYS) ||
		bt_seccomp_answer_fails(insns, len, SYS_clone3, EPERM)) &&
	       bt_seccomp_answer_lets(insns, len, SYS_clone, CLONE_PARENT | CLONE_PIDFD | SIGCHLD,
				      0);
}

/* All that takes rights, before anybody in the container can see it. */
static int become(struct joining *j, struct bt_err *err)
{
	struct bt_plan_process *p = &j->process;
	bt_auto_close int slave = -EBADF;
	int r = open_terminal(j, &slave, err);

	if (r == 0)
		r = bt_process_set_stdio(p, slave, err);
	if (r == 0)
		r = bt_process_prepare(p, j->proc, j->launch.warning, err);
	bt_close(&j->proc);
	if (r == 0)
		r = bt_limits_personality(&j->req->spec->linux_.personality, err);
	if (r == 0)
		r = bt_process_drop(p, err);
	if (r == 0)
		r = bt_process_find(p, j->path, err);
	if (r < 0 || !filter_can_be_early(p))
		return r;
	j->filtered = true;
	return bt_process_filter(p, j->far, err);
}

/* By read(2), which hardly a filter forbids. The end of the conversation is that of the exec. */
static int wait_until_known(const struct joining *j, struct bt_err *err)
{
	struct bt_sync_message message = { 0 };
	ssize_t n;

	do {
		n = read(j->far, &message, sizeof(message));
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return bt_err_sys(err, n < 0 ? -errno : -ECONNRESET, "wait for the creator");
	return message.type == BT_SYNC_GO ? 0 : bt_err_sys(err, -EPROTO, "wait for the creator");
}

static int run(struct joining *j, struct bt_err *err)
{
	struct bt_plan_process *p = &j->process;
	int r = wait_until_known(j, err);

	if (r == 0)
		r = bt_process_lead(p, j->launch.warning, err);
	if (r == 0)
		r = tell_warning(j, err);
	if (r == 0 && !j->filtered)
		r = bt_process_filter(p, j->far, err);
	return r < 0 ? r : bt_process_exec(p, j->path, err);
}

static _Noreturn void child(struct joining *j)
{
	struct bt_sync_message message = { .type = BT_SYNC_ERROR };

	(void)run(j, &message.err);
	bt_ignore(bt_sync_send(j->far, &message, -EBADF));
	_exit(1);
}

static int pass_through(struct joining *j, struct bt_err *err)
{
	int r;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return bt_err_sys(err, -errno, "become untraceable");
	/* By which the creator finds whom this process leaves if it is killed. */
	if (setpgid(0, 0) < 0)
		return bt_err_sys(err, -errno, "become a group of processes");
	r = bt_oom_set_score(0, score_of(j->req), j->launch.warning, err);
	if (r == 0)
		r = enter_cgroup(j, err);
	if (r == 0)
		r = enter_class(j, err);
	if (r == 0)
		r = open_procfs(j, err);
	if (r == 0)
		r = enter_namespaces(j, err);
	if (r < 0)
		return r;
	return bt_process_close_all_but(&j->process, (const int[]){ j->far, j->proc }, 2, err);
}

/* The first child: goes in, leaves its own child there, and says which. */
static _Noreturn void door(struct joining *j)
{
	/* A sibling of this process: the creator is its parent, and reaps it. */
	const struct bt_clone how = { .flags = CLONE_PARENT, .cgroup_fd = -EBADF };
	struct bt_sync_message message = { .type = BT_SYNC_ERROR };
	int pidfd = -EBADF, r = pass_through(j, &message.err);

	if (r == 0)
		r = become(j, &message.err);
	if (r == 0) {
		pid_t pid = bt_clone(&how, &pidfd);

		if (pid == 0)
			child(j);
		if (pid > 0)
			message = (struct bt_sync_message){ .type = BT_SYNC_BORN, .pid = pid };
		else
			(void)bt_err_sys(&message.err, (int)pid, "clone");
	}
	bt_ignore(bt_sync_send(j->far, &message, pidfd));
	_exit(0);
}

static pid_t clone_door(struct joining *j)
{
	/* Where there is version 2 only, both are born in the group. */
	const struct bt_clone how = {
		.cgroup_fd = j->cgroup.host != NULL ? bt_cgroup_clone_fd(&j->cgroup) : -EBADF,
	};
	pid_t pid = bt_clone(&how, &j->door_fd);

	if (pid == 0)
		door(j);
	return pid;
}

static int give_birth(struct joining *j, struct bt_err *err)
{
	pid_t pid = clone_door(j);

	/* Who says which group it wants gets that one or none. */
	if (bt_exec_cgroup_is_closed((int)pid) && j->req->sub_cgroups.n == 0 &&
	    bt_exec_cgroup_follow(&j->cgroup, j->req->target) == 0)
		pid = clone_door(j);
	if (bt_exec_cgroup_is_closed((int)pid))
		return bt_err_sys(err, (int)pid,
				  "begin in control group %s, which hands its controllers to "
				  "groups below it: --cgroup can name one of those",
				  j->cgroup.path);
	if (pid < 0)
		return bt_err_sys(err, (int)pid, "clone");
	j->door = pid;
	bt_close(&j->far);
	return 0;
}

static void reap(pid_t *pid)
{
	while (*pid > 0 && waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	*pid = 0;
}

static int pass_listener(const struct joining *j, int listener, struct bt_err *err)
{
	const struct bt_launch_exec *req = j->req;
	int r = bt_notify_send(req->spec, req->id, NULL, j->launch.pid, req->target, "running",
			       listener, err);

	if (r == 0 && bt_sync_say(j->sync, BT_SYNC_GO) < 0)
		r = bt_err_sys(err, -EPIPE, "talk with the new process");
	return r;
}

/* Who may trace the new process may speak in its name: nobody is taken for it who is no child of
 * this process. */
static int take_in(struct joining *j, pid_t pid, int *pidfd, struct bt_err *err)
{
	siginfo_t info;
	int r;

	if (j->launch.pid != 0 || pid <= 0 || *pidfd < 0 ||
	    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return bt_err_sys(err, -EPROTO, "talk with the new process");
	j->launch.pidfd = bt_take_fd(pidfd);
	j->launch.pid = pid;
	/* That it has gone meanwhile is heard in a moment. */
	r = bt_sync_say(j->sync, BT_SYNC_GO);
	return r < 0 && r != -EPIPE ? bt_err_sys(err, r, "talk with the new process") : 0;
}

static int out_of_turn(struct bt_err *err)
{
	return bt_err_sys(err, -EPROTO, "talk with the new process");
}

/* Nobody has to say anything that was not asked for. */
static int take_message(struct joining *j, struct bt_sync_message *message, int *fd,
			bool *ret_failed, struct bt_err *err)
{
	switch (message->type) {
	case BT_SYNC_BORN:
		return take_in(j, message->pid, fd, err);
	case BT_SYNC_CONSOLE:
		if (!j->process.process->terminal || j->launch.console_fd >= 0)
			return out_of_turn(err);
		j->launch.console_fd = bt_take_fd(fd);
		return 0;
	case BT_SYNC_READY:
		memcpy(j->launch.warning, message->warning, sizeof(j->launch.warning));
		return 0;
	case BT_SYNC_LISTENER:
		return j->process.notify ? pass_listener(j, *fd, err) : out_of_turn(err);
	case BT_SYNC_ERROR:
		/* Who it is may still have to be told, so that it can be reaped. */
		*err = message->err;
		*ret_failed = true;
		return 0;
	default:
		return out_of_turn(err);
	}
}

/* As bt_sync_receive(). Until the number of the new process is known the first child may be killed,
 * and that one, whom nobody knows, waits for a word. */
static int hear(const struct joining *j, bool failed, struct bt_sync_message *ret, int *ret_fd)
{
	int r = j->launch.pid != 0 || failed ? 1 : bt_sync_hear(j->sync, j->door_fd);

	return r <= 0 ? r : bt_sync_receive(j->sync, ret, ret_fd);
}

/* The end of the conversation: its descriptor was closed by execve(2). */
static int attend(struct joining *j, struct bt_err *err)
{
	bool failed = false;

	for (;;) {
		struct bt_sync_message message;
		bt_auto_close int fd = -EBADF;
		int r = hear(j, failed, &message, &fd);

		if (r < 0)
			return bt_err_sys(err, r, "talk with the new process");
		if (r == 0 && !failed && j->launch.pid == 0)
			return bt_err_set(err, BT_ERR_SYSTEM, ECHILD,
					  "the process that joins the container ended without a "
					  "word: it was killed, perhaps for want of memory");
		if (r == 0)
			return failed ? -err->errnum : 0;
		r = take_message(j, &message, &fd, &failed, err);
		if (r < 0)
			return r;
	}
}

/* Asked after the descriptor was opened, so both are about the same process. */
static bool is_target(const struct bt_launch_exec *req)
{
	uint64_t start = 0;

	return req->target_start == 0 ||
	       (bt_state_start_time(req->target, &start) == 1 && start == req->target_start);
}

static int plan_namespaces(struct joining *j, struct bt_err *err)
{
	const struct bt_oci_linux *l = &j->req->spec->linux_;
	char path[48];

	for (size_t i = 0; i < l->nnamespaces; i++)
		j->namespaces |= (uint64_t)l->namespaces[i].type;
	j->target = bt_pidfd_open(j->req->target);
	if (j->target == -ESRCH || (j->target >= 0 && !is_target(j->req)))
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH, "the container is not running");
	if (j->target < 0)
		return bt_err_sys(err, j->target, "open process %d", (int)j->req->target);
	if (!j->req->no_pivot)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)j->req->target);
	j->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return j->root < 0 ? bt_err_sys(err, -errno, "open %s", path) : 0;
}

static int plan_cgroup(struct joining *j, struct bt_err *err)
{
	const struct bt_cgroups_owner owner = { .spec = j->req->spec,
						.id = j->req->id,
						.systemd = j->req->systemd_cgroup };
	int r = bt_exec_cgroup_open(&owner, j->req->rootless, &j->cgroup, err);

	return r < 0 ? r : bt_exec_cgroup_descend(&j->cgroup, &j->req->sub_cgroups, err);
}

static int prepare(struct joining *j, struct bt_err *err)
{
	const struct bt_launch_exec *req = j->req;
	int pair[2], r;

	r = plan_namespaces(j, err);
	if (r == 0)
		r = plan_cgroup(j, err);
	if (r == 0)
		r = bt_plan_process_make(req->process, &req->seccomp, &req->spec->linux_.seccomp,
					 j->namespaces & CLONE_NEWUSER ? UINT64_MAX
								       : bt_caps_bounding(),
					 &j->arena, &j->process, j->launch.warning, err);
	if (r < 0)
		return r;
	memcpy(j->process.stdio, req->stdio, sizeof(req->stdio));
	bt_outside_own_pipes(&req->spec->linux_, req->process->uid, req->stdio);
	j->process.preserve_fds = req->preserve_fds;
	j->process.new_keyring = !req->no_new_keyring;
	j->process.keyring_name = req->id;
	j->process.count_late = true;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return bt_err_sys(err, -errno, "make a socket pair");
	j->sync = pair[0];
	j->far = pair[1];
	r = bt_sync_lift(&j->sync, 3 + req->preserve_fds);
	if (r == 0)
		r = bt_sync_lift(&j->far, 3 + req->preserve_fds);
	return r < 0 ? bt_err_sys(err, r, "make a socket pair") : 0;
}

int bt_launch_exec(const struct bt_launch_exec *req, struct bt_launch *ret, struct bt_err *err)
{
	bt_auto(joining_done) struct joining j = {
		.req = req,
		.target = -EBADF,
		.root = -EBADF,
		.sync = -EBADF,
		.far = -EBADF,
		.proc = -EBADF,
		.door_fd = -EBADF,
		.launch = { .pidfd = -EBADF, .sync_fd = -EBADF, .console_fd = -EBADF },
	};
	int r = prepare(&j, err);

	if (r == 0)
		r = give_birth(&j, err);
	if (r == 0)
		r = attend(&j, err);
	bt_close(&j.sync);
	/* Killed, as the control group may be at any time, it may have left somebody. */
	if (j.door > 0 && j.launch.pid == 0)
		bt_clone_end_group(j.door);
	else
		reap(&j.door);
	if (r < 0) {
		if (j.launch.pid > 0)
			(void)kill(j.launch.pid, SIGKILL);
		reap(&j.launch.pid);
		return r;
	}
	*ret = bt_take_struct(j.launch);
	return 0;
}
