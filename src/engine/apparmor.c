/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/apparmor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "monitor/command.h"

#define ENABLED  "/sys/module/apparmor/parameters/enabled"
#define PROFILES "/sys/kernel/security/apparmor/profiles"
#define LIST_MAX (4u << 20)

/*
 * Everything but what reaches the kernel itself or other confinements: no mounts, no writes to
 * the parts of /proc and /sys that are not the container's own (its processes; of the sysctls
 * those of shared memory), no tracing of anybody who is confined otherwise, and none of the
 * kernel's ciphers by way of a 32-bit socketcall(2), which seccomp cannot look behind.
 * apparmor.d(5) has the syntax.
 */
static const char profile[] =
	"profile " BT_APPARMOR_DEFAULT " flags=(attach_disconnected,mediate_deleted) {\n"
	"  network,\n"
	"  deny network alg,\n"
	"  capability,\n"
	"  file,\n"
	"  umount,\n"
	"  signal (receive) peer=unconfined,\n"
	"  signal (send,receive) peer=" BT_APPARMOR_DEFAULT ",\n"
	"  ptrace (trace,read,tracedby,readby) peer=" BT_APPARMOR_DEFAULT ",\n"
	"  deny mount,\n"
	"  deny /proc/* w,\n"
	"  deny /proc/{[^1-9/],[^1-9/][^0-9/],[^1-9s/][^0-9y/][^0-9s/],[^1-9/][^0-9/][^0-9/][^0-9/]*}/** w,\n"
	"  deny /proc/sys/[^k]** w,\n"
	"  deny /proc/sys/kernel/{?,??,[^s][^h][^m]**} w,\n"
	"  deny /proc/sysrq-trigger rwklx,\n"
	"  deny /proc/kcore rwklx,\n"
	"  deny /sys/[^f]*/** wklx,\n"
	"  deny /sys/f[^s]*/** wklx,\n"
	"  deny /sys/fs/[^c]*/** wklx,\n"
	"  deny /sys/fs/c[^g]*/** wklx,\n"
	"  deny /sys/fs/cg[^r]*/** wklx,\n"
	"  deny /sys/firmware/** rwklx,\n"
	"  deny /sys/devices/virtual/powercap/** rwklx,\n"
	"  deny /sys/kernel/security/** rwklx,\n"
	"}\n";

bool bt_apparmor_enabled(void)
{
	bt_auto_free char *text = NULL;

	return bt_io_read_file(AT_FDCWD, ENABLED, 16, &text, NULL) == 0 && text[0] == 'Y' &&
	       access(PROFILES, F_OK) == 0;
}

bool bt_apparmor_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = list; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, name, len) == 0 && strncmp(line + len, " (", 2) == 0)
			return true;
	return false;
}

static int is_loaded(bool *ret, struct bt_err *err)
{
	bt_auto_free char *list = NULL;
	int r = bt_io_read_file(AT_FDCWD, PROFILES, LIST_MAX, &list, NULL);

	if (r < 0)
		return bt_err_sys(err, r, "read %s", PROFILES);
	*ret = bt_apparmor_listed(list, BT_APPARMOR_DEFAULT);
	return 0;
}

int bt_apparmor_load_default(const char *dir, struct bt_err *err)
{
	static const int quiet[3] = { -EBADF, -EBADF, -EBADF };
	bt_auto_free char *path = bt_path_join(dir, "apparmor-profile");
	const char *const argv[] = { "apparmor_parser", "-Kr", path, NULL };
	bool loaded = false;
	int r = path ? is_loaded(&loaded, err) : bt_err_sys(err, -ENOMEM, "load a profile");

	if (r < 0 || loaded)
		return r;
	r = bt_io_create_file(AT_FDCWD, path, 0600, profile, sizeof(profile) - 1);
	if (r < 0)
		return bt_err_sys(err, r, "write %s", path);
	r = bt_command_run(argv, quiet);
	(void)unlink(path);
	if (r < 0)
		return bt_err_sys(err, r, "run apparmor_parser");
	return r == 0 ? 0
		      : bt_err_set(err, BT_ERR_SYSTEM, EIO,
				   "apparmor_parser refused the profile " BT_APPARMOR_DEFAULT
				   " with code %d",
				   r);
}

const char *bt_apparmor_profile(bool available, bool privileged, const char *named)
{
	if (!available)
		return NULL;
	if (named)
		return named;
	return privileged ? BT_APPARMOR_UNCONFINED : BT_APPARMOR_DEFAULT;
}
