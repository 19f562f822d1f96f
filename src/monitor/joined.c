/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/joined.h"

#include <errno.h>
#include <poll.h>

#include "base/auto.h"
#include "sys/pidfd.h"

static int has_ended(struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_CONFLICT, ESRCH,
			  "the container whose namespaces it joined has ended");
}

int bt_joined_hold(const pid_t *pids, unsigned n, struct bt_joined *ret, struct bt_err *err)
{
	struct bt_joined joined = { .n = 0 };

	for (unsigned i = 0; i < n && i < BT_SPAWN_JOINED_MAX; i++) {
		int fd = bt_pidfd_open(pids[i]);

		if (fd == -ESRCH || fd == -EINVAL) {
			bt_joined_done(&joined);
			return has_ended(err);
		}
		joined.fds[joined.n++] = fd < 0 ? -EBADF : fd;
	}
	*ret = joined;
	return 0;
}

int bt_joined_check(const struct bt_joined *joined, struct bt_err *err)
{
	for (unsigned i = 0; i < joined->n; i++) {
		struct pollfd end = { .fd = joined->fds[i], .events = POLLIN };

		/* A pidfd can be read from when its process has ended. */
		if (end.fd < 0 || poll(&end, 1, 0) != 0)
			return has_ended(err);
	}
	return 0;
}

void bt_joined_done(struct bt_joined *joined)
{
	for (unsigned i = 0; i < joined->n; i++)
		bt_close(&joined->fds[i]);
	joined->n = 0;
}
