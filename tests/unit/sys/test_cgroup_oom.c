/* SPDX-License-Identifier: Apache-2.0 */

/* The counting and telling on a directory that looks like a group's of version 2. (What the kernel
 * does: test_cgroup.c.) */

#include "sys/cgroup.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/io.h"
#include "without_call.h"

static char top[] = "/tmp/test_cgroup_oom.XXXXXX";
static struct bt_cgroup_host host;
static struct bt_cgroup cg;

static void make(void)
{
	host = (struct bt_cgroup_host){ .n = 1, .unified = 0 };
	host.v[0] = (struct bt_cgroup_hierarchy){ .fd = -EBADF, .v2 = true };
	cg = (struct bt_cgroup){ .host = &host, .ndirs = 1 };
	ck_assert_ptr_nonnull(mkdtemp(top));
	cg.dirs[0] = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(cg.dirs[0], 0);
}

static void tear_down(void)
{
	bt_close(&cg.dirs[0]);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
	strcpy(top + strlen(top) - 6, "XXXXXX");
}

/* Written in place, as the kernel's own file changes. */
static void killed(int n)
{
	bt_auto_close int fd =
		openat(cg.dirs[0], "memory.events", O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(dprintf(fd, "low 0\nhigh 0\nmax 9\noom 5\noom_kill %d\n", n), 0);
}

static int is_told(const struct bt_cgroup_oom *oom)
{
	return poll(&(struct pollfd){ .fd = oom->fd, .events = POLLIN }, 1, 0);
}

START_TEST(each_kill_is_told_and_counted_once)
{
	struct bt_cgroup_oom oom;
	uint64_t kills = 0;

	killed(2);
	ck_assert_int_eq(bt_cgroup_oom_open(&cg, &oom), 0);
	ck_assert_int_eq(is_told(&oom), 0);
	ck_assert_int_eq(bt_cgroup_oom_read(&oom), 0);
	killed(5);
	ck_assert_int_eq(is_told(&oom), 1);
	ck_assert_int_eq(bt_cgroup_oom_read(&oom), 3);
	ck_assert_int_eq(is_told(&oom), 0);
	ck_assert_int_eq(bt_cgroup_oom_read(&oom), 0);
	ck_assert_int_eq(bt_cgroup_oom_kills(&cg, &kills), 0);
	ck_assert_uint_eq(kills, 5);
	bt_cgroup_oom_done(&oom);
}
END_TEST

START_TEST(without_a_watch_it_is_counted_when_it_is_asked_for)
{
	struct bt_cgroup_oom oom;

	killed(0);
	without_call(SCMP_SYS(inotify_init1), EMFILE);
	ck_assert_int_eq(bt_cgroup_oom_open(&cg, &oom), 0);
	killed(1);
	ck_assert_int_eq(is_told(&oom), 0);
	ck_assert_int_eq(bt_cgroup_oom_read(&oom), 1);
	ck_assert_int_eq(bt_cgroup_oom_read(&oom), 0);
	bt_cgroup_oom_done(&oom);
	ck_assert_int_lt(oom.fd, 0);
}
END_TEST

START_TEST(a_group_whose_events_are_gone_was_not_killed)
{
	struct bt_cgroup_oom oom;

	killed(0);
	ck_assert_int_eq(bt_cgroup_oom_open(&cg, &oom), 0);
	ck_assert_int_eq(unlinkat(cg.dirs[0], "memory.events", 0), 0);
	ck_assert_int_eq(bt_cgroup_oom_read(&oom), 0);
	bt_cgroup_oom_done(&oom);
}
END_TEST

START_TEST(a_group_without_events_cannot_be_watched)
{
	struct bt_cgroup_oom oom;

	ck_assert_int_eq(bt_cgroup_oom_open(&cg, &oom), -EOPNOTSUPP);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_checked_fixture(tests, make, tear_down);
	tcase_add_test(tests, each_kill_is_told_and_counted_once);
	tcase_add_test(tests, without_a_watch_it_is_counted_when_it_is_asked_for);
	tcase_add_test(tests, a_group_whose_events_are_gone_was_not_killed);
	tcase_add_test(tests, a_group_without_events_cannot_be_watched);
}

int main(void)
{
	return run_tests("sys/cgroup_oom", add);
}
