/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/detach_keys.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct bt_detach_keys parse(const char *text)
{
	struct bt_detach_keys keys;

	ck_assert_int_eq(bt_detach_keys_parse(text, &keys), 0);
	return keys;
}

/* Feed `data` in pieces of `step`; what passes is left in `out`. */
static bool feed(struct bt_detach_keys *keys, const char *data, size_t step, char *out)
{
	size_t n = 0;

	for (size_t at = 0, len = strlen(data); at < len; at += step) {
		size_t got;
		bool done = bt_detach_keys_filter(keys, data + at,
						  step < len - at ? step : len - at, out + n, &got);

		n += got;
		out[n] = '\0';
		if (done)
			return true;
	}
	return false;
}

START_TEST(names_of_keys_are_those_of_docker)
{
	struct bt_detach_keys keys = parse(NULL);

	ck_assert_uint_eq(keys.len, 2);
	ck_assert_mem_eq(keys.keys, "\x10\x11", 2);
	keys = parse("ctrl-a,b,ctrl-],ctrl-@,ctrl-_");
	ck_assert_uint_eq(keys.len, 5);
	ck_assert_mem_eq(keys.keys,
			 "\x01"
			 "b\x1d\0\x1f",
			 5);
	ck_assert_int_eq(bt_detach_keys_parse("ctrl-A", &keys), -EINVAL);
	ck_assert_int_eq(bt_detach_keys_parse("ctrl-p,", &keys), -EINVAL);
	ck_assert_int_eq(bt_detach_keys_parse("xy", &keys), -EINVAL);
	ck_assert_int_eq(bt_detach_keys_parse("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,"
					      "0,1,2,3,4,5,6",
					      &keys),
			 -EINVAL);
}
END_TEST

START_TEST(the_sequence_is_found_however_it_comes)
{
	for (size_t step = 1; step < 12; step++) {
		struct bt_detach_keys keys = parse("ctrl-p,ctrl-q");
		char out[64];

		ck_assert(feed(&keys, "ab\x10\x11zz", step, out));
		ck_assert_str_eq(out, "ab");
	}
}
END_TEST

START_TEST(what_is_no_sequence_passes_unchanged)
{
	for (size_t step = 1; step < 12; step++) {
		struct bt_detach_keys keys = parse("ctrl-p,ctrl-q");
		char out[64];

		ck_assert(!feed(&keys, "a\x10z\x11\x10\x10x", step, out));
		ck_assert_str_eq(out, "a\x10z\x11\x10\x10x");
	}
}
END_TEST

START_TEST(the_beginning_is_held_back_and_may_begin_anew)
{
	struct bt_detach_keys keys = parse("ctrl-p,ctrl-q");
	char out[64];

	ck_assert(!feed(&keys, "a\x10", 9, out));
	ck_assert_str_eq(out, "a");
	ck_assert(!feed(&keys, "\x10", 9, out));
	ck_assert_str_eq(out, "\x10");
	ck_assert(feed(&keys, "\x11", 9, out));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor/detach_keys");
	TCase *tc = tcase_create("detach_keys");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, names_of_keys_are_those_of_docker);
	tcase_add_test(tc, the_sequence_is_found_however_it_comes);
	tcase_add_test(tc, what_is_no_sequence_passes_unchanged);
	tcase_add_test(tc, the_beginning_is_held_back_and_may_begin_anew);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
