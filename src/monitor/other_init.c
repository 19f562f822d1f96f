/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/other_init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/io.h"

#define STEP_MS 1

void bt_other_init_look(pid_t pid, struct bt_other_init *ret)
{
	bt_auto_close int fd = -EBADF;
	char path[64];
	struct stat st;
	ssize_t n;

	*ret = (struct bt_other_init){ 0 };
	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (stat(path, &st) == 0) {
		ret->dev = st.st_dev;
		ret->ino = st.st_ino;
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = bt_io_read_all(fd, ret->cmdline, sizeof(ret->cmdline));
	ret->len = n > 0 ? (size_t)n : 0;
}

static bool is_same(const struct bt_other_init *a, const struct bt_other_init *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->len == b->len &&
	       memcmp(a->cmdline, b->cmdline, a->len) == 0;
}

bool bt_other_init_await(pid_t pid, int pidfd, const struct bt_other_init *before, int timeout_ms)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	struct bt_other_init now;

	for (int waited = 0; waited <= timeout_ms; waited += STEP_MS) {
		bt_other_init_look(pid, &now);
		if (!is_same(before, &now) || poll(&end, 1, STEP_MS) > 0)
			return true;
	}
	return false;
}
