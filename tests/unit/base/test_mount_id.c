/* SPDX-License-Identifier: Apache-2.0 */

#include "base/mount_id.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../suite.h"
#include "../sys/without_call.h"
#include "base/auto.h"

/* Where mountinfo(5) says that this is mounted: the last line counts, which is on top. */
static uint64_t in_mountinfo(const char *point)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	unsigned long long id, found = 0;
	char line[4096], at[4096];

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%llu %*s %*s %*s %4095s", &id, at) == 2 && strcmp(at, point) == 0)
			found = id;
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_uint_gt(found, 0);
	return found;
}

static uint64_t id_of(const char *path, int flags)
{
	bt_auto_close int fd = open(path, flags | O_CLOEXEC);
	uint64_t id = 0;

	ck_assert_msg(fd >= 0, "%s", path);
	ck_assert_int_eq(bt_mount_id_get(fd, &id), 0);
	return id;
}

START_TEST(the_number_is_that_of_mountinfo_whatever_the_descriptor_is_of)
{
	const uint64_t proc = in_mountinfo("/proc");

	ck_assert_uint_eq(id_of("/proc", O_PATH), proc);
	ck_assert_uint_eq(id_of("/proc", O_RDONLY | O_DIRECTORY), proc);
	ck_assert_uint_eq(id_of("/proc/self/status", O_RDONLY), proc);
	/* The link itself, not what it leads to. */
	ck_assert_uint_eq(id_of("/proc/self/exe", O_PATH | O_NOFOLLOW), proc);
	ck_assert_uint_ne(id_of("/", O_PATH), proc);
}
END_TEST

START_TEST(an_older_kernel_tells_the_same_by_procfs)
{
	const uint64_t root = id_of("/", O_PATH), proc = id_of("/proc", O_PATH);
	const uint64_t link = id_of("/proc/self/exe", O_PATH | O_NOFOLLOW);

	without_call(SYS_statx, ENOSYS);
	ck_assert_uint_eq(id_of("/", O_PATH), root);
	ck_assert_uint_eq(id_of("/proc", O_PATH), proc);
	ck_assert_uint_eq(id_of("/proc/self/exe", O_PATH | O_NOFOLLOW), link);
}
END_TEST

/* Whoever can mount over /proc cannot have a file of his own believed. */
START_TEST(what_is_at_proc_is_believed_only_where_it_is_a_procfs)
{
	bt_auto_close int fd = open("/", O_PATH | O_CLOEXEC);
	uint64_t id = 4242;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("tmpfs", "/proc", "tmpfs", 0, NULL), 0);
	without_call(SYS_statx, ENOSYS);
	ck_assert_int_eq(bt_mount_id_get(fd, &id), -ENOSYS);
	ck_assert_uint_eq(id, 4242);
	ck_assert_int_eq(umount2("/proc", MNT_DETACH), 0);
}
END_TEST

START_TEST(a_descriptor_that_is_none_is_on_no_mount)
{
	uint64_t id = 4242;

	ck_assert_int_lt(bt_mount_id_get(-EBADF, &id), 0);
	ck_assert_int_lt(bt_mount_id_get(1000000, &id), 0);
	ck_assert_uint_eq(id, 4242);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, the_number_is_that_of_mountinfo_whatever_the_descriptor_is_of);
	tcase_add_test(tests, an_older_kernel_tells_the_same_by_procfs);
	tcase_add_test(tests, what_is_at_proc_is_believed_only_where_it_is_a_procfs);
	tcase_add_test(tests, a_descriptor_that_is_none_is_on_no_mount);
}

int main(void)
{
	return run_suite("base/mount_id", NULL, NULL, add);
}
