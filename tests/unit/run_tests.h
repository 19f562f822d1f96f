/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_RUN_TESTS_H
#define BT_TESTS_RUN_TESTS_H

/*
 * The main() of a program of unit tests.
 */

#include <check.h>
#include <stdlib.h>

#include "signals_of_ours.h"

/** Run the tests that `add` puts into one case, with the fixtures it gives it. `name` is
 * "<room>/<file>". Returns what main() returns. */
static inline int run_tests(const char *name, void (*add)(TCase *))
{
	Suite *suite = suite_create(name);
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	set_signals_of_ours();
	add(tests);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
