/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_item.h"

#include "base/auto.h"
#include "common.h"

static struct bt_container *container(const char *summary)
{
	struct bt_container *c = bt_container_new(NULL, "0123");

	c->name = strdup("web");
	c->image_id = strdup("sha256:aa");
	c->summary = strdup(summary);
	return c;
}

START_TEST(what_the_summary_says_is_found_as_it_stands)
{
	bt_auto_container struct bt_container *c = container(
		"{\"Image\":\"a:1\",\"Command\":\"x \\\"y\\\"\",\"Labels\":{\"k\":\"v\"},"
		"\"NetworkMode\":\"none\",\"Mounts\":[],\"ExposedPorts\":null,\"Other\":1}");
	bt_auto(bt_container_item_done) struct bt_container_item item = { 0 };

	ck_assert_int_eq(bt_container_item_take(c, &item), 0);
	ck_assert_str_eq(item.name, "web");
	ck_assert(bt_json_raw_same(item.said[BT_SAID_IMAGE], "\"a:1\""));
	ck_assert(bt_json_raw_same(item.said[BT_SAID_COMMAND], "\"x \\\"y\\\"\""));
	ck_assert(bt_json_raw_same(item.said[BT_SAID_LABELS], "{\"k\":\"v\"}"));
	ck_assert(bt_json_raw_same(item.said[BT_SAID_NETWORK_MODE], "\"none\""));
	ck_assert(bt_json_raw_same(item.said[BT_SAID_MOUNTS], "[]"));
	ck_assert(!bt_json_raw_filled(item.said[BT_SAID_EXPOSED_PORTS]));
}
END_TEST

START_TEST(a_summary_without_members_says_nothing)
{
	bt_auto_container struct bt_container *c = container("{}");
	bt_auto(bt_container_item_done) struct bt_container_item item = { 0 };

	ck_assert_int_eq(bt_container_item_take(c, &item), 0);
	for (size_t i = 0; i < BT_SAID_COUNT; i++)
		ck_assert_ptr_null(item.said[i].p);
}
END_TEST

START_TEST(of_the_health_the_status_is_taken_and_not_its_log)
{
	static const char *const texts[][2] = {
		{ "{\"Log\":[{\"Output\":\"Status\"}],\"Status\":\"healthy\"}", "healthy" },
		{ "{\"Status\":\"\"}", "" },
		{ "{}", "" },
		{ "{\"Status\":\"much too long for a status\"}", "" },
		{ "not JSON", "" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bt_auto_container struct bt_container *c = container("{}");
		bt_auto(bt_container_item_done) struct bt_container_item item = { 0 };

		c->state.health = strdup(texts[i][0]);
		ck_assert_int_eq(bt_container_item_take(c, &item), 0);
		ck_assert_str_eq(item.health, texts[i][1]);
	}
}
END_TEST

START_TEST(an_item_stays_what_it_was_when_the_container_changes)
{
	bt_auto_container struct bt_container *c = container("{\"NetworkMode\":\"none\"}");
	bt_auto(bt_container_item_done) struct bt_container_item item = { 0 };

	c->state.networks = strdup("{\"a\":{}}");
	c->state.error = strdup("why");
	ck_assert_int_eq(bt_container_item_take(c, &item), 0);
	free(bt_take(c->state.networks));
	free(c->name);
	c->name = strdup("other");
	ck_assert_str_eq(item.name, "web");
	ck_assert_str_eq(item.networks, "{\"a\":{}}");
	ck_assert_ptr_null(item.state.networks);
	ck_assert_ptr_null(item.state.error);
}
END_TEST

START_TEST(trees_are_made_once_and_networks_follow_the_mode)
{
	bt_auto_container struct bt_container *c = container("{\"NetworkMode\":\"blue\"}");
	bt_auto(bt_container_item_done) struct bt_container_item item = { 0 };

	ck_assert_int_eq(bt_container_item_take(c, &item), 0);
	ck_assert_ptr_eq(bt_container_item_summary(&item), bt_container_item_summary(&item));
	ck_assert_ptr_nonnull(json_object_get(bt_container_item_networks(&item), "blue"));
	ck_assert_ptr_eq(bt_container_item_networks(&item), bt_container_item_networks(&item));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_the_summary_says_is_found_as_it_stands);
	tcase_add_test(tests, a_summary_without_members_says_nothing);
	tcase_add_test(tests, of_the_health_the_status_is_taken_and_not_its_log);
	tcase_add_test(tests, an_item_stays_what_it_was_when_the_container_changes);
	tcase_add_test(tests, trees_are_made_once_and_networks_follow_the_mode);
}

int main(void)
{
	return run_tests("engine/container_item", add);
}
