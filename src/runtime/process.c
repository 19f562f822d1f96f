/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/auto.h"
#include "runtime/limits.h"
#include "runtime/procfs.h"
#include "runtime/program.h"
#include "runtime/seccomp.h"
#include "runtime/sync.h"
#include "sys/caps.h"
#include "sys/closing.h"
#include "sys/inroot.h"
#include "sys/keyring.h"

static int compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

int bt_process_close_all_but(const struct bt_plan_process *p, const int keep[], size_t n,
			     struct bt_err *err)
{
	int all[BT_PROCESS_KEEP_MAX + 3];
	unsigned next = 3u + (unsigned)p->preserve_fds;
	int r;

	if (n > BT_PROCESS_KEEP_MAX)
		return bt_err_sys(err, -E2BIG, "close descriptors");
	memcpy(all, keep, n * sizeof(*keep));
	memcpy(all + n, p->stdio, sizeof(p->stdio));
	qsort(all, n + 3, sizeof(*all), compare);
	for (size_t i = 0; i < n + 3; i++) {
		unsigned fd = (unsigned)all[i];

		if (all[i] < 0 || fd < next)
			continue;
		r = fd > next ? bt_closing_range(next, fd - 1, false) : 0;
		if (r < 0)
			return bt_err_sys(err, r, "close descriptors");
		next = fd + 1;
	}
	r = bt_closing_range(next, ~0u, false);
	return r < 0 ? bt_err_sys(err, r, "close descriptors") : 0;
}

/* Put `fd` at the number `to`; it may be there already, marked to be closed. */
static int place(int fd, int to)
{
	if (fd == to)
		return fcntl(fd, F_SETFD, 0) < 0 ? -errno : 0;
	return dup2(fd, to) < 0 ? -errno : 0;
}

/* Copies above 2, so that placing one does not overwrite the next. */
static int set_aside(const int from[3], int ret[3])
{
	for (int i = 0; i < 3; i++) {
		ret[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 3);
		if (ret[i] < 0)
			return -errno;
	}
	return 0;
}

int bt_process_set_stdio(const struct bt_plan_process *p, int slave, struct bt_err *err)
{
	int from[3], aside[3];
	int r;

	for (int i = 0; i < 3; i++)
		from[i] = slave >= 0 ? slave : p->stdio[i];
	r = set_aside(from, aside);
	for (int i = 0; i < 3 && r == 0; i++)
		r = place(aside[i], i);
	if (r < 0)
		return bt_err_sys(err, r, "set up standard input and output");
	return 0;
}

int bt_process_lead(const struct bt_plan_process *p, char warning[BT_SYNC_WARNING_LEN],
		    struct bt_err *err)
{
	if (setsid() < 0 && errno != EPERM)
		return bt_err_sys(err, -errno, "setsid");
	if (p->process->terminal && ioctl(0, TIOCSCTTY, 0) < 0)
		return bt_err_sys(err, -errno,
				  "process.terminal: make it the controlling terminal");
	return p->count_late ? bt_limits_count(p->process, warning, err) : 0;
}

/* So that the program may open /dev/stdout again as its user. Not what is shared with
 * the host: its null device, or what cannot be changed anyway. */
static int own_stdio(const struct bt_plan_process *p, struct bt_err *err)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0)
			return bt_err_sys(err, -errno, "stat standard stream %d", fd);
		if (st.st_uid == p->process->uid ||
		    (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
			continue;
		if (fchown(fd, p->process->uid, (gid_t)-1) < 0 && errno != EINVAL &&
		    errno != EPERM && errno != EROFS)
			return bt_err_sys(err, -errno, "give standard stream %d to the user", fd);
	}
	return 0;
}

static int reset_signals(struct bt_err *err)
{
	struct sigaction now, standard = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++) {
		if (sigaction(sig, NULL, &now) == 0 && now.sa_handler != SIG_DFL &&
		    sigaction(sig, &standard, NULL) < 0)
			return bt_err_sys(err, -errno, "reset signal %d", sig);
	}
	(void)sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return bt_err_sys(err, -errno, "unblock signals");
	return 0;
}

