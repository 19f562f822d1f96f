/* SPDX-License-Identifier: Apache-2.0 */

#include "base/size.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

START_TEST(sizes_are_powers_of_1024)
{
	static const struct {
		const char *text;
		long long n;
	} good[] = {
		{ "0", 0 },        { "32", 32 },       { "32b", 32 },          { "32k", 32768 },
		{ "32KB", 32768 }, { "32KiB", 32768 }, { "1.5g", 1610612736 }, { "2 m", 2097152 }
	};
	static const char *const bad[] = { "",    "x",  "-1",  "1x",       "1kbx",
					   "1ib", ".5", "1 2", "99999999p" };
	int64_t n;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_msg(bt_size_parse(good[i].text, &n) == 0, "%s", good[i].text);
		ck_assert_int_eq(n, good[i].n);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(bt_size_parse(bad[i], &n) == -EINVAL, "%s", bad[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/size");
	TCase *tests = tcase_create("size");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, sizes_are_powers_of_1024);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
