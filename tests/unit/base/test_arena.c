/* SPDX-License-Identifier: Apache-2.0 */

#include "base/arena.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

START_TEST(memory_is_zeroed_aligned_and_apart)
{
	bt_auto_arena struct bt_arena arena = { 0 };

	for (size_t size = 1; size < 300000; size = size * 3 + 1) {
		unsigned char *p = bt_arena_alloc(&arena, size);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			ck_assert_uint_eq(p[i], 0);
		memset(p, 0xff, size);
	}
	ck_assert_str_eq(bt_arena_strdup(&arena, "text"), "text");
}
END_TEST

START_TEST(a_limit_refuses_and_done_gives_all_back)
{
	struct bt_arena arena = { .max = 1 << 20 };

	ck_assert_ptr_null(bt_arena_alloc(&arena, 2 << 20));
	ck_assert_ptr_null(bt_arena_alloc(&arena, SIZE_MAX - 8));
	ck_assert_ptr_nonnull(bt_arena_alloc(&arena, 900 << 10));
	ck_assert_ptr_null(bt_arena_alloc(&arena, 900 << 10));
	bt_arena_done(&arena);
	ck_assert_uint_eq(arena.total, 0);
	ck_assert_ptr_nonnull(bt_arena_alloc(&arena, 900 << 10));
	bt_arena_done(&arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/arena");
	TCase *tc = tcase_create("arena");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, memory_is_zeroed_aligned_and_apart);
	tcase_add_test(tc, a_limit_refuses_and_done_gives_all_back);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
