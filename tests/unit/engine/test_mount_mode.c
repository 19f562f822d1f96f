/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/mount_mode.h"

#include <errno.h>

#include "common.h"

static json_t *applied(const char *type, const char *mode)
{
	json_t *point = json_pack("{s:s,s:b}", "Type", type, "RW", 1);
	struct bt_err err = { 0 };
	int r = bt_mount_mode_apply(point, mode, &err);

	ck_assert_msg(r == 0, "%s: %s", mode, err.msg);
	return point;
}

static void assert_refused(const char *type, const char *mode)
{
	json_t *point = json_pack("{s:s,s:b}", "Type", type, "RW", 1);
	struct bt_err err = { 0 };
	char want[200];

	snprintf(want, sizeof(want), "invalid mode: %s", mode);
	ck_assert_msg(bt_mount_mode_apply(point, mode, &err) == -EINVAL, "%s of a %s was taken",
		      mode, type);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, want);
	json_decref(point);
}

START_TEST(each_word_sets_what_it_says_and_nothing_else)
{
	static const struct {
		const char *type, *mode, *want;
	} cases[] = {
		{ "bind", "ro", "{'Type':'bind','RW':false}" },
		{ "bind", "rw", "{'Type':'bind','RW':true}" },
		{ "bind", "cached", "{'Type':'bind','RW':true}" },
		{ "volume", "delegated", "{'Type':'volume','RW':true}" },
		{ "volume", "consistent", "{'Type':'volume','RW':true}" },
		{ "volume", "nocopy", "{'Type':'volume','RW':true,'NoCopy':true}" },
		{ "bind", "rslave", "{'Type':'bind','RW':true,'Propagation':'rslave'}" },
		{ "bind", "private", "{'Type':'bind','RW':true,'Propagation':'private'}" },
		{ "bind", "idmap",
		  "{'Type':'bind','RW':true,'IDMapping':{'Source':'match-user'}}" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *point = applied(cases[i].type, cases[i].mode);

		assert_json(point, cases[i].want);
		json_decref(point);
	}
}
END_TEST

START_TEST(words_of_different_kinds_stand_together_in_any_order)
{
	json_t *point = applied("bind", "rshared,ro,cached");

	assert_json(point, "{'Type':'bind','RW':false,'Propagation':'rshared'}");
	json_decref(point);
	point = applied("volume", "nocopy,ro");
	assert_json(point, "{'Type':'volume','RW':false,'NoCopy':true}");
	json_decref(point);
}
END_TEST

START_TEST(two_words_of_a_kind_are_refused_even_where_they_agree)
{
	assert_refused("bind", "ro,rw");
	assert_refused("bind", "ro,ro");
	assert_refused("bind", "shared,rslave");
	assert_refused("bind", "cached,delegated");
	assert_refused("volume", "nocopy,nocopy");
	assert_refused("bind", "z,Z");
}
END_TEST

START_TEST(a_word_of_the_other_type_is_refused)
{
	assert_refused("bind", "nocopy");
	assert_refused("volume", "idmap");
	assert_refused("volume", "rslave");
}
END_TEST

START_TEST(what_is_no_whole_word_is_refused)
{
	static const char *const modes[] = { "",           ",",   "ro,",     ",ro",
					     "ro,,cached", "r",   "RO",      "roo",
					     "ro rw",      "ro ", "rpriv",   "zz",
					     "Ro",         "x",   "shared ", "unbindable" };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		assert_refused("bind", modes[i]);
}
END_TEST

START_TEST(a_label_is_kept_for_the_start)
{
	json_t *point = applied("bind", "Z,ro");

	assert_json(point, "{'Type':'bind','RW':false,'Relabel':'Z'}");
	json_decref(point);
	point = applied("volume", "z");
	assert_json(point, "{'Type':'volume','RW':true,'Relabel':'z'}");
	json_decref(point);
}
END_TEST

START_TEST(only_the_kernels_kinds_are_propagations)
{
	ck_assert(bt_mount_mode_is_propagation("rshared"));
	ck_assert(bt_mount_mode_is_propagation("slave"));
	ck_assert(!bt_mount_mode_is_propagation("ro"));
	ck_assert(!bt_mount_mode_is_propagation("idmap"));
	ck_assert(!bt_mount_mode_is_propagation("rshare"));
	ck_assert(!bt_mount_mode_is_propagation(""));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, each_word_sets_what_it_says_and_nothing_else);
	tcase_add_test(tc, words_of_different_kinds_stand_together_in_any_order);
	tcase_add_test(tc, two_words_of_a_kind_are_refused_even_where_they_agree);
	tcase_add_test(tc, a_word_of_the_other_type_is_refused);
	tcase_add_test(tc, what_is_no_whole_word_is_refused);
	tcase_add_test(tc, a_label_is_kept_for_the_start);
	tcase_add_test(tc, only_the_kernels_kinds_are_propagations);
}

int main(void)
{
	return run_tests("engine/mount_mode", add);
}
