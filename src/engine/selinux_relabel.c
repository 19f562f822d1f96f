/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/selinux_relabel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/auto.h"
#include "codec/selinux_context.h"

#define ATTRIBUTE "security.selinux"
/* Each level holds a descriptor. */
#define DEPTH_MAX 256

bool bt_selinux_relabel_is_forbidden(const char *path)
{
	static const char *const places[] = {
		"/",        "/bin",  "/boot", "/dev",   "/etc",        "/etc/passwd",
		"/etc/pki", "/home", "/lib",  "/lib64", "/etc/shadow", "/media",
		"/opt",     "/proc", "/root", "/run",   "/sbin",       "/srv",
		"/sys",     "/tmp",  "/usr",  "/var",   "/var/lib",    "/var/log",
	};
	const char *home = getenv("HOME");

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(path, places[i]) == 0)
			return true;
	return home && home[0] == '/' && strcmp(path, home) == 0;
}

static void dir_done(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* There is no setxattrat(2) before Linux 6.13: the directory is reached by its descriptor, and
 * what is in it is not followed. */
static int set_label(int dir, const char *name, const char *label)
{
	char path[NAME_MAX + 40];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	if (lsetxattr(path, ATTRIBUTE, label, strlen(label) + 1, 0) == 0)
		return 0;
	return errno == ENOENT || errno == EOPNOTSUPP ? 0 : -errno;
}

static int relabel_dir(int fd, const char *label, int depth);

static int relabel_entry(int dir, const char *name, const char *label, int depth)
{
	int fd, r = set_label(dir, name, label);

	if (r < 0)
		return r;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return relabel_dir(fd, label, depth + 1);
	return errno == ENOTDIR || errno == ELOOP || errno == ENOENT ? 0 : -errno;
}

/* Takes `fd`. */
static int relabel_dir(int fd, const char *label, int depth)
{
	bt_auto(dir_done) DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		bt_close(&fd);
		return -ENOMEM;
	}
	if (depth > DEPTH_MAX)
		return -ELOOP;
	while (r == 0 && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = relabel_entry(fd, entry->d_name, label, depth);
	return r;
}

/* `path` itself last, so that it tells that all below is done. */
static int relabel(const char *path, const char *label)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 && errno != ENOTDIR ? -errno : 0;

	if (fd >= 0)
		r = relabel_dir(fd, label, 0);
	if (r == 0 && setxattr(path, ATTRIBUTE, label, strlen(label) + 1, 0) < 0 &&
	    errno != EOPNOTSUPP)
		r = -errno;
	return r;
}

int bt_selinux_relabel_tree(const char *path, const char *label, bool shared, struct bt_err *err)
{
	char real[PATH_MAX], text[BT_SELINUX_LABEL_LEN];
	struct bt_selinux_context context;
	int r;

	if (label[0] == '\0')
		return 0;
	r = bt_selinux_context_parse(label, &context);
	if (r == 0 && shared && context.part[BT_SELINUX_LEVEL][0])
		r = bt_selinux_context_set(&context, BT_SELINUX_LEVEL, "s0");
	if (r == 0)
		r = bt_selinux_context_print(&context, text);
	if (r == 0 && !realpath(path, real))
		r = -errno;
	if (r == 0 && bt_selinux_relabel_is_forbidden(real))
		return bt_err_set(err, BT_ERR_INVALID, EPERM,
				  "SELinux relabeling of %s is not allowed", real);
	if (r == 0)
		r = relabel(real, text);
	return r < 0 ? bt_err_sys(err, r, "error setting label on mount source '%s'", path) : 0;
}

int bt_selinux_relabel_once(const char *path, const char *label, struct bt_err *err)
{
	char has[BT_SELINUX_LABEL_LEN] = "";
	ssize_t n = getxattr(path, ATTRIBUTE, has, sizeof(has) - 1);
	int r = n >= 0 && strcmp(has, label) == 0 ? 0 : relabel(path, label);

	return r < 0 ? bt_err_sys(err, r, "label %s as %s", path, label) : 0;
}
