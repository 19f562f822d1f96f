/* SPDX-License-Identifier: Apache-2.0 */

#include "store/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/rand.h"
#include "base/str.h"
#include "base/thread.h"

/* fsconfig(2) takes strings of 255 bytes. */
#define TEXT_MAX   255
#define STACK_SIZE (64u << 10)

static int set_string(int fs, const char *key, const char *value)
{
	return fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0) < 0 ? -errno : 0;
}

/* Everything but the lower directories, then the mount itself. */
static int finish(const struct bt_overlay *o, int fs)
{
	int fd, r = 0;

	if (o->upper) {
		r = set_string(fs, "upperdir", o->upper);
		if (r == 0)
			r = set_string(fs, "workdir", o->work);
		if (r == 0 && o->volatile_upper &&
		    fsconfig(fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0)
			r = -errno;
		/* With an index, a directory that was an upper one once is refused; with the other
		 * two, what the upper one holds is not all that was changed. */
		if (r == 0)
			r = set_string(fs, "index", "off");
		if (r == 0)
			r = set_string(fs, "redirect_dir", "off");
		if (r == 0)
			r = set_string(fs, "metacopy", "off");
	}
	if (r == 0 && o->label)
		r = set_string(fs, "context", o->label);
	if (r == 0 && fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		r = -errno;
	if (r < 0)
		return r;
	fd = fsmount(fs, FSMOUNT_CLOEXEC, o->upper ? 0 : MOUNT_ATTR_RDONLY);
	return fd < 0 ? -errno : fd;
}

static int open_fs(void)
{
	int fs = fsopen("overlay", FSOPEN_CLOEXEC);

	return fs < 0 ? -errno : fs;
}

/* Returns -EOPNOTSUPP where the kernel does not know "lowerdir+". */
static int mount_one_by_one(const struct bt_overlay *o)
{
	bt_auto_close int fs = open_fs();

	if (fs < 0)
		return fs;
	for (size_t i = 0; i < o->lowers_len; i++) {
		int r = set_string(fs, "lowerdir+", o->lowers[i]);

		if (r < 0)
			return i == 0 && r == -EINVAL ? -EOPNOTSUPP : r;
	}
	return finish(o, fs);
}

/* Names of one byte, so that the text "a:b:c" has room for as many directories as there may be;
 * no byte that overlay's parser gives a meaning. */
static size_t link_names(char ret[BT_OVERLAY_LOWERS_MAX])
{
	size_t n = 0;

	for (int c = '0'; c < 256 && n < BT_OVERLAY_LOWERS_MAX; c++)
		if (c != ':' && c != '\\' && c != 0x7f)
			ret[n++] = (char)c;
	return n;
}

struct job {
	const struct bt_overlay *o;
	const char *dir;
};

/* The working directory belongs to all threads of a process, hence one with its own. */
static int mount_in_dir(void *arg)
{
	const struct job *job = arg;
	const struct bt_overlay *o = job->o;
	char names[BT_OVERLAY_LOWERS_MAX], text[TEXT_MAX + 1], name[2] = { 0 };
	bt_auto_close int fs = open_fs();
	size_t len = 0;
	int r;

	if (fs < 0)
		return fs;
	if (o->lowers_len > link_names(names))
		return -E2BIG;
	if (unshare(CLONE_FS) < 0 || chdir(job->dir) < 0)
		return -errno;
	for (size_t i = 0; i < o->lowers_len; i++) {
		name[0] = names[i];
		if (symlink(o->lowers[i], name) < 0)
			return -errno;
		if (i > 0)
			text[len++] = ':';
		text[len++] = names[i];
	}
	text[len] = '\0';
	r = set_string(fs, "lowerdir", text);
	return r < 0 ? r : finish(o, fs);
}

static int mount_as_one_text(const struct bt_overlay *o)
{
	bt_auto_free char *dir = NULL;
	char unique[17];
	int r;

	r = bt_rand_hex(unique, sizeof(unique) - 1);
	if (r < 0)
		return r;
	dir = bt_str_format("%s/%s", o->scratch, unique);
	if (!dir)
		return -ENOMEM;
	if (mkdir(dir, 0700) < 0)
		return -errno;
	r = bt_thread_run(STACK_SIZE, mount_in_dir, &(struct job){ .o = o, .dir = dir });
	bt_discard(bt_io_remove_tree(AT_FDCWD, dir)); /* what is left is swept at the next start */
	return r;
}

int bt_overlay_mount(const struct bt_overlay *o)
{
	/* Before Linux 6.5 any option is taken, and only the creation refuses those that are
	 * unknown: once that was seen to be all that was wrong, it is not tried again. */
	static atomic_bool only_one_text;
	int r;

	if (o->lowers_len > BT_OVERLAY_LOWERS_MAX)
		return -E2BIG;
	if (o->as_one_text || atomic_load(&only_one_text))
		return mount_as_one_text(o);
	r = mount_one_by_one(o);
	if (r != -EOPNOTSUPP && r != -EINVAL)
		return r;
	r = mount_as_one_text(o);
	if (r >= 0)
		atomic_store(&only_one_text, true);
	return r;
}
