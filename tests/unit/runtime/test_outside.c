/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/io.h"

static struct bt_err err;

/* ---- pipes ----------------------------------------------------------------------- */

static const struct bt_oci_id_map maps[] = {
	{ .container_id = 0, .host_id = 100000, .size = 10 },
	{ .container_id = 50, .host_id = 7000, .size = 2 },
};
static const struct bt_oci_linux mapped = { .uid_mappings = maps, .nuid_mappings = 2 };

static uid_t owner(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return st.st_uid;
}

static const struct {
	uint32_t uid;
	uid_t outside; /* 0: nobody's */
} users[] = { { 0, 100000 }, { 9, 100009 }, { 10, 0 }, { 49, 0 },
	      { 50, 7000 },  { 51, 7001 },  { 52, 0 } };

START_TEST(pipes_become_those_of_the_user_as_the_host_knows_him)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	bt_outside_own_pipes(&mapped, users[_i].uid, (int[]){ ends[0], -EBADF, ends[1] });
	ck_assert_uint_eq(owner(ends[0]), users[_i].outside);
	(void)close(ends[0]);
	(void)close(ends[1]);
}
END_TEST

START_TEST(files_stay_whose_they_are)
{
	char path[] = "/tmp/test_outside.XXXXXX";
	bt_auto_close int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	bt_outside_own_pipes(&mapped, 0, (int[]){ fd, fd, fd });
	ck_assert_uint_eq(owner(fd), 0);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(without_a_map_pipes_stay_whose_they_are)
{
	const struct bt_oci_linux none = { 0 };
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	bt_outside_own_pipes(&none, 0, (int[]){ ends[0], ends[1], -EBADF });
	ck_assert_uint_eq(owner(ends[0]), 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
}
END_TEST

/* ---- limits ------------------------------------------------------------------------ */

START_TEST(only_hard_limits_that_are_too_low_are_raised)
{
	struct rlimit low = { .rlim_cur = 10, .rlim_max = 20 }, now;
	struct bt_oci_rlimit wanted = { .type = RLIMIT_CORE, .soft = 5, .hard = 15 };
	const struct bt_oci_process process = { .rlimits = &wanted, .nrlimits = 1 };

	ck_assert_int_eq(setrlimit(RLIMIT_CORE, &low), 0);
	bt_outside_raise_limits(&process);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &now), 0);
	ck_assert_uint_eq(now.rlim_max, 20);
	wanted.hard = 30;
	bt_outside_raise_limits(&process);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &now), 0);
	/* Where this machine lets us. */
	ck_assert(now.rlim_max == 30 || now.rlim_max == 20);
	ck_assert_uint_eq(now.rlim_cur, 10);
}
END_TEST

/* ---- settings of an IPC namespace --------------------------------------------------- */

static struct bt_oci_namespace own[] = { { .type = CLONE_NEWUSER }, { .type = CLONE_NEWIPC } };

static const struct {
	const char *name;
	bool ours;
} settings[] = {
	{ "kernel.shmmax", true },     { "kernel/shm_rmid_forced", true },
	{ "kernel.msgmni", true },     { "kernel.sem", true },
	{ "fs.mqueue.msg_max", true }, { "fs/mqueue/msg_max", true },
	{ "kernel.hostname", false },  { "kernel", false },
	{ "fs.mqueue", false },        { "net.ipv4.ip_forward", false },
	{ "xkernel.shmmax", false },   { "", false },
};

START_TEST(setting_is_of_an_ipc_namespace_by_its_name)
{
	struct bt_oci_spec spec = { .linux_ = { .namespaces = own, .nnamespaces = 2 } };
	struct bt_plan plan = { .spec = &spec };

	ck_assert_int_eq(bt_outside_is_ours(&plan, settings[_i].name), settings[_i].ours);
	/* With the host's namespace it would be the host's setting. */
	spec.linux_.nnamespaces = 1;
	ck_assert(!bt_outside_is_ours(&plan, settings[_i].name));
}
END_TEST

START_TEST(setting_that_is_not_of_it_is_not_written_whoever_asks)
{
	const struct bt_oci_pair wanted[] = { { .key = "kernel.hostname", .value = "x" } };
	struct bt_oci_spec spec = {
		.linux_ = { .namespaces = own, .nnamespaces = 2, .sysctl = { .v = wanted, .n = 1 } }
	};
	struct bt_plan plan = { .spec = &spec };

	ck_assert_int_eq(bt_outside_sysctl(&plan, -EBADF, 0, &err), -EPROTO);
	ck_assert_int_eq(bt_outside_sysctl(&plan, -EBADF, 1, &err), -EPROTO);
}
END_TEST

START_TEST(setting_is_written_in_the_namespace_and_not_here)
{
	const struct bt_oci_pair wanted[] = { { .key = "kernel.msgmax", .value = "4711" },
					      { .key = "kernel.msgmax", .value = "many" } };
	struct bt_oci_spec spec = {
		.linux_ = { .namespaces = own, .nnamespaces = 2, .sysctl = { .v = wanted, .n = 2 } }
	};
	struct bt_plan plan = { .spec = &spec };
	bt_auto_free char *before = NULL, *here = NULL, *there = NULL;
	bt_auto_close int first = open("/proc/self/ns/ipc", O_RDONLY | O_CLOEXEC), inner = -EBADF;

	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, "/proc/sys/kernel/msgmax", 32, &before, NULL),
			 0);
	ck_assert_int_eq(unshare(CLONE_NEWIPC), 0);
	inner = open("/proc/self/ns/ipc", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(setns(first, CLONE_NEWIPC), 0);
	ck_assert_msg(bt_outside_sysctl(&plan, inner, 0, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, "/proc/sys/kernel/msgmax", 32, &here, NULL), 0);
	ck_assert_str_eq(here, before);
	ck_assert_int_eq(setns(inner, CLONE_NEWIPC), 0);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, "/proc/sys/kernel/msgmax", 32, &there, NULL), 0);
	ck_assert_str_eq(there, "4711\n");
	ck_assert_int_eq(bt_outside_sysctl(&plan, inner, 1, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "linux.sysctl"));
	ck_assert_msg(strstr(err.msg, "msgmax") != NULL, "%s", err.msg);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_loop_test(tests, pipes_become_those_of_the_user_as_the_host_knows_him, 0,
			    sizeof(users) / sizeof(users[0]));
	tcase_add_test(tests, files_stay_whose_they_are);
	tcase_add_test(tests, without_a_map_pipes_stay_whose_they_are);
	tcase_add_test(tests, only_hard_limits_that_are_too_low_are_raised);
	tcase_add_loop_test(tests, setting_is_of_an_ipc_namespace_by_its_name, 0,
			    sizeof(settings) / sizeof(settings[0]));
	tcase_add_test(tests, setting_that_is_not_of_it_is_not_written_whoever_asks);
	tcase_add_test(tests, setting_is_written_in_the_namespace_and_not_here);
}

int main(void)
{
	return run_tests("runtime/outside", add);
}
