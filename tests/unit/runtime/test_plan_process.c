/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/plan_process.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>

#include "../run_tests.h"

#define BIT(cap) (UINT64_C(1) << (cap))

static char *args[] = { (char *)(uintptr_t) "true", NULL };
static struct bt_oci_process process;
static struct bt_oci_seccomp seccomp;
static struct bt_launch_filter filter;
static struct bt_plan_process plan;
static struct bt_arena arena;
static struct bt_err err;
static char warning[BT_SYNC_WARNING_LEN];

static void set_up(void)
{
	process = (struct bt_oci_process){ .args = { .v = args, .n = 1 } };
	seccomp = (struct bt_oci_seccomp){ 0 };
	filter = (struct bt_launch_filter){ 0 };
	plan = (struct bt_plan_process){ 0 };
	err = (struct bt_err){ 0 };
	warning[0] = '\0';
}

static void tear_down(void)
{
	bt_plan_process_done(&plan);
	bt_arena_done(&arena);
}

static int make(uint64_t available)
{
	return bt_plan_process_make(&process, &filter, &seccomp, available, &arena, &plan, warning,
				    &err);
}

/* ---- program and user --------------------------------------------------------------- */

START_TEST(process_without_a_program_is_refused)
{
	char *empty[] = { (char *)(uintptr_t) "", NULL };

	process.args.n = 0;
	ck_assert_int_eq(make(UINT64_MAX), -EINVAL);
	ck_assert_str_eq(err.msg, "process.args: must not be empty");
	process.args = (struct bt_oci_strings){ .v = empty, .n = 1 };
	ck_assert_int_eq(make(UINT64_MAX), -EINVAL);
}
END_TEST

START_TEST(number_that_means_unchanged_is_nobodys)
{
	uint32_t groups[] = { 1, UINT32_MAX };

	process.uid = UINT32_MAX - 1;
	ck_assert_int_eq(make(UINT64_MAX), 0);
	process.uid = UINT32_MAX;
	ck_assert_int_eq(make(UINT64_MAX), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "process.user.uid: 4294967295"));
	process.uid = 0;
	process.gid = UINT32_MAX;
	ck_assert_int_eq(make(UINT64_MAX), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "process.user.gid"));
	process.gid = 0;
	process.additional_gids = groups;
	process.nadditional_gids = 2;
	ck_assert_int_eq(make(UINT64_MAX), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "process.user.additionalGids"));
	process.nadditional_gids = 1;
	ck_assert_int_eq(make(UINT64_MAX), 0);
}
END_TEST

/* ---- environment ---------------------------------------------------------------------- */

static void set_env(char **env, size_t n)
{
	process.env = (struct bt_oci_strings){ .v = env, .n = n };
	ck_assert_int_eq(make(UINT64_MAX), 0);
}

START_TEST(environment_has_room_for_a_home_that_is_missing)
{
	char *env[] = { (char *)(uintptr_t) "A=1", (char *)(uintptr_t) "B=2",
			(char *)(uintptr_t) "A=3" };

	set_env(env, 3);
	ck_assert(plan.home_missing);
	ck_assert_uint_eq(plan.env_len, 2);
	ck_assert_str_eq(plan.env[0], "B=2");
	ck_assert_str_eq(plan.env[1], "A=3");
	ck_assert_ptr_null(plan.env[2]);
	ck_assert_ptr_null(plan.env[3]);
	ck_assert_str_eq(plan.path_list, BT_PLAN_DEFAULT_PATH);
}
END_TEST

START_TEST(home_that_is_empty_is_missing_and_not_there_twice)
{
	char *env[] = { (char *)(uintptr_t) "HOME=", (char *)(uintptr_t) "PATH=/x" };

	set_env(env, 2);
	ck_assert(plan.home_missing);
	ck_assert_uint_eq(plan.env_len, 1);
	ck_assert_str_eq(plan.env[0], "PATH=/x");
	ck_assert_str_eq(plan.path_list, "/x");
	env[0] = (char *)(uintptr_t) "HOME=/h";
	set_env(env, 2);
	ck_assert(!plan.home_missing);
	ck_assert_uint_eq(plan.env_len, 2);
}
END_TEST

/* ---- capabilities ---------------------------------------------------------------------- */

START_TEST(capabilities_that_the_machine_lacks_are_left_out_and_named)
{
	const uint64_t available = BIT(CAP_CHOWN) | BIT(CAP_KILL);

	process.capabilities.bounding = process.capabilities.permitted =
		process.capabilities.effective = BIT(CAP_CHOWN) | BIT(CAP_SYS_RESOURCE);
	ck_assert_int_eq(make(available), 0);
	ck_assert_uint_eq(plan.caps.bounding, BIT(CAP_CHOWN));
	ck_assert_uint_eq(plan.caps.permitted, BIT(CAP_CHOWN));
	ck_assert_uint_eq(plan.caps.effective, BIT(CAP_CHOWN));
	ck_assert_str_eq(warning, "capabilities that this machine does not have: CAP_SYS_RESOURCE");
}
END_TEST

