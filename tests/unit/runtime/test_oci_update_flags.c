/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/oci_update_flags.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "flags_fixture.h"

static struct bt_oci_update_flags got;
static struct bt_err err;

static int take(const char *line)
{
	got = (struct bt_oci_update_flags){ 0 };
	err = (struct bt_err){ 0 };
	flags_split(line);
	return bt_oci_update_flags_take(flags_argc, flags_argv, &got, &err);
}

static void check_refused(const char *line, const char *words)
{
	ck_assert_msg(take(line) == -EINVAL, "'%s' is taken", line);
	check_err(&err, BT_ERR_INVALID, words);
	ck_assert_msg(!got.resources.set, "'%s' wrote something", line);
}

START_TEST(without_flags_nothing_is_limited)
{
	struct bt_oci_update_flags none = { .resources.set = true };

	ck_assert_int_eq(take("update c"), 0);
	ck_assert_mem_eq(&got, &none, sizeof(none));
	ck_assert_str_eq(flags_argv[optind], "c");
}
END_TEST

/* Numbers that may be negative, by where they go. */
static const struct {
	const char *flag;
	size_t at;
} signed_flags[] = {
	{ "--cpu-quota", offsetof(struct bt_oci_resources, cpu.quota) },
	{ "--cpu-rt-runtime", offsetof(struct bt_oci_resources, cpu.realtime_runtime) },
	{ "--cpu-idle", offsetof(struct bt_oci_resources, cpu.idle) },
	{ "--pids-limit", offsetof(struct bt_oci_resources, pids_limit) },
}, unsigned_flags[] = {
	{ "--blkio-weight", offsetof(struct bt_oci_resources, blkio.weight) },
	{ "--cpu-period", offsetof(struct bt_oci_resources, cpu.period) },
	{ "--cpu-burst", offsetof(struct bt_oci_resources, cpu.burst) },
	{ "--cpu-share", offsetof(struct bt_oci_resources, cpu.shares) },
	{ "--cpu-rt-period", offsetof(struct bt_oci_resources, cpu.realtime_period) },
}, byte_flags[] = {
	{ "--memory", offsetof(struct bt_oci_resources, memory.limit) },
	{ "--memory-reservation", offsetof(struct bt_oci_resources, memory.reservation) },
	{ "--memory-swap", offsetof(struct bt_oci_resources, memory.swap) },
};

static const struct bt_oci_i64 *signed_at(size_t at)
{
	return (const struct bt_oci_i64 *)((const char *)&got.resources + at);
}

static int take_value(const char *flag, const char *value)
{
	char line[128];

	(void)snprintf(line, sizeof(line), "update %s %s c", flag, value);
	return take(line);
}

START_TEST(each_number_goes_where_it_belongs_and_nowhere_else)
{
	for (size_t i = 0; i < LENGTH(signed_flags); i++) {
		static const int64_t values[] = { 0, 1, -1, INT64_MAX, INT64_MIN };

		for (size_t v = 0; v < LENGTH(values); v++) {
			struct bt_oci_update_flags only = { .resources.set = true };
			char text[32];

			(void)snprintf(text, sizeof(text), "%" PRId64, values[v]);
			ck_assert_msg(take_value(signed_flags[i].flag, text) == 0, "%s %s: %s",
				      signed_flags[i].flag, text, err.msg);
			ck_assert(signed_at(signed_flags[i].at)->set);
			ck_assert_int_eq(signed_at(signed_flags[i].at)->value, values[v]);
			memcpy((char *)&only.resources + signed_flags[i].at,
			       signed_at(signed_flags[i].at), sizeof(struct bt_oci_i64));
			ck_assert_mem_eq(&got, &only, sizeof(only));
		}
	}
}
END_TEST

START_TEST(what_cannot_be_negative_is_not)
{
	for (size_t i = 0; i < LENGTH(unsigned_flags); i++) {
		const struct bt_oci_u64 *number =
			(const struct bt_oci_u64 *)((const char *)&got.resources +
						    unsigned_flags[i].at);

		ck_assert_int_eq(take_value(unsigned_flags[i].flag, "7"), 0);
		ck_assert(number->set);
		ck_assert_uint_eq(number->value, 7);
		ck_assert_int_eq(take_value(unsigned_flags[i].flag, "9223372036854775807"), 0);
		ck_assert_int_eq(take_value(unsigned_flags[i].flag, "-1"), -EINVAL);
		check_err(&err, BT_ERR_INVALID, unsigned_flags[i].flag);
	}
}
END_TEST

START_TEST(sizes_have_units_and_minus_one_is_no_limit)
{
	static const struct {
		const char *text;
		int64_t value;
	} cases[] = { { "0", 0 },        { "1", 1 },         { "1k", 1024 }, { "2M", 2 << 20 },
		      { "1G", 1 << 30 }, { "1gb", 1 << 30 }, { "-1", -1 },   { "1b", 1 } };

	for (size_t i = 0; i < LENGTH(byte_flags); i++)
		for (size_t c = 0; c < LENGTH(cases); c++) {
			ck_assert_msg(take_value(byte_flags[i].flag, cases[c].text) == 0,
				      "%s %s: %s", byte_flags[i].flag, cases[c].text, err.msg);
			ck_assert(signed_at(byte_flags[i].at)->set);
			ck_assert_int_eq(signed_at(byte_flags[i].at)->value, cases[c].value);
		}
}
END_TEST

