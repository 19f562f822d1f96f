/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/mount_label.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/auto.h"

#define PREFIX "context="
/* fsconfig(2) takes strings of 255 bytes. */
#define LABEL_MAX 255

static const char *label_of(const struct bt_plan *plan)
{
	const char *label = plan->spec->linux_.mount_label;

	return label != NULL && *label != '\0' ? label : NULL;
}

/* The kernel labels each file of procfs and sysfs; a hierarchy of control groups is one file system
 * for all who mount it. */
static bool takes_option(const char *type)
{
	static const char *const none[] = { "proc", "sysfs", "mqueue", "cgroup", "cgroup2" };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (strcmp(type, none[i]) == 0)
			return false;
	}
	return true;
}

const char *bt_mount_label_option(const struct bt_plan *plan, const char *type,
				  char text[BT_MOUNT_LABEL_LEN])
{
	const char *label = label_of(plan);

	if (label == NULL || !takes_option(type))
		return NULL;
	(void)snprintf(text, BT_MOUNT_LABEL_LEN, PREFIX "%s", label);
	return text;
}

int bt_mount_label_set(const struct bt_plan *plan, const char *type, int mount)
{
	const char *label = label_of(plan);
	bt_auto_close int dir = -EBADF;

	if (label == NULL || strcmp(type, "mqueue") != 0)
		return 0;
	/* The mount itself is a descriptor of the kind O_PATH. */
	dir = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	if (fsetxattr(dir, "security.selinux", label, strlen(label) + 1, 0) == 0)
		return 0;
	/* The queues of a new IPC namespace are its creator's, whom a user namespace may not know:
	 * there they keep the label that the policy gives them. */
	return errno == EPERM && bt_plan_has_userns(plan) ? 0 : -errno;
}

int bt_mount_label_check(const char *label, struct bt_err *err)
{
	if (label == NULL || strnlen(label, LABEL_MAX + 1) <= LABEL_MAX)
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "linux.mountLabel: longer than the %d bytes that can be mounted with",
			  LABEL_MAX);
}
