/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/systemd_properties.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct bt_str out;

static void set_up(void)
{
	bt_str_clear(&out);
}

static void tear_down(void)
{
	bt_str_done(&out);
}

static size_t round_up(size_t at, size_t to)
{
	return (at + to - 1) / to * to;
}

/* Where the value of a property begins, behind its signature; NULL where there is none. */
static const char *value_of(const char *name, const char *signature)
{
	size_t len = strlen(name) + 1;
	const char *at = out.len > 0 ? memmem(out.p, out.len, name, len) : NULL;

	if (at == NULL)
		return NULL;
	at += len;
	ck_assert_uint_eq((unsigned char)*at, strlen(signature));
	ck_assert_str_eq(at + 1, signature);
	return at + 1 + strlen(signature) + 1;
}

static uint64_t u64_of(const char *name)
{
	const char *at = value_of(name, "t");
	uint64_t value;

	ck_assert_msg(at != NULL, "%s is not there", name);
	memcpy(&value, out.p + round_up((size_t)(at - out.p), 8), sizeof(value));
	return value;
}

static const char *text_of(const char *name)
{
	const char *at = value_of(name, "s");

	ck_assert_msg(at != NULL, "%s is not there", name);
	return out.p + round_up((size_t)(at - out.p), 4) + 4;
}

static bool has_text(const char *text)
{
	return out.len > 0 && memmem(out.p, out.len, text, strlen(text) + 1) != NULL;
}

