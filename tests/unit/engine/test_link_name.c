/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/link_name.h"

#include "stores_fixture.h"

static struct bt_container *web;

static void setup(void)
{
	setup_stores();
	web = add_recorded("web", "{}",
			   "{'Memory':7,'Links':['db:store','cache:cache','db:again']}", "[]");
}

static void assert_links(const char *want)
{
	bt_auto_settings struct bt_container_settings s = { 0 };

	ck_well(bt_container_row_settings(web, &s, &err), &err);
	assert_json(json_object_get(s.host_config, "Links"), want);
	assert_json(json_object_get(s.host_config, "Memory"), "7");
}

static void assert_refused(const char *name, enum bt_err_kind kind, const char *words)
{
	err = (struct bt_err){ 0 };
	ck_assert_msg(bt_link_name_remove(&engine, name, &err) < 0, "%s", name);
	check_err(&err, kind, words);
	assert_links("['db:store','cache:cache','db:again']");
}

START_TEST(the_link_with_the_alias_goes_and_the_others_stay)
{
	ck_well(bt_link_name_remove(&engine, "web/store", &err), &err);
	assert_links("['cache:cache','db:again']");
	ck_well(bt_link_name_remove(&engine, "/web/again", &err), &err);
	assert_links("['cache:cache']");
	ck_well(bt_link_name_remove(&engine, "/web/cache", &err), &err);
	assert_links("[]");
}
END_TEST

START_TEST(a_link_that_went_is_there_no_more)
{
	ck_well(bt_link_name_remove(&engine, "web/store", &err), &err);
	ck_assert_int_lt(bt_link_name_remove(&engine, "web/store", &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "no such link: web/store");
}
END_TEST

START_TEST(a_link_is_called_by_its_alias_and_not_by_its_target)
{
	assert_refused("web/db", BT_ERR_NOT_FOUND, "no such link: web/db");
	assert_refused("web/stor", BT_ERR_NOT_FOUND, "no such link: web/stor");
	assert_refused("web/store/", BT_ERR_NOT_FOUND, "no such link: web/store/");
}
END_TEST

START_TEST(what_is_no_links_name_is_refused)
{
	static const char *const bad[] = { "", "/", "web", "/web", "web/", "/web/", "//store" };

	for (size_t i = 0; i < LENGTH(bad); i++)
		assert_refused(bad[i], BT_ERR_INVALID, "cannot remove the default link name");
}
END_TEST

START_TEST(a_link_of_a_container_that_is_not_there_has_no_parent)
{
	assert_refused("gone/store", BT_ERR_INVALID,
		       "Cannot get parent /gone for name /gone/store");
}
END_TEST

START_TEST(a_container_without_links_has_none_to_remove)
{
	add_recorded("bare", "{}", "{'Links':null}", "[]");
	ck_assert_int_lt(bt_link_name_remove(&engine, "bare/store", &err), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "no such link: bare/store");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, the_link_with_the_alias_goes_and_the_others_stay);
	tcase_add_test(tests, a_link_that_went_is_there_no_more);
	tcase_add_test(tests, a_link_is_called_by_its_alias_and_not_by_its_target);
	tcase_add_test(tests, what_is_no_links_name_is_refused);
	tcase_add_test(tests, a_link_of_a_container_that_is_not_there_has_no_parent);
	tcase_add_test(tests, a_container_without_links_has_none_to_remove);
}

int main(void)
{
	return run_suite("engine/link_name", setup, teardown_stores, add);
}