static int set_label(const struct bt_plan_process *p, int proc, struct bt_err *err)
{
	const struct bt_oci_process *process = p->process;
	char text[512];
	int r = 0;

	if (process->apparmor_profile != NULL && *process->apparmor_profile != '\0') {
		(void)snprintf(text, sizeof(text), "exec %s", process->apparmor_profile);
		/* The old place is shared by all modules; SELinux has it where both are there. */
		r = bt_procfs_write(proc, "thread-self/attr/apparmor/exec", text);
		if (r == -ENOENT)
			r = bt_procfs_write(proc, "thread-self/attr/exec", text);
		if (r < 0)
			return bt_err_sys(err, r, "process.apparmorProfile: %s",
					  process->apparmor_profile);
	}
	if (process->selinux_label != NULL && *process->selinux_label != '\0') {
		r = bt_procfs_write(proc, "thread-self/attr/exec", process->selinux_label);
		if (r < 0)
			return bt_err_sys(err, r, "process.selinuxLabel: %s",
					  process->selinux_label);
	}
	return 0;
}

/* The keyring has the label of those who will use it. */
static int join_keyring(const struct bt_plan_process *p, int proc, struct bt_err *err)
{
	const char *label = p->process->selinux_label;
	int r = 0;

	if (label != NULL && *label != '\0')
		r = bt_procfs_write(proc, "thread-self/attr/keycreate", label);
	if (r < 0 && r != -ENOENT)
		return bt_err_sys(err, r, "process.selinuxLabel: label keys with %s", label);
	r = bt_keyring_join_session(p->keyring_name);
	return r < 0 ? bt_err_sys(err, r, "join a new session keyring") : 0;
}

int bt_process_prepare(const struct bt_plan_process *p, int proc, char warning[BT_SYNC_WARNING_LEN],
		       struct bt_err *err)
{
	int r = reset_signals(err);

	if (r < 0)
		return r;
	if (p->new_keyring)
		r = join_keyring(p, proc, err);
	if (r < 0)
		return r;
	r = bt_limits_apply(p->process, warning, err);
	if (r == 0 && !p->count_late)
		r = bt_limits_count(p->process, warning, err);
	if (r == 0)
		r = set_label(p, proc, err);
	if (r == 0)
		r = own_stdio(p, err);
	(void)umask(p->process->umask.set ? (mode_t)p->process->umask.value : 0022);
	return r;
}

/* The directory is found inside the root and entered by descriptor: no magic link
 * of /proc leads to one that somebody left open (CVE-2024-21626). */
static int enter_directory(const struct bt_plan_process *p, struct bt_err *err)
{
	bt_auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
	char cwd[PATH_MAX];
	int r;

	if (root < 0)
		return bt_err_sys(err, -errno, "open /");
	r = bt_inroot_open(root, p->process->cwd, O_PATH | O_DIRECTORY, 0, &fd);
	if (r == 0 && fchdir(fd) < 0)
		r = -errno;
	if (r < 0)
		return bt_err_sys(err, r, "process.cwd: chdir to \"%s\"", p->process->cwd);
	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) < 0 || cwd[0] != '/')
		return bt_err_set(err, BT_ERR_INVALID, EPERM,
				  "process.cwd: \"%s\" is outside of the container",
				  p->process->cwd);
	return 0;
}

static int close_others(const struct bt_plan_process *p, struct bt_err *err)
{
	unsigned first = 3u + (unsigned)p->preserve_fds;

	int r = bt_closing_range(first, ~0u, true);

	return r < 0 ? bt_err_sys(err, r, "close descriptors above %u", first - 1) : 0;
}

static bool filter_needs_admin(const struct bt_plan_process *p)
{
	return p->filter.insns != NULL && !p->process->no_new_privileges;
}