START_TEST(what_is_no_number_is_refused_with_the_flag_it_was_for)
{
	static const char *const numbers[] = { "",
					       "x",
					       "1x",
					       "0x10",
					       "1.5",
					       "1e3",
					       "+",
					       "--",
					       "9223372036854775808",
					       "1 ",
					       " 1",
					       "\t1",
					       "-9223372036854775809" };
	static const char *const sizes[] = {
		"", "x", "1x", "-2", "-1k", "1kk", "k", "99999999999G"
	};

	for (size_t i = 0; i < LENGTH(numbers); i++) {
		char text[64];

		/* As one word, whatever is in it. */
		(void)snprintf(text, sizeof(text), "update --pids-limit @ c");
		flags_split(text);
		flags_argv[2] = (char *)(uintptr_t)numbers[i];
		err = (struct bt_err){ 0 };
		ck_assert_msg(bt_oci_update_flags_take(flags_argc, flags_argv, &got, &err) ==
				      -EINVAL,
			      "'%s' is a number", numbers[i]);
		check_err(&err, BT_ERR_INVALID, "--pids-limit");
	}
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		flags_split("update --memory-swap @ c");
		flags_argv[2] = (char *)(uintptr_t)sizes[i];
		err = (struct bt_err){ 0 };
		ck_assert_msg(bt_oci_update_flags_take(flags_argc, flags_argv, &got, &err) ==
				      -EINVAL,
			      "'%s' is a size", sizes[i]);
		check_err(&err, BT_ERR_INVALID, "--memory-swap: invalid size");
	}
}
END_TEST

START_TEST(texts_are_borrowed_as_they_are)
{
	ck_assert_int_eq(
		take("update --cpuset-cpus 0-3,7 --cpuset-mems=0 --l3-cache-schema L3:0=ff "
		     "--mem-bw-schema MB:0=20 -r - c"),
		0);
	ck_assert_str_eq(got.resources.cpu.cpus, "0-3,7");
	ck_assert_str_eq(got.resources.cpu.mems, "0");
	ck_assert(got.rdt.set);
	ck_assert_str_eq(got.rdt.l3_cache_schema, "L3:0=ff");
	ck_assert_str_eq(got.rdt.mem_bw_schema, "MB:0=20");
	ck_assert_str_eq(got.file, "-");
}
END_TEST

START_TEST(a_file_of_resources_is_no_class_of_service)
{
	ck_assert_int_eq(take("update --resources /x c"), 0);
	ck_assert_str_eq(got.file, "/x");
	ck_assert(!got.rdt.set);
}
END_TEST

START_TEST(limits_of_kernel_memory_are_ignored_whatever_they_say)
{
	struct bt_oci_update_flags none = { .resources.set = true };

	ck_assert_int_eq(take("update --kernel-memory 5 --kernel-memory-tcp nonsense c"), 0);
	ck_assert_mem_eq(&got, &none, sizeof(none));
}
END_TEST

START_TEST(the_last_of_several_counts)
{
	ck_assert_int_eq(take("update --pids-limit 1 --pids-limit=2 --memory 1k --memory -1 c"), 0);
	ck_assert_int_eq(got.resources.pids_limit.value, 2);
	ck_assert_int_eq(got.resources.memory.limit.value, -1);
}
END_TEST

START_TEST(flags_end_at_the_first_argument)
{
	ck_assert_int_eq(take("update c --pids-limit 1"), 0);
	ck_assert(!got.resources.pids_limit.set);
	ck_assert_str_eq(flags_argv[optind], "c");
	ck_assert_int_eq(take("update -- --pids-limit"), 0);
	ck_assert_str_eq(flags_argv[optind], "--pids-limit");
}
END_TEST

START_TEST(a_flag_nobody_knows_and_one_without_its_value_are_refused)
{
	check_refused("update --cpu-shares 5 c", "cpu-shares");
	check_refused("update -x c", "x");
	check_refused("update --memory", "memory");
	check_refused("update -r", "r");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, without_flags_nothing_is_limited);
	tcase_add_test(tests, each_number_goes_where_it_belongs_and_nowhere_else);
	tcase_add_test(tests, what_cannot_be_negative_is_not);
	tcase_add_test(tests, sizes_have_units_and_minus_one_is_no_limit);
	tcase_add_test(tests, what_is_no_number_is_refused_with_the_flag_it_was_for);
	tcase_add_test(tests, texts_are_borrowed_as_they_are);
	tcase_add_test(tests, a_file_of_resources_is_no_class_of_service);
	tcase_add_test(tests, limits_of_kernel_memory_are_ignored_whatever_they_say);
	tcase_add_test(tests, the_last_of_several_counts);
	tcase_add_test(tests, flags_end_at_the_first_argument);
	tcase_add_test(tests, a_flag_nobody_knows_and_one_without_its_value_are_refused);
}

int main(void)
{
	return run_suite("runtime/oci_update_flags", NULL, flags_teardown, add);
}
