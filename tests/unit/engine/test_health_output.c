/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/health_output.h"

#include "../suite.h"
#include "base/auto.h"
#include "base/str.h"

static struct bt_str stream;
static char *kept;

static void teardown(void)
{
	bt_str_done(&stream);
	free(kept);
}

/* A frame that says it is `size` bytes long. */
static void add_head(unsigned char from, size_t size)
{
	const char head[] = {
		(char)from,        0,         0, 0, (char)(size >> 24), (char)(size >> 16),
		(char)(size >> 8), (char)size
	};

	bt_str_add(&stream, head, sizeof(head));
}

static void add_frame(unsigned char from, const char *text)
{
	add_head(from, strlen(text));
	bt_str_puts(&stream, text);
}

/* What is kept of the stream so far. */
static const char *keep(void)
{
	char *copy = malloc(stream.len + 1);

	memcpy(copy, stream.p, stream.len);
	free(kept);
	kept = bt_health_output_keep(copy, stream.len);
	free(copy);
	ck_assert_ptr_nonnull(kept);
	return kept;
}

START_TEST(of_nothing_nothing_is_kept)
{
	bt_auto_free char *none = bt_health_output_keep(NULL, 0);

	ck_assert_str_eq(none, "");
	add_head(1, 0);
	ck_assert_str_eq(keep(), "");
}
END_TEST

START_TEST(output_and_error_are_kept_as_they_came)
{
	add_frame(1, "one ");
	add_frame(2, "two ");
	add_frame(1, "");
	add_frame(1, "three");
	ck_assert_str_eq(keep(), "one two three");
}
END_TEST

START_TEST(a_head_that_is_cut_is_no_text)
{
	add_frame(1, "one");
	add_head(1, 3);
	for (size_t cut = 1; cut <= 8; cut++) {
		bt_auto_free char *copy = malloc(stream.len);
		bt_auto_free char *got = NULL;

		memcpy(copy, stream.p, stream.len);
		got = bt_health_output_keep(copy, stream.len - cut);
		ck_assert_str_eq(got, "one");
	}
}
END_TEST

START_TEST(of_a_frame_that_is_cut_its_beginning_is_kept)
{
	add_head(1, 100);
	bt_str_puts(&stream, "begin");
	ck_assert_str_eq(keep(), "begin");
}
END_TEST

START_TEST(a_frame_that_says_it_is_giant_is_as_long_as_what_there_is)
{
	add_head(1, 0xffffffff);
	bt_str_puts(&stream, "all");
	ck_assert_str_eq(keep(), "all");
}
END_TEST

START_TEST(as_much_as_is_kept_has_no_dots_and_one_byte_more_has)
{
	add_head(1, BT_HEALTH_OUTPUT_MAX);
	bt_str_fill(&stream, 'x', BT_HEALTH_OUTPUT_MAX);
	ck_assert_uint_eq(strlen(keep()), BT_HEALTH_OUTPUT_MAX);
	ck_assert_ptr_null(strchr(kept, '.'));
	add_frame(2, "y");
	ck_assert_uint_eq(strlen(keep()), BT_HEALTH_OUTPUT_MAX + 3);
	ck_assert_str_eq(kept + BT_HEALTH_OUTPUT_MAX, "...");
	ck_assert_ptr_null(strchr(kept, 'y'));
}
END_TEST

START_TEST(what_is_read_is_enough_for_what_is_kept_however_small_its_frames)
{
	while (stream.len < BT_HEALTH_OUTPUT_READ)
		add_frame(1, "x");
	ck_assert_uint_eq(strlen(keep()), BT_HEALTH_OUTPUT_MAX + 3);
}
END_TEST

START_TEST(a_byte_of_0_ends_the_text)
{
	add_head(1, 3);
	bt_str_add(&stream, "a\0b", 3);
	add_frame(1, "c");
	ck_assert_str_eq(keep(), "a");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, of_nothing_nothing_is_kept);
	tcase_add_test(tests, output_and_error_are_kept_as_they_came);
	tcase_add_test(tests, a_head_that_is_cut_is_no_text);
	tcase_add_test(tests, of_a_frame_that_is_cut_its_beginning_is_kept);
	tcase_add_test(tests, a_frame_that_says_it_is_giant_is_as_long_as_what_there_is);
	tcase_add_test(tests, as_much_as_is_kept_has_no_dots_and_one_byte_more_has);
	tcase_add_test(tests, what_is_read_is_enough_for_what_is_kept_however_small_its_frames);
	tcase_add_test(tests, a_byte_of_0_ends_the_text);
}

int main(void)
{
	return run_suite("engine/health_output", NULL, teardown, add);
}