static int set_ids(const struct bt_plan_process *p, struct bt_err *err)
{
	const struct bt_oci_process *process = p->process;

	/* glibc's wrappers signal all threads; there is one here. */
	if (syscall(SYS_setgroups, process->nadditional_gids, process->additional_gids) < 0 &&
	    !(errno == EPERM && process->nadditional_gids == 0))
		return bt_err_sys(err, -errno, "process.user.additionalGids");
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return bt_err_sys(err, -errno, "keep capabilities");
	if (syscall(SYS_setresgid, process->gid, process->gid, process->gid) < 0)
		return bt_err_sys(err, -errno, "process.user.gid: %u", process->gid);
	if (syscall(SYS_setresuid, process->uid, process->uid, process->uid) < 0)
		return bt_err_sys(err, -errno, "process.user.uid: %u", process->uid);
	return 0;
}

int bt_process_drop(const struct bt_plan_process *p, struct bt_err *err)
{
	uint64_t kept = p->caps.permitted;
	int r = close_others(p, err);

	if (r == 0)
		r = enter_directory(p, err);
	if (r < 0)
		return r;
	r = bt_caps_limit_bounding(p->caps.bounding);
	if (r < 0)
		return bt_err_sys(err, r, "process.capabilities.bounding");
	r = set_ids(p, err);
	if (r < 0)
		return r;
	if (filter_needs_admin(p))
		kept |= UINT64_C(1) << CAP_SYS_ADMIN;
	r = bt_caps_set(p->caps.effective, kept, p->caps.inheritable);
	if (r == 0)
		r = bt_caps_set_ambient(p->caps.ambient);
	if (r < 0)
		return bt_err_sys(err, r, "process.capabilities");
	if (p->process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return bt_err_sys(err, -errno, "process.noNewPrivileges");
	return 0;
}

int bt_process_find(struct bt_plan_process *p, char ret_path[], struct bt_err *err)
{
	static char home[sizeof("HOME=") + PATH_MAX];

	if (p->home_missing) {
		memcpy(home, "HOME=", 5);
		bt_program_home(p->process->uid, home + 5);
		p->env[p->env_len] = home;
	}
	return bt_program_find(p->process->args.v[0], p->path_list, ret_path, err);
}

/* The listener must reach the creator although the filter is in force: with one that
 * refuses sendmsg(2) no listener can be handed over. */
static int send_listener(int sync, int listener, struct bt_err *err)
{
	const struct bt_sync_message message = { .type = BT_SYNC_LISTENER };
	int r = bt_sync_send(sync, &message, listener);

	bt_close(&listener);
	if (r == 0)
		r = bt_sync_expect(sync, BT_SYNC_GO);
	return r < 0 ? bt_err_sys(err, r, "linux.seccomp.listenerPath: hand the listener over") : 0;
}

static int install_filter(const struct bt_plan_process *p, int sync, struct bt_err *err)
{
	uint64_t admin = UINT64_C(1) << CAP_SYS_ADMIN;
	int r = 0;

	if (filter_needs_admin(p))
		r = bt_caps_set(p->caps.effective | admin, p->caps.permitted | admin,
				p->caps.inheritable);
	if (r == 0)
		r = bt_seccomp_load(p->filter.insns, p->filter.len, p->filter.flags, p->notify);
	if (r < 0)
		return bt_err_sys(err, r, "linux.seccomp: install the filter");
	return p->notify ? send_listener(sync, r, err) : 0;
}

int bt_process_filter(const struct bt_plan_process *p, int sync, struct bt_err *err)
{
	int r = p->filter.insns != NULL ? install_filter(p, sync, err) : 0;

	if (r < 0 || !filter_needs_admin(p))
		return r;
	r = bt_caps_set(p->caps.effective, p->caps.permitted, p->caps.inheritable);
	return r < 0 ? bt_err_sys(err, r, "process.capabilities") : 0;
}

int bt_process_exec(const struct bt_plan_process *p, const char *path, struct bt_err *err)
{
	(void)execve(path, p->process->args.v, p->env);
	return bt_program_failed(p->process->args.v[0], errno, err);
}
