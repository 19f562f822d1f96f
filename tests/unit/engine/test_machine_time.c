/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/machine_time.h"

#include <time.h>

#include "common.h"

START_TEST(all_states_but_guests_are_counted)
{
	struct bt_machine_time t = bt_machine_time_parse("cpu  1 2 3 4 5 6 7 8 100 200\n"
							 "cpu0 1 2 3 4 5 6 7 8 100 200\n"
							 "cpu1 0 0 0 0 0 0 0 0 0 0\n"
							 "intr 5\n",
							 100);

	ck_assert_uint_eq(t.total_ns, 36ull * 10000000);
	ck_assert_uint_eq(t.cpus, 2);
}
END_TEST

START_TEST(an_old_kernel_has_fewer_states)
{
	struct bt_machine_time t = bt_machine_time_parse("cpu 1 2 3 4\ncpu0 1 2 3 4\n", 1000);

	ck_assert_uint_eq(t.total_ns, 10ull * 1000000);
	ck_assert_uint_eq(t.cpus, 1);
}
END_TEST

START_TEST(processors_are_those_that_are_online)
{
	struct bt_machine_time t =
		bt_machine_time_parse("cpu 1 1 1 1\ncpu0 1\ncpu3 1\ncpu12 1\ncpux\ncpu4 1\n", 100);

	ck_assert_uint_eq(t.cpus, 3);
}
END_TEST

START_TEST(nonsense_is_no_time_of_one_processor)
{
	static const char *const texts[] = {
		"", "cpu", "cpu x", "cpu 1 2", "intr 1\n", "cpu0 1 1\n"
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct bt_machine_time t = bt_machine_time_parse(texts[i], 100);

		ck_assert_msg(t.total_ns == 0 && t.cpus == 1, "%s", texts[i]);
	}
}
END_TEST

START_TEST(the_machine_s_own_time_goes_on)
{
	struct bt_machine_time a = bt_machine_time_now(), b;

	ck_assert_uint_gt(a.total_ns, 0);
	do
		b = bt_machine_time_now();
	while (b.total_ns == a.total_ns);
	ck_assert_uint_gt(b.total_ns, a.total_ns);
	ck_assert_uint_eq(a.cpus, b.cpus);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, all_states_but_guests_are_counted);
	tcase_add_test(tests, an_old_kernel_has_fewer_states);
	tcase_add_test(tests, processors_are_those_that_are_online);
	tcase_add_test(tests, nonsense_is_no_time_of_one_processor);
	tcase_add_test(tests, the_machine_s_own_time_goes_on);
}

int main(void)
{
	return run_tests("engine/machine_time", add);
}
