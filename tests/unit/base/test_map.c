/* SPDX-License-Identifier: Apache-2.0 */

#include "base/map.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

START_TEST(what_is_put_is_found_until_removed)
{
	static int values[5000];
	struct bt_map map = { 0 };
	char key[16];
	void *old;

	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		ck_assert_int_eq(bt_map_put(&map, key, &values[i], NULL), 0);
	}
	ck_assert_int_eq(bt_map_put(&map, "k7", &values[0], &old), 0);
	ck_assert_ptr_eq(old, &values[7]);
	for (int i = 0; i < 5000; i += 2) {
		snprintf(key, sizeof(key), "k%d", i);
		ck_assert_ptr_eq(bt_map_remove(&map, key), &values[i]);
		ck_assert_ptr_null(bt_map_remove(&map, key));
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		if (i % 2 == 0)
			ck_assert_ptr_null(bt_map_get(&map, key));
		else
			ck_assert_ptr_eq(bt_map_get(&map, key), i == 7 ? &values[0] : &values[i]);
	}
	ck_assert_uint_eq(map.used, 2500);
	bt_map_done(&map);
}
END_TEST

START_TEST(every_entry_is_visited_once)
{
	int seen[100] = { 0 };
	struct bt_map map = { 0 };
	size_t pos = 0;
	char key[16];
	void *value;

	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "%d", i);
		ck_assert_int_eq(bt_map_put(&map, key, &seen[i], NULL), 0);
	}
	while (bt_map_next(&map, &pos, NULL, &value))
		(*(int *)value)++;
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(seen[i], 1);
	bt_map_done(&map);
}
END_TEST

/* The entries whose number `n` divides go while the map is walked; the steps that it took. */
static size_t remove_each(struct bt_map *map, int n)
{
	size_t pos = 0, steps = 0;
	void *value;

	for (; bt_map_next(map, &pos, NULL, &value); steps++) {
		int number = *(int *)value;
		char key[16];

		snprintf(key, sizeof(key), "%d", number);
		if (number % n != 0)
			continue;
		ck_assert_ptr_eq(bt_map_remove(map, key), value);
		bt_map_removed(&pos);
	}
	return steps;
}

START_TEST(entries_can_go_while_all_are_visited)
{
	static int numbers[3000];

	/* Other seeds, other gaps. */
	for (int round = 0; round < 20; round++) {
		struct bt_map map = { 0 };
		char key[16];

		for (int i = 0; i < 3000; i++) {
			numbers[i] = i;
			snprintf(key, sizeof(key), "%d", i);
			ck_assert_int_eq(bt_map_put(&map, key, &numbers[i], NULL), 0);
		}
		ck_assert_uint_ge(remove_each(&map, 3), 3000);
		ck_assert_uint_eq(map.used, 2000);
		for (int i = 0; i < 3000; i++) {
			snprintf(key, sizeof(key), "%d", i);
			ck_assert_ptr_eq(bt_map_get(&map, key), i % 3 ? &numbers[i] : NULL);
		}
		/* In as many steps as there are entries. */
		ck_assert_uint_eq(remove_each(&map, 1), 2000);
		ck_assert_uint_eq(map.used, 0);
		bt_map_done(&map);
	}
}
END_TEST

START_TEST(an_empty_map_answers_no)
{
	struct bt_map map = { 0 };
	size_t pos = 0;

	ck_assert_ptr_null(bt_map_get(&map, "x"));
	ck_assert_ptr_null(bt_map_remove(&map, "x"));
	ck_assert(!bt_map_next(&map, &pos, NULL, NULL));
	bt_map_done(&map);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/map");
	TCase *tc = tcase_create("map");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, what_is_put_is_found_until_removed);
	tcase_add_test(tc, every_entry_is_visited_once);
	tcase_add_test(tc, entries_can_go_while_all_are_visited);
	tcase_add_test(tc, an_empty_map_answers_no);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
