/* SPDX-License-Identifier: Apache-2.0 */

#include "api/hijack.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct taken {
	int runs, cancels, sock;
	char early[8];
	int r;
};

static int take(void *arg, int sock, const void *early, size_t early_len, struct bt_err *err)
{
	struct taken *taken = arg;

	taken->runs++;
	taken->sock = sock;
	memcpy(taken->early, early, early_len);
	return taken->r < 0 ? bt_err_sys(err, taken->r, "take over") : 0;
}

static void cancel(void *arg)
{
	((struct taken *)arg)->cancels++;
}

START_TEST(what_takes_over_gets_the_socket_and_the_early_bytes)
{
	struct taken taken = { 0 };
	struct bt_hijack hijack = { take, cancel, &taken };

	bt_hijack_run(&hijack, 7, "early", 6);
	ck_assert_int_eq(taken.runs, 1);
	ck_assert_int_eq(taken.sock, 7);
	ck_assert_str_eq(taken.early, "early");
}
END_TEST

START_TEST(one_that_ran_is_not_cancelled_also_where_it_failed)
{
	struct taken taken = { .r = -ECONNRESET };
	struct bt_hijack hijack = { take, cancel, &taken };

	bt_hijack_run(&hijack, 7, "", 0);
	bt_hijack_cancel(&hijack);
	ck_assert_int_eq(taken.runs, 1);
	ck_assert_int_eq(taken.cancels, 0);
}
END_TEST

START_TEST(one_that_never_ran_is_cancelled_once)
{
	struct taken taken = { 0 };
	struct bt_hijack hijack = { take, cancel, &taken };

	bt_hijack_cancel(&hijack);
	bt_hijack_cancel(&hijack);
	ck_assert_int_eq(taken.cancels, 1);
	ck_assert_int_eq(taken.runs, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/hijack");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(all, what_takes_over_gets_the_socket_and_the_early_bytes);
	tcase_add_test(all, one_that_ran_is_not_cancelled_also_where_it_failed);
	tcase_add_test(all, one_that_never_ran_is_cancelled_once);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
