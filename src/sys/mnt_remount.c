/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/mnt_remount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/mount_id.h"
#include "base/openat2.h"
#include "sys/mountinfo.h"

#define TEXT_MAX (64u << 20)

/* Attributes that are one bit on all three sides. */
static const struct {
	uint64_t attr;
	unsigned long ms, st;
} bits[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY, ST_RDONLY },
	{ MOUNT_ATTR_NOSUID, MS_NOSUID, ST_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV, ST_NODEV },
	{ MOUNT_ATTR_NOEXEC, MS_NOEXEC, ST_NOEXEC },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME, ST_NODIRATIME },
	{ MOUNT_ATTR_NOSYMFOLLOW, 256, 0x2000 }, /* MS_ and ST_NOSYMFOLLOW, which libc may lack */
};

#define BITS_N (sizeof(bits) / sizeof(bits[0]))

static uint64_t attributes_of(unsigned long st)
{
	uint64_t attr = 0;

	for (size_t i = 0; i < BITS_N; i++)
		attr |= st & bits[i].st ? bits[i].attr : 0;
	if (st & ST_NOATIME)
		return attr | MOUNT_ATTR_NOATIME;
	return st & ST_RELATIME ? attr : attr | MOUNT_ATTR_STRICTATIME;
}

static unsigned long flags_of(uint64_t attr)
{
	unsigned long flags = 0;

	for (size_t i = 0; i < BITS_N; i++)
		flags |= attr & bits[i].attr ? bits[i].ms : 0;
	switch (attr & MOUNT_ATTR__ATIME) {
	case MOUNT_ATTR_NOATIME:
		return flags | MS_NOATIME;
	case MOUNT_ATTR_STRICTATIME:
		return flags | MS_STRICTATIME;
	default:
		return flags | MS_RELATIME;
	}
}

/* A directory is named by being entered; anything else by the link that a real procfs has of it. */
static int mount_here(int fd, unsigned long flags)
{
	bt_auto_close int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char link[32];
	int r;

	if (here < 0)
		return -errno;
	if (fchdir(fd) == 0) {
		r = mount(NULL, ".", NULL, flags, NULL) < 0 ? -errno : 0;
		return fchdir(here) < 0 && r == 0 ? -errno : r;
	}
	if (errno != ENOTDIR)
		return -errno;
	bt_close(&here);
	here = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (bt_mnt_magic(here) != PROC_SUPER_MAGIC)
		return -ENOSYS;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return mount(NULL, link, NULL, flags, NULL) < 0 ? -errno : 0;
}

static int change_one(int fd, const struct bt_mnt_change *change)
{
	struct statvfs st;
	uint64_t attr;

	if (fstatvfs(fd, &st) < 0)
		return -errno;
	attr = (attributes_of(st.f_flag) & ~change->clear) | change->set;
	return mount_here(fd, MS_REMOUNT | MS_BIND | flags_of(attr));
}

/* One that is covered by another cannot be reached, by nobody: it stays as it is. */
static int change_below(int top, const struct bt_mountinfo *m, const struct bt_mnt_change *change)
{
	bt_auto_close int fd = -EBADF;
	uint64_t id;
	int r;

	if (m->point[0] == '\0')
		return 0;
	fd = bt_openat2_open(top, m->point, O_PATH | O_NOFOLLOW,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return fd;
	r = bt_mount_id_get(fd, &id);
	if (r < 0)
		return r;
	return id == m->id ? change_one(fd, change) : 0;
}

static int change_all_below(int top, const struct bt_mnt_change *change)
{
	bt_auto_mountinfo struct bt_mountinfo_list list = { 0 };
	bt_auto_free char *text = NULL;
	uint64_t id;
	int r = bt_mount_id_get(top, &id);

	if (r == 0)
		r = bt_io_read_file(AT_FDCWD, "/proc/self/mountinfo", TEXT_MAX, &text, NULL);
	if (r == 0)
		r = bt_mountinfo_parse(text, &list);
	if (r < 0)
		return r;
	bt_mountinfo_keep_below(&list, id);
	for (size_t i = 0; i < list.n && r == 0; i++)
		r = change_below(top, &list.v[i], change);
	return r;
}

int bt_mnt_remount(int fd, const struct bt_mnt_change *change)
{
	int r = 0;

	if (change->set & MOUNT_ATTR_IDMAP)
		return -ENOSYS;
	if (change->propagation != 0)
		r = mount_here(fd, change->propagation | (change->recursive ? MS_REC : 0));
	if (r == 0 && (change->set | change->clear) != 0) {
		r = change_one(fd, change);
		if (r == 0 && change->recursive)
			r = change_all_below(fd, change);
	}
	/* The kernel's word for what is not attached in this namespace. */
	return r == -EINVAL ? -ENOSYS : r;
}
