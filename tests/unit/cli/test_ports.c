/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/ports.h"

#include <check.h>
#include <stdlib.h>

static void expect(const char *ports, const char *want)
{
	json_auto_t *list = json_loads(ports, 0, NULL);
	json_auto_t *text = bt_ports_text(list);

	ck_assert_str_eq(json_string_value(text), want);
}

START_TEST(neighbours_become_ranges)
{
	expect("[]", "");
	expect("[{\"PrivatePort\":80,\"Type\":\"tcp\"}]", "80/tcp");
	expect("[{\"PrivatePort\":81,\"Type\":\"tcp\"},{\"PrivatePort\":80,\"Type\":\"tcp\"},"
	       "{\"PrivatePort\":90,\"Type\":\"tcp\"}]",
	       "80-81/tcp, 90/tcp");
	expect("[{\"IP\":\"0.0.0.0\",\"PrivatePort\":80,\"PublicPort\":80,\"Type\":\"tcp\"},"
	       "{\"IP\":\"0.0.0.0\",\"PrivatePort\":81,\"PublicPort\":81,\"Type\":\"tcp\"}]",
	       "0.0.0.0:80-81->80-81/tcp");
}
END_TEST

START_TEST(other_ports_on_the_host_stand_alone_and_last)
{
	expect("[{\"IP\":\"::\",\"PrivatePort\":80,\"PublicPort\":8080,\"Type\":\"tcp\"},"
	       "{\"PrivatePort\":443,\"Type\":\"tcp\"}]",
	       "443/tcp, [::]:8080->80/tcp");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/ports");
	TCase *tests = tcase_create("ports");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, neighbours_become_ranges);
	tcase_add_test(tests, other_ports_on_the_host_stand_alone_and_last);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
