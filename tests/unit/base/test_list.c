/* SPDX-License-Identifier: Apache-2.0 */

#include "base/list.h"

#include <check.h>
#include <stdlib.h>

struct item {
	int n;
	struct bt_list link;
};

START_TEST(entries_come_in_order_and_may_leave_while_visited)
{
	struct item items[5];
	struct bt_list head;
	int next = 0;

	bt_list_init(&head);
	ck_assert(bt_list_empty(&head));
	for (int i = 0; i < 5; i++) {
		items[i].n = i;
		bt_list_append(&head, &items[i].link);
	}
	bt_list_foreach (it, &head) {
		struct item *item = bt_list_entry(it, struct item, link);

		ck_assert_int_eq(item->n, next++);
		if (item->n % 2)
			bt_list_remove(it);
	}
	ck_assert_int_eq(next, 5);
	next = 0;
	bt_list_foreach (it, &head) {
		ck_assert_int_eq(bt_list_entry(it, struct item, link)->n, next);
		next += 2;
	}
	ck_assert_int_eq(next, 6);
	ck_assert(bt_list_empty(&items[1].link));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/list");
	TCase *tc = tcase_create("list");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, entries_come_in_order_and_may_leave_while_visited);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
