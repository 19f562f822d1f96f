/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "sys/clone.h"

/* The kernel takes 340 extents and one page of text. */
#define TEXT_MAX 4095
#define MAPS_MAX 340

static int write_map(pid_t pid, const char *file, const struct bt_oci_id_map *maps, size_t n,
		     struct bt_err *err)
{
	bt_auto_str struct bt_str text = { .max = TEXT_MAX };
	char path[64];
	int r;

	for (size_t i = 0; i < n; i++)
		bt_str_printf(&text, "%u %u %u\n", maps[i].container_id, maps[i].host_id,
			      maps[i].size);
	if (text.failed < 0)
		return bt_err_sys(err, text.failed, "linux.%sMappings",
				  file[0] == 'u' ? "uid" : "gid");
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	r = bt_io_write_file(AT_FDCWD, path, bt_str_get(&text));
	return r < 0 ? bt_err_sys(err, r, "linux.%sMappings: write %s",
				  file[0] == 'u' ? "uid" : "gid", path)
		     : 0;
}

/* Without rights one may map oneself, and nobody else. */
static bool is_own(const struct bt_oci_id_map *maps, size_t n, uint32_t own)
{
	return n == 1 && maps[0].host_id == own && maps[0].size == 1;
}

/* newuidmap(1) and newgidmap(1) have the right to map what /etc/subuid and /etc/subgid give the
 * user. */
static int ask_helper(const char *program, pid_t pid, const struct bt_oci_id_map *maps, size_t n,
		      struct bt_err *err)
{
	bt_auto_str struct bt_str text = { .max = TEXT_MAX };
	char *argv[2 + 3 * MAPS_MAX + 1];
	size_t argc = 0;
	int status, r;
	pid_t child;

	if (n > MAPS_MAX)
		return bt_err_set(err, BT_ERR_INVALID, E2BIG, "%s: more than %d ranges", program,
				  MAPS_MAX);
	bt_str_printf(&text, "%s %d", program, (int)pid);
	for (size_t i = 0; i < n; i++)
		bt_str_printf(&text, " %u %u %u", maps[i].container_id, maps[i].host_id,
			      maps[i].size);
	if (text.failed < 0)
		return bt_err_sys(err, text.failed, "%s", program);
	for (char *save = NULL, *word = strtok_r(text.p, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	r = posix_spawnp(&child, program, NULL, NULL, argv, environ);
	if (r > 0)
		return bt_err_set(err, BT_ERR_SYSTEM, r,
				  "linux.%sMappings: ids of others need the program %s: %s",
				  program[3] == 'u' ? "uid" : "gid", program, strerrordesc_np(r));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	return status == 0 ? 0
			   : bt_err_set(err, BT_ERR_INVALID, EPERM,
					"linux.%sMappings: %s refuses the ranges (see /etc/sub%s)",
					program[3] == 'u' ? "uid" : "gid", program,
					program[3] == 'u' ? "uid" : "gid");
}

static int write_unprivileged(pid_t pid, const struct bt_oci_id_map *uids, size_t nuids,
			      const struct bt_oci_id_map *gids, size_t ngids, struct bt_err *err)
{
	char path[64];
	int r;

	if (is_own(gids, ngids, getegid())) {
		/* Only where nobody can drop a group that keeps him out of something. */
		(void)snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
		r = bt_io_write_file(AT_FDCWD, path, "deny");
		if (r < 0)
			return bt_err_sys(err, r, "write %s", path);
		r = write_map(pid, "gid_map", gids, ngids, err);
	} else {
		r = ask_helper("newgidmap", pid, gids, ngids, err);
	}
	if (r < 0)
		return r;
	return is_own(uids, nuids, geteuid()) ? write_map(pid, "uid_map", uids, nuids, err)
					      : ask_helper("newuidmap", pid, uids, nuids, err);
}

int bt_idmap_write(pid_t pid, const struct bt_oci_id_map *uids, size_t nuids,
		   const struct bt_oci_id_map *gids, size_t ngids, struct bt_err *err)
{
	int r;

	if (geteuid() != 0)
		return write_unprivileged(pid, uids, nuids, gids, ngids, err);
	r = write_map(pid, "gid_map", gids, ngids, err);
	return r < 0 ? r : write_map(pid, "uid_map", uids, nuids, err);
}

int bt_idmap_namespace(const struct bt_oci_id_map *uids, size_t nuids,
		       const struct bt_oci_id_map *gids, size_t ngids, int *ret_fd,
		       struct bt_err *err)
{
	const struct bt_clone how = { .flags = CLONE_NEWUSER, .cgroup_fd = -EBADF };
	bt_auto_close int pidfd = -EBADF;
	pid_t pid = bt_clone(&how, &pidfd);
	char path[64];
	int r, fd = -EBADF;

	if (pid < 0)
		return bt_err_sys(err, (int)pid, "make a user namespace");
	if (pid == 0) {
		for (;;)
			(void)pause();
	}
	r = bt_idmap_write(pid, uids, nuids, gids, ngids, err);
	if (r == 0) {
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			r = bt_err_sys(err, -errno, "open %s", path);
	}
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (r == 0)
		*ret_fd = fd;
	return r;
}
