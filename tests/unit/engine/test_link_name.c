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

START_TEST(what_is_joined_is_split_again)
{
	bt_auto_free char *stored = bt_link_name_join("web", "0123", "db");
	struct bt_link_name link = { 0 };

	ck_assert_str_eq(stored, "web/0123:db");
	ck_assert_int_eq(bt_link_name_split(stored, &link), 0);
	ck_assert_str_eq(link.name, "web");
	ck_assert_str_eq(link.id, "0123");
	ck_assert_str_eq(link.alias, "db");
	bt_link_name_done(&link);
	ck_assert_ptr_null(link.name);
}
END_TEST

START_TEST(other_forms_have_no_id)
{
	static const struct {
		const char *stored, *name, *alias;
	} forms[] = {
		{ "web:db", "web", "db" },
		{ "web", "web", "web" },
		{ "/web:/self/db", "web", "db" },
		{ "/web", "web", "web" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct bt_link_name link = { 0 };

		ck_assert_int_eq(bt_link_name_split(forms[i].stored, &link), 0);
		ck_assert_str_eq(link.name, forms[i].name);
		ck_assert_str_eq(link.alias, forms[i].alias);
		ck_assert_ptr_null(link.id);
		bt_link_name_done(&link);
	}
}
END_TEST

START_TEST(a_target_is_found_by_its_id_and_else_by_its_name)
{
	const struct bt_link_name by_id = { "another", web->id, "db" };
	const struct bt_link_name by_name = { "web", "0123456789abcdef", "db" };
	const struct bt_link_name by_none = { "another", "0123456789abcdef", "db" };
	struct bt_container *found = NULL;

	ck_well(bt_link_name_target(&engine, &by_id, &found, &err), &err);
	ck_assert_ptr_eq(found, web);
	bt_container_unref(found);
	ck_well(bt_link_name_target(&engine, &by_name, &found, &err), &err);
	ck_assert_ptr_eq(found, web);
	bt_container_unref(found);
	ck_assert_int_eq(bt_link_name_target(&engine, &by_none, &found, &err), -ENOENT);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_is_joined_is_split_again);
	tcase_add_test(tests, other_forms_have_no_id);
	tcase_add_test(tests, a_target_is_found_by_its_id_and_else_by_its_name);
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
