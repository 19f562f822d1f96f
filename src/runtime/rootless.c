/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/rootless.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "runtime/idmap.h"
#include "runtime/oci_console.h"
#include "sys/clone.h"

/* The machine's own user namespace maps every id to itself. */
static bool in_first_namespace(void)
{
	bt_auto_free char *map = NULL;
	unsigned long long in, out, count;

	return bt_io_read_file(AT_FDCWD, "/proc/self/uid_map", 4096, &map, NULL) < 0 ||
	       (sscanf(map, "%llu %llu %llu", &in, &out, &count) == 3 && in == 0 && out == 0 &&
		count == 0xffffffff);
}

bool bt_rootless_here(void)
{
	return geteuid() != 0 || !in_first_namespace();
}

static bool makes_namespace(const struct bt_oci_spec *spec)
{
	const struct bt_oci_namespace *ns = bt_oci_spec_namespace(spec, CLONE_NEWUSER);

	return ns != NULL && ns->path == NULL;
}

/* What is done must not be done again. */
static void forget_namespace(struct bt_oci_spec *spec)
{
	struct bt_oci_linux *l = &spec->linux_;
	struct bt_oci_namespace *list = (struct bt_oci_namespace *)(uintptr_t)l->namespaces;
	size_t n = 0;

	for (size_t i = 0; i < l->nnamespaces; i++) {
		if (list[i].type != CLONE_NEWUSER)
			list[n++] = list[i];
	}
	l->nnamespaces = n;
	l->nuid_mappings = l->ngid_mappings = 0;
}

static int become_root(int sock, struct bt_err *err)
{
	char byte;

	/* The end of the conversation, without a word, is that of a parent that failed. */
	if (read(sock, &byte, 1) != 1)
		_exit(1);
	if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0)
		return bt_err_sys(err, -errno,
				  "linux.uidMappings: become root of the user namespace");
	return 0;
}

/* The parent's part: the maps, and then the child's end is its own. */
static int see_through(const struct bt_oci_linux *l, pid_t pid, int sock, int *ret_code,
		       struct bt_err *err)
{
	int r = bt_idmap_write(pid, l->uid_mappings, l->nuid_mappings, l->gid_mappings,
			       l->ngid_mappings, err);

	/* Its own signals it takes itself: it was made before. */
	if (r == 0)
		r = bt_oci_console_hold(err);
	if (r == 0 && write(sock, "", 1) != 1)
		r = bt_err_sys(err, -errno, "enter the user namespace");
	if (r < 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return r;
	}
	r = bt_oci_console_attend(pid, -EBADF, &BT_OCI_NOTIFY_NONE, err);
	if (r < 0)
		return r;
	*ret_code = r;
	return 1;
}

int bt_rootless_enter(struct bt_oci_spec *spec, int *ret_code, struct bt_err *err)
{
	const struct bt_clone how = { .flags = CLONE_NEWUSER | CLONE_NEWNS, .cgroup_fd = -EBADF };
	bt_auto_close int near = -EBADF, far = -EBADF, pidfd = -EBADF;
	int pair[2];
	pid_t pid;

	if (geteuid() == 0)
		return 0;
	if (!makes_namespace(spec))
		return bt_err_set(
			err, BT_ERR_INVALID, EPERM,
			"linux.namespaces: a new user namespace is needed: without root's "
			"rights there is no container in the machine's own");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return bt_err_sys(err, -errno, "make a socket pair");
	near = pair[0];
	far = pair[1];
	pid = bt_clone(&how, &pidfd);
	if (pid < 0)
		return bt_err_sys(err, (int)pid, "linux.namespaces: make a user namespace");
	if (pid == 0) {
		bt_close(&near);
		forget_namespace(spec);
		return become_root(far, err);
	}
	bt_close(&far);
	return see_through(&spec->linux_, pid, near, ret_code, err);
}
