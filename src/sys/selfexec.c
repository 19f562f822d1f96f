/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/selfexec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "sys/mnt.h"

static bool is_protected(int exe)
{
	bt_auto_close int fd = -EBADF;
	struct statvfs st;
	int seals;

	if (fstatvfs(exe, &st) == 0 && (st.f_flag & ST_RDONLY))
		return true;
	/* A memfd tells its seals, any other file that it has none. */
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	return seals >= 0 && (seals & F_SEAL_WRITE) != 0;
}

/* The mount exists only for this process and its like; who opens its file by way
 * of /proc meets the mount's write protection. */
static int read_only_mount(void)
{
	const struct bt_mnt_change read_only = { .set = MOUNT_ATTR_RDONLY };
	bt_auto_close int fd = -EBADF;
	int r = bt_mnt_clone(AT_FDCWD, "/proc/self/exe", false, &fd);

	if (r == 0)
		r = bt_mnt_apply(fd, &read_only);
	return r < 0 ? r : bt_take_fd(&fd);
}

static int sealed_copy(void)
{
	bt_auto_close int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bt_auto_close int out = memfd_create("berth-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ssize_t n;
	int r;

	if (in < 0 || out < 0)
		return -errno;
	while ((n = sendfile(out, in, NULL, 1 << 30)) > 0)
		continue;
	if (n < 0 || fchmod(out, 0755) < 0)
		return -errno;
	r = bt_io_seal(out);
	return r < 0 ? r : bt_take_fd(&out);
}

int bt_selfexec_protect(char **argv)
{
	bt_auto_close int exe = open("/proc/self/exe", O_PATH | O_CLOEXEC), fd = -EBADF;

	if (exe < 0)
		return -errno;
	if (is_protected(exe))
		return 0;
	fd = read_only_mount();
	if (fd < 0)
		fd = sealed_copy();
	if (fd < 0)
		return fd;
	(void)syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return -errno;
}
