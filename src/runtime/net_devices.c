/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/net_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "base/auto.h"
#include "sys/netdev.h"

/* An init joins later than it is born, so a namespace to be joined is not found at it yet. */
static int open_namespace(const struct bt_plan *plan, pid_t pid, int *ret)
{
	char path[40];

	for (size_t i = 0; i < plan->njoins; i++) {
		if (plan->joins[i].type != CLONE_NEWNET)
			continue;
		*ret = fcntl(plan->joins[i].fd, F_DUPFD_CLOEXEC, 3);
		return *ret < 0 ? -errno : 0;
	}
	if (!(plan->clone_flags & CLONE_NEWNET))
		return -ENOENT;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	*ret = open(path, O_RDONLY | O_CLOEXEC);
	return *ret < 0 ? -errno : 0;
}

static int failed(const struct bt_oci_net_device *device, int r, struct bt_err *err)
{
	const char *name = device->name;

	if (r == -ENODEV)
		return bt_err_set(err, BT_ERR_INVALID, ENODEV,
				  "linux.netDevices.%s: there is no such network device", name);
	if (r == -EEXIST)
		return bt_err_set(
			err, BT_ERR_INVALID, EEXIST,
			"linux.netDevices.%s: the container has a device named %s already", name,
			device->new_name != NULL ? device->new_name : name);
	return bt_err_sys(err, r, "linux.netDevices.%s: move the device", name);
}

int bt_net_devices_move(const struct bt_plan *plan, pid_t pid, struct bt_err *err)
{
	const struct bt_oci_linux *l = &plan->spec->linux_;
	bt_auto_close int netns = -EBADF;
	int r;

	if (l->nnet_devices == 0)
		return 0;
	r = open_namespace(plan, pid, &netns);
	if (r == -ENOENT)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "linux.netDevices: a network namespace of its own is needed");
	if (r < 0)
		return bt_err_sys(err, r, "linux.netDevices: open the network namespace");
	for (size_t i = 0; i < l->nnet_devices; i++) {
		const struct bt_oci_net_device *d = &l->net_devices[i];

		r = bt_netdev_move(d->name, d->new_name != NULL ? d->new_name : d->name, netns);
		if (r < 0)
			return failed(d, r, err);
	}
	return 0;
}