START_TEST(nothing_that_is_not_limited_becomes_a_property)
{
	const struct bt_cgroup_limits none = { 0 };

	bt_systemd_properties_put(&out, &none, true);
	bt_systemd_properties_put(&out, &none, false);
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

START_TEST(version_2_has_its_own_names_and_units)
{
	const struct bt_cgroup_limits l = { .memory_limit = { 100 << 20, true },
					    .memory_reservation = { 50 << 20, true },
					    .memory_swap = { 150 << 20, true },
					    .cpu_shares = { 1024, true },
					    .pids = { 77, true },
					    .blkio_weight = { 1000, true } };

	bt_systemd_properties_put(&out, &l, true);
	ck_assert_uint_eq(u64_of("MemoryMax"), 100 << 20);
	ck_assert_uint_eq(u64_of("MemoryLow"), 50 << 20);
	ck_assert_uint_eq(u64_of("MemorySwapMax"), 50 << 20);
	ck_assert_uint_eq(u64_of("CPUWeight"), 39);
	ck_assert_uint_eq(u64_of("TasksMax"), 77);
	ck_assert_uint_eq(u64_of("IOWeight"), 10000);
	ck_assert(!has_text("CPUShares") && !has_text("MemoryLimit"));
}
END_TEST

START_TEST(version_1_has_the_old_names)
{
	const struct bt_cgroup_limits l = { .memory_limit = { 100 << 20, true },
					    .memory_swap = { 150 << 20, true },
					    .cpu_shares = { 1024, true },
					    .cpus = "0-1",
					    .blkio_weight = { 500, true } };

	bt_systemd_properties_put(&out, &l, false);
	ck_assert_uint_eq(u64_of("MemoryLimit"), 100 << 20);
	ck_assert_uint_eq(u64_of("CPUShares"), 1024);
	ck_assert_uint_eq(u64_of("BlockIOWeight"), 500);
	ck_assert(!has_text("AllowedCPUs") && !has_text("MemorySwapMax"));
}
END_TEST

START_TEST(no_limit_is_the_largest_number)
{
	const struct bt_cgroup_limits l = { .memory_limit = { -1, true },
					    .memory_swap = { -1, true },
					    .cpu_quota = { -1, true },
					    .pids = { -1, true } };

	bt_systemd_properties_put(&out, &l, true);
	ck_assert_uint_eq(u64_of("MemoryMax"), UINT64_MAX);
	ck_assert_uint_eq(u64_of("MemorySwapMax"), UINT64_MAX);
	ck_assert_uint_eq(u64_of("TasksMax"), UINT64_MAX);
	ck_assert_uint_eq(u64_of("CPUQuotaPerSecUSec"), UINT64_MAX);
}
END_TEST

START_TEST(quotas_are_rounded_up_to_what_the_manager_can_say)
{
	ck_assert_uint_eq(bt_systemd_properties_quota(50000, 100000), 500000);
	ck_assert_uint_eq(bt_systemd_properties_quota(25000, 50000), 500000);
	ck_assert_uint_eq(bt_systemd_properties_quota(1000, 100000), 10000);
	ck_assert_uint_eq(bt_systemd_properties_quota(1001, 100000), 20000);
	ck_assert_uint_eq(bt_systemd_properties_quota(1, 1000000), 10000);
	ck_assert_uint_eq(bt_systemd_properties_quota(-1, 100000), UINT64_MAX);
	ck_assert_uint_eq(bt_systemd_properties_quota(30000, 0), 300000);
	ck_assert_uint_eq(bt_systemd_properties_quota(INT64_MAX, 1), UINT64_MAX);
}
END_TEST

START_TEST(lists_of_processors_become_sets_of_bits)
{
	const struct bt_cgroup_limits l = { .cpus = "0-2,9", .mems = "nonsense" };
	const char *at;
	uint32_t len;

	bt_systemd_properties_put(&out, &l, true);
	at = value_of("AllowedCPUs", "ay");
	ck_assert_ptr_nonnull(at);
	at = out.p + round_up((size_t)(at - out.p), 4);
	memcpy(&len, at, sizeof(len));
	ck_assert_uint_eq(len, 2);
	ck_assert_int_eq(memcmp(at + 4, "\x07\x02", 2), 0);
	/* The kernel says what is wrong with it. */
	ck_assert(!has_text("AllowedMemoryNodes"));
}
END_TEST

START_TEST(device_rules_let_through_no_less_than_was_allowed)
{
	const struct bt_cgroup_device_rule rules[] = {
		{ true, 'c', 1, 5, 7 }, /* forgotten by the next one */
		{ false, 'a', -1, -1, 7 }, { true, 'c', 10, 200, 7 },
		{ true, 'b', 8, -1, 1 },   { true, 'a', -1, -1, 4 },
	};
	const struct bt_cgroup_limits l = { .devices = rules, .ndevices = 5 };

	bt_systemd_properties_put(&out, &l, true);
	ck_assert_str_eq(text_of("DevicePolicy"), "strict");
	ck_assert(has_text("/dev/char/10:200"));
	ck_assert(has_text("block-*"));
	ck_assert(has_text("char-*"));
	ck_assert(!has_text("/dev/char/1:5"));
}
END_TEST

START_TEST(where_everything_is_allowed_the_manager_refuses_nothing)
{
	const struct bt_cgroup_device_rule rules[] = { { true, 'a', -1, -1, 7 },
						       { false, 'c', 1, 11, 7 } };
	const struct bt_cgroup_limits l = { .devices = rules, .ndevices = 2 };

	bt_systemd_properties_put(&out, &l, true);
	ck_assert_str_eq(text_of("DevicePolicy"), "auto");
	ck_assert(!has_text("char-*"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/systemd_properties");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, nothing_that_is_not_limited_becomes_a_property);
	tcase_add_test(all, version_2_has_its_own_names_and_units);
	tcase_add_test(all, version_1_has_the_old_names);
	tcase_add_test(all, no_limit_is_the_largest_number);
	tcase_add_test(all, quotas_are_rounded_up_to_what_the_manager_can_say);
	tcase_add_test(all, lists_of_processors_become_sets_of_bits);
	tcase_add_test(all, device_rules_let_through_no_less_than_was_allowed);
	tcase_add_test(all, where_everything_is_allowed_the_manager_refuses_nothing);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
