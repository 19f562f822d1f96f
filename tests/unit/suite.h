/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_SUITE_H
#define BT_TESTS_SUITE_H

/*
 * main() of a test program of one case, and what tests say often.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "signals_of_ours.h"

/* Long, for a machine that does other things beside: a test waits for events, never for a time. */
#define SUITE_SECONDS 120

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/** `call` succeeds, or the test says why not. */
#define ck_well(call, err) ck_assert_msg((call) >= 0, "%s", (err)->msg)

/** An error is of `kind`, and its message has `words` in it. */
static inline void check_err(const struct bt_err *err, enum bt_err_kind kind, const char *words)
{
	ck_assert_msg(strstr(err->msg, words) != NULL, "\"%s\" does not say \"%s\"", err->msg,
		      words);
	ck_assert_msg(err->kind == kind, "kind %d: %s", (int)err->kind, err->msg);
	ck_assert_int_gt(err->errnum, 0);
}

/** Run a case; `setup` and `teardown` (each may be NULL) run in the process of each test. */
static inline int run_suite(const char *name, void (*setup)(void), void (*teardown)(void),
			    void (*add)(TCase *))
{
	Suite *suite = suite_create(name);
	TCase *tests = tcase_create(name);
	SRunner *runner;
	int failed;

	set_signals_of_ours();
	tcase_set_timeout(tests, SUITE_SECONDS);
	tcase_add_checked_fixture(tests, setup, teardown);
	add(tests);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
