/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/inroot.h"
#include "sys/mnt.h"

/* Nothing is opened, which may have effects of its own, before it is known to lie on
 * a devpts. */
static int open_master(int root, int *ret_fd, struct bt_err *err)
{
	bt_auto_close int pts = -EBADF, fd = -EBADF;
	int unlock = 0;
	int r = bt_inroot_open(root, "/dev/pts", O_PATH | O_DIRECTORY, 0, &pts);

	if (r < 0)
		return bt_err_sys(err, r, "process.terminal: open /dev/pts");
	if (bt_mnt_magic(pts) != DEVPTS_SUPER_MAGIC)
		return bt_err_set(err, BT_ERR_INVALID, EPERM,
				  "process.terminal: /dev/pts in the root is not a devpts");
	r = bt_inroot_open(pts, "ptmx", O_RDWR | O_NOCTTY, RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
			   &fd);
	if (r < 0)
		return bt_err_sys(err, r, "process.terminal: open /dev/pts/ptmx");
	if (ioctl(fd, TIOCSPTLCK, &unlock) < 0)
		return bt_err_sys(err, -errno, "process.terminal: unlock the terminal");
	*ret_fd = bt_take_fd(&fd);
	return 0;
}

int bt_terminal_open(int root, uint32_t height, uint32_t width, int *ret_master, int *ret_slave,
		     struct bt_err *err)
{
	bt_auto_close int master = -EBADF, slave = -EBADF;
	struct winsize size = { .ws_row = (unsigned short)height, .ws_col = (unsigned short)width };
	int r = open_master(root, &master, err);

	if (r < 0)
		return r;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return bt_err_sys(err, -errno, "process.terminal: open the terminal's other end");
	if (height > 0 && width > 0 && ioctl(slave, TIOCSWINSZ, &size) < 0)
		return bt_err_sys(err, -errno, "process.consoleSize");
	*ret_master = bt_take_fd(&master);
	*ret_slave = bt_take_fd(&slave);
	return 0;
}

int bt_terminal_bind_console(int root, int slave, struct bt_err *err)
{
	bt_auto_close int target = -EBADF, clone = -EBADF, dir = -EBADF;
	const char *name;
	int r = bt_inroot_parent(root, "/dev/console", &dir, &name);

	if (r == 0)
		r = bt_inroot_make(dir, name, S_IFREG, &target);
	if (r == 0)
		r = bt_mnt_clone(slave, "", false, &clone);
	if (r == 0)
		r = bt_mnt_attach(clone, target);
	return r < 0 ? bt_err_sys(err, r, "process.terminal: mount it on /dev/console") : 0;
}
