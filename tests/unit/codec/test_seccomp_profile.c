/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/seccomp_profile.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct bt_seccomp_profile_target plain = {
	.capabilities = 1 << 5, /* CAP_KILL */
	.machine = "x86_64",
	.kernel_major = 5,
	.kernel_minor = 10,
};
static struct bt_err err;

static json_t *convert(const char *text)
{
	json_t *oci = NULL;

	ck_assert_msg(bt_seccomp_profile_convert(text, strlen(text), &plain, &oci, &err) == 0, "%s",
		      err.msg);
	return oci;
}

/* The one rule of a profile is there for `plain`, or is not. */
static bool holds(const char *conditions)
{
	char text[512];
	json_t *oci;
	size_t n;

	(void)snprintf(text, sizeof(text),
		       "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],"
		       "\"action\":\"SCMP_ACT_ALLOW\",%s}]}",
		       conditions);
	oci = convert(text);
	n = json_array_size(json_object_get(oci, "syscalls"));
	json_decref(oci);
	return n == 1;
}

START_TEST(the_default_profile_is_whole)
{
	size_t len;
	const char *text = bt_seccomp_profile_default(&len);
	json_t *oci;

	ck_assert_uint_eq(strlen(text), len);
	oci = convert(text);
	ck_assert_str_eq(json_string_value(json_object_get(oci, "defaultAction")),
			 "SCMP_ACT_ERRNO");
	ck_assert_int_eq(json_integer_value(json_object_get(oci, "defaultErrnoRet")), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(oci, "architectures")), 3);
	ck_assert_uint_eq(json_array_size(json_object_get(oci, "syscalls")), 14);
	json_decref(oci);
}
END_TEST

START_TEST(conditions_follow_the_target)
{
	ck_assert(holds("\"includes\":{}"));
	ck_assert(holds("\"includes\":null,\"excludes\":null"));
	ck_assert(holds("\"includes\":{\"caps\":[\"CAP_KILL\"]}"));
	ck_assert(!holds("\"includes\":{\"caps\":[\"CAP_KILL\",\"CAP_CHOWN\"]}"));
	ck_assert(!holds("\"includes\":{\"caps\":[\"CAP_UNHEARD_OF\"]}"));
	ck_assert(!holds("\"excludes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_KILL\"]}"));
	ck_assert(holds("\"excludes\":{\"caps\":[\"CAP_CHOWN\"]}"));
	ck_assert(holds("\"includes\":{\"arches\":[\"arm\",\"amd64\"]}"));
	ck_assert(!holds("\"includes\":{\"arches\":[\"arm\"]}"));
	ck_assert(!holds("\"excludes\":{\"arches\":[\"amd64\"]}"));
	ck_assert(holds("\"includes\":{\"minKernel\":\"5.10\"}"));
	ck_assert(holds("\"includes\":{\"minKernel\":\"4.99\"}"));
	ck_assert(!holds("\"includes\":{\"minKernel\":\"5.11\"}"));
	ck_assert(!holds("\"excludes\":{\"minKernel\":\"4.8\"}"));
}
END_TEST

START_TEST(an_empty_profile_means_no_filter)
{
	ck_assert_ptr_null(convert("{}"));
}
END_TEST

START_TEST(old_profiles_name_one_call_and_list_architectures)
{
	json_t *oci = convert(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"],"
		"\"syscalls\":[{\"name\":\"chmod\",\"action\":\"SCMP_ACT_ERRNO\",\"args\":null}]}");
	json_t *rule = json_array_get(json_object_get(oci, "syscalls"), 0);

	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(rule, "names"), 0)),
			 "chmod");
	ck_assert_uint_eq(json_array_size(json_object_get(oci, "architectures")), 1);
	json_decref(oci);
}
END_TEST

START_TEST(what_is_of_no_condition_is_kept)
{
	json_t *oci = convert(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"listenerPath\":\"/run/l\","
		"\"listenerMetadata\":\"m\",\"syscalls\":[{\"names\":[\"read\",\"write\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":5,\"comment\":\"why\",\"args\":["
		"{\"index\":1,\"value\":2,\"valueTwo\":3,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}");
	json_t *want = json_loads(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		"\"architectures\":[],"
		"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"listenerPath\":\"/run/l\","
		"\"listenerMetadata\":\"m\",\"syscalls\":[{\"names\":[\"read\",\"write\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":5,\"args\":["
		"{\"index\":1,\"value\":2,\"valueTwo\":3,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}",
		0, NULL);

	ck_assert(json_equal(oci, want));
	json_decref(oci);
	json_decref(want);
}
END_TEST

