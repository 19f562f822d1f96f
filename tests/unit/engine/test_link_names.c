/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/link_names.h"

#include "engine_fixture.h"

static void setup(void)
{
	setup_engine();
}

static void teardown(void)
{
	teardown_engine();
}

static struct bt_container *add(const char *id, const char *name, const char *host_config)
{
	struct bt_container *c = add_container(id, name, host_config, "{}");

	c->has_links = strstr(host_config, "Links") != NULL;
	return c;
}

static json_t *names(void)
{
	struct bt_container **all = NULL;
	ssize_t n = bt_container_all(&engine, &all);
	json_t *found = NULL;

	ck_assert_int_ge(n, 0);
	ck_well(bt_link_names_all(all, n, &found, &err), &err);
	bt_container_unref_all(all, n);
	return found;
}

START_TEST(without_links_there_is_nothing)
{
	(void)add("c1c1", "db", "{}");
	(void)add("c2c2", "web", "{'NetworkMode':'bridge'}");
	ck_assert_ptr_null(names());
}
END_TEST

START_TEST(who_is_linked_to_is_called_by_each_that_does)
{
	json_auto_t *found = NULL;

	(void)add("c1c1", "db", "{}");
	(void)add("c2c2", "web", "{'Links':['db/c1c1:store','db/c1c1:second']}");
	(void)add("c3c3", "job", "{'Links':['db:db']}");
	/* On a network of the user's a link is no name of the container. */
	(void)add("c4c4", "far", "{'NetworkMode':'net','Links':['db/c1c1:away']}");
	/* One that leads nowhere. */
	(void)add("c5c5", "lost", "{'Links':['gone/cfcf:gone']}");
	found = names();
	ck_assert_uint_eq(json_object_size(found), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(found, "c1c1")), 3);
	json_object_set_new(
		found, "c1c1",
		json_pack("{s:b,s:b,s:b}",
			  json_string_value(json_array_get(json_object_get(found, "c1c1"), 0)), 1,
			  json_string_value(json_array_get(json_object_get(found, "c1c1"), 1)), 1,
			  json_string_value(json_array_get(json_object_get(found, "c1c1"), 2)), 1));
	assert_json(found, "{'c1c1':{'/web/store':true,'/web/second':true,'/job/db':true}}");
}
END_TEST

START_TEST(the_name_that_a_container_has_now_is_the_one_that_counts)
{
	json_auto_t *found = NULL;
	struct bt_container *web;

	(void)add("c1c1", "renamed", "{}");
	web = add("c2c2", "web", "{'Links':['db/c1c1:store']}");
	ck_well(bt_container_index_rename(&engine, web, "shop", &err), &err);
	found = names();
	assert_json(found, "{'c1c1':['/shop/store']}");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, without_links_there_is_nothing);
	tcase_add_test(tests, who_is_linked_to_is_called_by_each_that_does);
	tcase_add_test(tests, the_name_that_a_container_has_now_is_the_one_that_counts);
}

int main(void)
{
	return run_suite("names of links", setup, teardown, add_tests);
}
