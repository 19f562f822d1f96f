/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/inroot.h"
#include "sys/mnt.h"

static const struct bt_oci_device defaults[] = {
	{ .type = 'c', .path = "/dev/null", .major = 1, .minor = 3 },
	{ .type = 'c', .path = "/dev/zero", .major = 1, .minor = 5 },
	{ .type = 'c', .path = "/dev/full", .major = 1, .minor = 7 },
	{ .type = 'c', .path = "/dev/random", .major = 1, .minor = 8 },
	{ .type = 'c', .path = "/dev/urandom", .major = 1, .minor = 9 },
	{ .type = 'c', .path = "/dev/tty", .major = 5, .minor = 0 },
};

static mode_t type_bits(const struct bt_oci_device *dev)
{
	switch (dev->type) {
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default:
		return S_IFCHR;
	}
}

static dev_t number(const struct bt_oci_device *dev)
{
	return dev->type == 'p' ? 0 : makedev((unsigned)dev->major, (unsigned)dev->minor);
}

/* Is `name` in `dir` the very device, and no symlink or file of that name? */
static int verify(int dir, const char *name, const struct bt_oci_device *dev, struct stat *st)
{
	if (fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if ((st->st_mode & S_IFMT) != type_bits(dev))
		return -EEXIST;
	return dev->type == 'p' || st->st_rdev == number(dev) ? 0 : -EEXIST;
}

static int make_node(int dir, const char *name, const struct bt_oci_device *dev)
{
	mode_t mode = dev->file_mode.set ? (mode_t)(dev->file_mode.value & 07777) : 0666;
	struct stat st;
	int r;

	if (mknodat(dir, name, type_bits(dev) | mode, number(dev)) < 0) {
		if (errno != EEXIST)
			return -errno;
		r = verify(dir, name, dev, &st);
		if (r < 0)
			return r;
	}
	if ((dev->uid_set || dev->gid_set) && (dev->uid | dev->gid) != 0 &&
	    fchownat(dir, name, dev->uid, dev->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

/* A clone of the host's node at `path`, if that is the device. */
static int clone_node(const char *path, const struct bt_oci_device *dev, int *ret)
{
	bt_auto_close int source = -EBADF;
	struct stat st;
	int r = bt_mnt_clone(AT_FDCWD, path, false, &source);

	if (r < 0)
		return r;
	if (fstat(source, &st) < 0)
		return -errno;
	if ((st.st_mode & S_IFMT) != type_bits(dev) || st.st_rdev != number(dev))
		return -ENODEV;
	*ret = bt_take_fd(&source);
	return 0;
}

/* Under another name than the host's: what the kernel calls the device. */
static int clone_by_number(const struct bt_oci_device *dev, int *ret)
{
	char path[64], text[1024], *name;
	bt_auto_close int fd = -EBADF;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/sys/dev/%s/%lld:%lld/uevent",
		       dev->type == 'b' ? "block" : "char", (long long)dev->major,
		       (long long)dev->minor);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -ENODEV;
	text[n] = '\0';
	name = strstr(text, "DEVNAME=");
	if (name == NULL)
		return -ENODEV;
	name += strlen("DEVNAME=");
	name[strcspn(name, "\n")] = '\0';
	memmove(text + strlen("/dev/"), name, strlen(name) + 1);
	memcpy(text, "/dev/", strlen("/dev/"));
	return clone_node(text, dev, ret);
}

static int bind_node(int dir, const char *name, const struct bt_oci_device *dev)
{
	bt_auto_close int source = -EBADF, target = -EBADF;
	int r = clone_node(dev->path, dev, &source);

	if (r < 0)
		r = clone_by_number(dev, &source);
	if (r < 0)
		return r;
	r = bt_inroot_make(dir, name, S_IFREG, &target);
	return r < 0 ? r : bt_mnt_attach(source, target);
}

/* The directory that the last device went into: as a rule the next one goes there too. */
struct place {
	int dir;          /* owned, or -EBADF */
	const char *path; /* of the device */
	size_t len;       /* of the directory's part in it */
};

static void place_done(struct place *place)
{
	bt_close(&place->dir);
}

/* The directory of `path` in the root, in place->dir, and the device's name in it. */
static int go_to(struct place *place, int root, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) : 0;
	int r;

	if (place->dir >= 0 && slash != NULL && slash[1] != '\0' && len == place->len &&
	    memcmp(path, place->path, len) == 0 && strcmp(slash, "/.") != 0 &&
	    strcmp(slash, "/..") != 0) {
		*ret_name = slash + 1;
		return 0;
	}
	bt_close(&place->dir);
	r = bt_inroot_parent(root, path, &place->dir, ret_name);
	place->path = path;
	place->len = len;
	return r;
}

static int make_device(const struct bt_plan *plan, int root, const struct bt_oci_device *dev,
		       struct place *place, struct bt_err *err)
{
	const char *name;
	int r = go_to(place, root, dev->path, &name);

	if (r < 0)
		return bt_err_sys(err, r, "linux.devices[%s]: open its directory", dev->path);
	r = bt_plan_has_userns(plan) ? -EPERM : make_node(place->dir, name, dev);
	if (r == -EPERM && dev->type != 'p')
		r = bind_node(place->dir, name, dev);
	if (r == -EEXIST)
		return bt_err_set(err, BT_ERR_INVALID, EEXIST,
				  "linux.devices[%s]: something else has this name in the root",
				  dev->path);
	return r < 0 ? bt_err_sys(err, r, "linux.devices[%s]", dev->path) : 0;
}

static bool is_listed(const struct bt_oci_linux *l, const char *path)
{
	for (size_t i = 0; i < l->ndevices; i++) {
		if (strcmp(l->devices[i].path, path) == 0)
			return true;
	}
	return false;
}

static int link_at(int dev, const char *name, const char *target, struct bt_err *err)
{
	if (symlinkat(target, dev, name) < 0 && errno != EEXIST)
		return bt_err_sys(err, -errno, "link /dev/%s to %s", name, target);
	return 0;
}

static int make_links(int root, struct bt_err *err)
{
	static const struct {
		const char *name, *target;
	} links[] = {
		{ "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
		{ "core", "/proc/kcore" },
	};
	/* The last one only where the kernel has it. */
	size_t n = sizeof(links) / sizeof(links[0]) - (access("/proc/kcore", F_OK) < 0);
	bt_auto_close int dev = -EBADF;
	int r = bt_inroot_make(root, "/dev", S_IFDIR, &dev);

	if (r < 0)
		return bt_err_sys(err, r, "open /dev in the root");
	for (size_t i = 0; i < n && r == 0; i++)
		r = link_at(dev, links[i].name, links[i].target, err);
	if (r < 0)
		return r;
	/* The image's own would be of another devpts. */
	if (unlinkat(dev, "ptmx", 0) < 0 && errno != ENOENT)
		return bt_err_sys(err, -errno, "replace /dev/ptmx");
	return link_at(dev, "ptmx", "pts/ptmx", err);
}

static bool dev_is_bound(const struct bt_plan *plan)
{
	for (size_t i = 0; i < plan->nmounts; i++) {
		const char *destination = plan->mounts[i].mount->destination;
		size_t len = strlen("/dev");

		if (plan->mounts[i].kind == BT_PLAN_BIND &&
		    strncmp(destination, "/dev", len) == 0 &&
		    destination[len + strspn(destination + len, "/")] == '\0')
			return true;
	}
	return false;
}

int bt_devices_make(const struct bt_plan *plan, int root, struct bt_err *err)
{
	const struct bt_oci_linux *l = &plan->spec->linux_;
	bt_auto(place_done) struct place place = { .dir = -EBADF };
	int r = 0;

	if (dev_is_bound(plan))
		return 0;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]) && r == 0; i++) {
		if (!is_listed(l, defaults[i].path))
			r = make_device(plan, root, &defaults[i], &place, err);
	}
	for (size_t i = 0; i < l->ndevices && r == 0; i++)
		r = make_device(plan, root, &l->devices[i], &place, err);
	return r < 0 ? r : make_links(root, err);
}

int bt_devices_open_null(int root, int *ret_fd, struct bt_err *err)
{
	bt_auto_close int fd = -EBADF;
	struct stat st;
	int r = bt_inroot_open(root, "/dev/null", O_PATH | O_NOFOLLOW, 0, &fd);

	if (r < 0)
		return bt_err_sys(err, r, "open /dev/null in the root");
	if (fstat(fd, &st) < 0)
		return bt_err_sys(err, -errno, "stat /dev/null in the root");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return bt_err_set(err, BT_ERR_INVALID, EPERM,
				  "/dev/null in the root is not the null device");
	*ret_fd = bt_take_fd(&fd);
	return 0;
}
