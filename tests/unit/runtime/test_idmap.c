/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/io.h"

static struct bt_err err;

static const struct bt_oci_id_map two[] = {
	{ .container_id = 0, .host_id = 100000, .size = 1000 },
	{ .container_id = 5000, .host_id = 7, .size = 1 },
};

/* What a process in the namespace reads of its maps, "uid_map" and behind it "gid_map". */
static void maps_in(int userns, char ret[256])
{
	int ends[2], status;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		bt_auto_free char *uids = NULL, *gids = NULL;

		if (setns(userns, CLONE_NEWUSER) < 0 ||
		    bt_io_read_file(AT_FDCWD, "/proc/self/uid_map", 256, &uids, NULL) < 0 ||
		    bt_io_read_file(AT_FDCWD, "/proc/self/gid_map", 256, &gids, NULL) < 0)
			_exit(1);
		dprintf(ends[1], "%s%s", uids, gids);
		_exit(0);
	}
	(void)close(ends[1]);
	while ((n = read(ends[0], ret + used, 255 - used)) > 0)
		used += (size_t)n;
	ret[used] = '\0';
	(void)close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

START_TEST(namespace_has_the_maps_and_nobody_in_it)
{
	bt_auto_close int fd = -EBADF;
	char text[256];

	ck_assert_msg(bt_idmap_namespace(two, 2, two, 1, &fd, &err) == 0, "%s", err.msg);
	ck_assert_int_ge(fd, 0);
	maps_in(fd, text);
	ck_assert_str_eq(text, "         0     100000       1000\n"
			       "      5000          7          1\n"
			       "         0     100000       1000\n");
	/* Who held it until then has been reaped. */
	ck_assert_int_lt(waitpid(-1, NULL, 0), 0);
}
END_TEST

START_TEST(ranges_that_overlap_are_refused_by_the_fields_name)
{
	const struct bt_oci_id_map overlapping[] = {
		two[0], { .container_id = 10, .host_id = 5, .size = 9 }
	};
	bt_auto_close int fd = -EBADF;

	ck_assert_int_eq(bt_idmap_namespace(overlapping, 2, two, 1, &fd, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "linux.uidMappings: write "));
	ck_assert_int_eq(bt_idmap_namespace(two, 1, overlapping, 2, &fd, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "linux.gidMappings: write "));
	ck_assert_int_eq(fd, -EBADF);
	ck_assert_int_lt(waitpid(-1, NULL, 0), 0);
}
END_TEST

/* A page of text is what the kernel takes. */
START_TEST(more_ranges_than_the_kernel_takes_are_refused_and_not_cut)
{
	static struct bt_oci_id_map many[400];
	bt_auto_close int fd = -EBADF;

	for (uint32_t i = 0; i < 400; i++)
		many[i] = (struct bt_oci_id_map){ .container_id = 1000000000 + 2 * i,
						  .host_id = 2000000000 + 2 * i,
						  .size = 1 };
	ck_assert_int_lt(bt_idmap_namespace(many, 400, two, 1, &fd, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "linux.uidMappings"));
	ck_assert_int_eq(fd, -EBADF);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, namespace_has_the_maps_and_nobody_in_it);
	tcase_add_test(tests, ranges_that_overlap_are_refused_by_the_fields_name);
	tcase_add_test(tests, more_ranges_than_the_kernel_takes_are_refused_and_not_cut);
}

int main(void)
{
	return run_tests("runtime/idmap", add);
}