/* What the kernel would refuse otherwise (capabilities(7)). */
START_TEST(effective_is_within_permitted_and_ambient_within_both)
{
	process.capabilities.bounding = BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_FOWNER);
	process.capabilities.permitted = BIT(CAP_CHOWN) | BIT(CAP_KILL);
	process.capabilities.effective = BIT(CAP_CHOWN) | BIT(CAP_FOWNER);
	process.capabilities.inheritable = BIT(CAP_CHOWN) | BIT(CAP_FOWNER);
	process.capabilities.ambient = BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_FOWNER);
	ck_assert_int_eq(make(UINT64_MAX), 0);
	ck_assert_uint_eq(plan.caps.effective, BIT(CAP_CHOWN));
	ck_assert_uint_eq(plan.caps.ambient, BIT(CAP_CHOWN));
	ck_assert_str_eq(warning, "");
}
END_TEST

START_TEST(capabilities_that_nobody_knows_are_left_out_and_named)
{
	char *unknown[] = { (char *)(uintptr_t) "CAP_OF_TOMORROW", (char *)(uintptr_t) "CAP_X" };

	process.capabilities.unknown = (struct bt_oci_strings){ .v = unknown, .n = 1 };
	ck_assert_int_eq(make(UINT64_MAX), 0);
	ck_assert_str_eq(warning, "unknown capabilities are left out: CAP_OF_TOMORROW");
	warning[0] = '\0';
	process.capabilities.unknown.n = 2;
	ck_assert_int_eq(make(UINT64_MAX), 0);
	ck_assert_str_eq(warning, "unknown capabilities are left out: CAP_OF_TOMORROW …");
}
END_TEST

/* ---- filter ------------------------------------------------------------------------------ */

START_TEST(filter_that_is_given_is_taken_as_it_is)
{
	filter = (struct bt_launch_filter){ .insns = "x", .len = 8, .flags = 1 };
	seccomp.set = true;
	ck_assert_int_eq(make(UINT64_MAX), 0);
	ck_assert_ptr_eq(plan.filter.insns, filter.insns);
	ck_assert_uint_eq(plan.filter.len, 8);
	ck_assert(!plan.notify);
	ck_assert_ptr_null(plan.compiled.insns);
}
END_TEST

START_TEST(filter_that_notifies_needs_somebody_to_be_told)
{
	filter = (struct bt_launch_filter){ .insns = "x",
					    .len = 8,
					    .flags = SECCOMP_FILTER_FLAG_NEW_LISTENER };
	ck_assert_int_eq(make(UINT64_MAX), -EINVAL);
	ck_assert_str_eq(err.msg, "linux.seccomp.listenerPath: needed for SCMP_ACT_NOTIFY");
	seccomp.listener_path = "";
	ck_assert_int_eq(make(UINT64_MAX), -EINVAL);
	seccomp.listener_path = "/run/agent";
	ck_assert_int_eq(make(UINT64_MAX), 0);
	ck_assert(plan.notify);
}
END_TEST

START_TEST(without_a_profile_there_is_no_filter)
{
	ck_assert_int_eq(make(UINT64_MAX), 0);
	ck_assert_ptr_null(plan.filter.insns);
	ck_assert(!plan.notify);
}
END_TEST

/* ---- label ------------------------------------------------------------------------------- */

START_TEST(no_label_is_possible_everywhere)
{
	ck_assert_int_eq(bt_plan_process_check_label(NULL, "linux.mountLabel", &err), 0);
	ck_assert_int_eq(bt_plan_process_check_label("", "linux.mountLabel", &err), 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, process_without_a_program_is_refused);
	tcase_add_test(tests, number_that_means_unchanged_is_nobodys);
	tcase_add_test(tests, environment_has_room_for_a_home_that_is_missing);
	tcase_add_test(tests, home_that_is_empty_is_missing_and_not_there_twice);
	tcase_add_test(tests, capabilities_that_the_machine_lacks_are_left_out_and_named);
	tcase_add_test(tests, effective_is_within_permitted_and_ambient_within_both);
	tcase_add_test(tests, capabilities_that_nobody_knows_are_left_out_and_named);
	tcase_add_test(tests, filter_that_is_given_is_taken_as_it_is);
	tcase_add_test(tests, filter_that_notifies_needs_somebody_to_be_told);
	tcase_add_test(tests, without_a_profile_there_is_no_filter);
	tcase_add_test(tests, no_label_is_possible_everywhere);
}

int main(void)
{
	return run_tests("runtime/plan_process", add);
}
