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
#include "base/time.h"

#define STEP_MS 1

static void look_at_program(pid_t pid, struct bt_other_init *ret)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (stat(path, &st) < 0)
		return;
	ret->dev = st.st_dev;
	ret->ino = st.st_ino;
}

static void look_at_arguments(pid_t pid, struct bt_other_init *ret)
{
	bt_auto_close int fd = -EBADF;
	char path[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = bt_io_read_all(fd, ret->cmdline, sizeof(ret->cmdline));
	ret->len = n > 0 ? (size_t)n : 0;
}

void bt_other_init_look(pid_t pid, struct bt_other_init *ret)
{
	*ret = (struct bt_other_init){ 0 };
	look_at_program(pid, ret);
	look_at_arguments(pid, ret);
}

/* The arguments of another program are not looked at: its memory is what it makes of it. */
static bool is_same(pid_t pid, const struct bt_other_init *before)
{
	struct bt_other_init now = { 0 };

	look_at_program(pid, &now);
	if (before->dev != now.dev || before->ino != now.ino)
		return false;
	look_at_arguments(pid, &now);
	return before->len == now.len && memcmp(before->cmdline, now.cmdline, now.len) == 0;
}

bool bt_other_init_await(pid_t pid, int pidfd, const struct bt_other_init *before, int timeout_ms)
{
	const int64_t until = bt_time_monotonic_ns() + timeout_ms * INT64_C(1000000);
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	do {
		if (!is_same(pid, before) || poll(&end, 1, STEP_MS) > 0)
			return true;
	} while (bt_time_monotonic_ns() < until);
	return false;
}