START_TEST(an_error_by_name_is_its_number)
{
	json_t *oci =
		convert("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOSYS\","
			"\"defaultErrnoRet\":1,\"syscalls\":[{\"names\":[\"read\"],"
			"\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"EPERM\"},"
			"{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"99\"},"
			"{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"\"}]}");
	json_t *rules = json_object_get(oci, "syscalls");

	ck_assert_int_eq(json_integer_value(json_object_get(oci, "defaultErrnoRet")), ENOSYS);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(rules, 0), "errnoRet")),
			 EPERM);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(rules, 1), "errnoRet")),
			 99);
	ck_assert_ptr_null(json_object_get(json_array_get(rules, 2), "errnoRet"));
	json_decref(oci);
}
END_TEST

START_TEST(only_the_machines_entry_of_the_map_counts)
{
	json_t *oci = convert(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":["
		"{\"architecture\":\"SCMP_ARCH_AARCH64\",\"subArchitectures\":[\"SCMP_ARCH_ARM\"]},"
		"{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X32\"]},"
		"{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\"]}]}");
	json_t *list = json_object_get(oci, "architectures");

	ck_assert_uint_eq(json_array_size(list), 2);
	ck_assert_str_eq(json_string_value(json_array_get(list, 0)), "SCMP_ARCH_X86_64");
	ck_assert_str_eq(json_string_value(json_array_get(list, 1)), "SCMP_ARCH_X32");
	json_decref(oci);
}
END_TEST

static const struct {
	const char *text, *message;
} wrong[] = {
	{ "[]", "seccomp profile: must be an object" },
	{ "{\"defaultAction\":\"A\",\"architectures\":[\"a\"],\"archMap\":[{\"architecture\":\"b\"}]}",
	  "seccomp profile: both 'architectures' and 'archMap' are specified in the seccomp profile, use "
	  "either 'architectures' or 'archMap'" },
	{ "{\"defaultAction\":\"A\",\"syscalls\":[{\"name\":\"a\",\"names\":[\"b\"]}]}",
	  "seccomp profile: both 'name' and 'names' are specified in the seccomp profile, use either "
	  "'name' or 'names'" },
	{ "{\"defaultAction\":\"A\",\"syscalls\":[{\"names\":[\"b\"],\"includes\":{\"minKernel\":\"x\"}}]}",
	  "seccomp profile: invalid kernel version: x" },
	{ "{\"defaultAction\":\"A\",\"defaultErrno\":\"EWHAT\"}",
	  "seccomp profile: defaultErrno: unknown error 'EWHAT'" },
	{ "{\"defaultAction\":\"A\",\"syscalls\":[{\"names\":[\"b\"],\"errno\":\"1x\"}]}",
	  "seccomp profile: errno: unknown error '1x'" },
	{ "{\"defaultAction\":\"A\",\"syscalls\":[3]}",
	  "seccomp profile: syscalls must be an array of objects" },
	{ "{\"defaultAction\":\"A\",\"syscalls\":[{\"names\":[3]}]}",
	  "invalid JSON: names must be an array of strings" },
};

START_TEST(a_wrong_profile_is_refused)
{
	json_t *oci = NULL;

	ck_assert_int_eq(bt_seccomp_profile_convert(wrong[_i].text, strlen(wrong[_i].text), &plain,
						    &oci, &err),
			 -EINVAL);
	ck_assert_str_eq(err.msg, wrong[_i].message);
	ck_assert_ptr_null(oci);
}
END_TEST

START_TEST(the_target_reads_a_release)
{
	struct bt_seccomp_profile_target t;

	ck_assert_int_eq(bt_seccomp_profile_target_init(&t, 3, "x86_64", "6.1.0-18-amd64"), 0);
	ck_assert(t.kernel_major == 6 && t.kernel_minor == 1 && t.capabilities == 3);
	ck_assert_int_eq(bt_seccomp_profile_target_init(&t, 3, "x86_64", "six"), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/seccomp_profile");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, the_default_profile_is_whole);
	tcase_add_test(all, conditions_follow_the_target);
	tcase_add_test(all, an_empty_profile_means_no_filter);
	tcase_add_test(all, old_profiles_name_one_call_and_list_architectures);
	tcase_add_test(all, what_is_of_no_condition_is_kept);
	tcase_add_test(all, an_error_by_name_is_its_number);
	tcase_add_test(all, only_the_machines_entry_of_the_map_counts);
	tcase_add_loop_test(all, a_wrong_profile_is_refused, 0,
			    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(all, the_target_reads_a_release);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
