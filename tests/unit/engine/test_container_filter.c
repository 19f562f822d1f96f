/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_filter.h"

#include "stores_fixture.h"

/* What is filtered in most tests. Borrowed from the index. */
static struct bt_container *web;

static void setup(void)
{
	setup_stores();
	web = add_container(
		"web",
		"{\"Labels\":{\"k\":\"v\",\"empty\":\"\"},\"NetworkMode\":\"blue\",\"Mounts\":["
		"{\"Type\":\"volume\",\"Name\":\"vol\",\"Source\":\"/lib/vol\","
		"\"Destination\":\"/data\"},{\"Type\":\"bind\",\"Source\":\"/srv\","
		"\"Destination\":\"/mnt\"}],\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}},"
		"\"PortBindings\":{\"81/tcp\":[{\"HostPort\":\"8080\"}]}}");
	web->state.networks = strdup("{\"blue\":{\"NetworkID\":\"f00d00\"},\"red\":{}}");
}

/* Does `c` pass? The filters are JSON in single quotes. */
static bool passes_of(struct bt_container *c, const char *text)
{
	bt_auto_filters struct bt_filters *filters = make_filters(text);
	struct bt_container_filter filter;
	struct bt_container_item item;
	bool yes;

	ck_well(bt_container_filter_make(&engine, filters, &filter, &err), &err);
	ck_assert_int_eq(bt_container_item_take(c, &item), 0);
	yes = bt_container_filter_match(&filter, &item);
	bt_container_item_done(&item);
	bt_container_filter_done(&filter);
	return yes;
}

static bool passes(const char *text)
{
	return passes_of(web, text);
}

static void assert_refused(const char *text, enum bt_err_kind kind, const char *words)
{
	bt_auto_filters struct bt_filters *filters = make_filters(text);
	struct bt_container_filter filter = { .nimages = 7 };

	err = (struct bt_err){ 0 };
	ck_assert_msg(bt_container_filter_make(&engine, filters, &filter, &err) < 0, "%s", text);
	check_err(&err, kind, words);
	ck_assert_uint_eq(filter.nimages, 7);
}

struct row {
	const char *filters;
	bool passes;
};

static void assert_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(passes(rows[i].filters) == rows[i].passes, "%s", rows[i].filters);
}

START_TEST(without_filters_everything_passes)
{
	struct bt_container_filter filter;
	struct bt_container_item item;

	ck_well(bt_container_filter_make(&engine, NULL, &filter, &err), &err);
	ck_assert_int_eq(bt_container_item_take(web, &item), 0);
	ck_assert(bt_container_filter_match(&filter, &item));
	ck_assert(!filter.all);
	bt_container_item_done(&item);
	bt_container_filter_done(&filter);
	ck_assert(passes("{}"));
}
END_TEST

START_TEST(all_filters_must_hold_and_of_one_any_value)
{
	static const struct row rows[] = {
		{ "{'name':['nope','web']}", true },
		{ "{'name':['web'],'id':['nope']}", false },
		{ "{'name':['web'],'label':['k']}", true },
		{ "{'label':['k','absent']}", false }, /* but of labels each */
		{ "{'volume':['absent','vol']}", true },
		{ "{'expose':['1','80']}", true },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(a_name_matches_with_and_without_its_slash)
{
	static const struct row rows[] = {
		{ "{'name':['eb']}", true },      { "{'name':['/web']}", true },
		{ "{'name':['^/web$']}", true },  { "{'name':['^web$']}", true },
		{ "{'name':['^we$']}", false },   { "{'name':['WEB']}", false },
		{ "{'name':['']}", true },        { "{'name':['[']}", false },
		{ "{'name':['(w|x)eb']}", true },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(labels_are_asked_for_by_name_or_with_their_value)
{
	static const struct row rows[] = {
		{ "{'label':['k']}", true },        { "{'label':['k=v']}", true },
		{ "{'label':['k=']}", false },      { "{'label':['k=w']}", false },
		{ "{'label':['empty']}", true },    { "{'label':['empty=']}", true },
		{ "{'label':['absent=']}", false }, { "{'label':['K']}", false },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(a_container_without_labels_passes_no_filter_of_labels)
{
	struct bt_container *bare = add_container("bare", "{}");

	ck_assert(!passes_of(bare, "{'label':['k']}"));
	ck_assert(!passes_of(bare, "{'volume':['vol']}"));
	ck_assert(!passes_of(bare, "{'network':['blue']}"));
	ck_assert(!passes_of(bare, "{'expose':['80']}"));
	ck_assert(!passes_of(bare, "{'publish':['0-65535']}"));
}
END_TEST

START_TEST(a_network_is_asked_for_by_name_or_by_the_beginning_of_its_id)
{
	static const struct row rows[] = {
		{ "{'network':['blue']}", true },     { "{'network':['blu']}", false },
		{ "{'network':['f00d']}", true },     { "{'network':['f00d00']}", true },
		{ "{'network':['f00d000']}", false }, { "{'network':['00d']}", false },
		{ "{'network':['red']}", true },      { "{'network':['']}", false },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(a_volume_is_asked_for_by_name_source_or_place)
{
	static const struct row rows[] = {
		{ "{'volume':['vol']}", true },   { "{'volume':['/lib/vol']}", true },
		{ "{'volume':['/data']}", true }, { "{'volume':['/srv']}", true },
		{ "{'volume':['/mnt']}", true },  { "{'volume':['/dat']}", false },
		{ "{'volume':['vo']}", false },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(ports_are_single_or_ranges_of_tcp_where_nothing_else_is_said)
{
	static const struct row rows[] = {
		{ "{'expose':['80']}", true },           { "{'expose':['80/tcp']}", true },
		{ "{'expose':['80/']}", true },          { "{'expose':['80/udp']}", false },
		{ "{'expose':['53']}", false },          { "{'expose':['53/udp']}", true },
		{ "{'expose':['50-60/udp']}", true },    { "{'expose':['81-90']}", false },
		{ "{'expose':['80-80']}", true },        { "{'expose':['0-65535']}", true },
		{ "{'publish':['81']}", true },          { "{'publish':['8080']}", false },
		{ "{'publish':['80']}", false },         { "{'publish':['70-90/tcp']}", true },
		{ "{'publish':['70-90/sctp']}", false },
	};

	assert_rows(rows, LENGTH(rows));
}
END_TEST

START_TEST(what_is_no_port_is_refused)
{
	static const char *const bad[] = {
		"",     "x",        "-",    "80-", "-80", "90-80", "65536",
		"80-x", "80-65536", "/tcp", " 80", "+80", "8 0",   "99999999999999999999"
	};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		bt_auto_free char *expose = bt_str_format("{'expose':['%s']}", bad[i]);
		bt_auto_free char *publish = bt_str_format("{'publish':['1','%s']}", bad[i]);

		assert_refused(expose, BT_ERR_INVALID, "error while looking up for expose");
		assert_refused(publish, BT_ERR_INVALID, "error while looking up for publish");
	}
}
END_TEST

START_TEST(only_what_ran_and_ended_has_exited)
{
	web->state.exit_code = 3;
	ck_assert(!passes("{'exited':['3']}"));
	web->state.started_ns = 1;
	ck_assert(passes("{'exited':['3']}"));
	ck_assert(passes("{'exited':['03']}"));
	ck_assert(passes("{'exited':['0','3']}"));
	ck_assert(!passes("{'exited':['0']}"));
	ck_assert(!passes("{'exited':['-3']}"));
	web->state.pid = 7;
	ck_assert(!passes("{'exited':['3']}"));
	assert_refused("{'exited':['x']}", BT_ERR_INVALID, "invalid filter 'exited=x'");
	assert_refused("{'exited':['']}", BT_ERR_INVALID, "invalid filter 'exited='");
	assert_refused("{'exited':['3x']}", BT_ERR_INVALID, "invalid filter 'exited=3x'");
}
END_TEST

START_TEST(each_status_is_found_and_no_other)
{
	static const char *const names[] = { "created",  "running", "paused", "restarting",
					     "removing", "exited",  "dead" };

	for (size_t s = 0; s < LENGTH(names); s++) {
		web->state.status = (enum bt_container_status)s;
		for (size_t i = 0; i < LENGTH(names); i++) {
			bt_auto_free char *filters = bt_str_format("{'status':['%s']}", names[i]);

			ck_assert_msg(passes(filters) == (i == s), "%s: %s", names[s], names[i]);
		}
	}
	assert_refused("{'status':['running','up']}", BT_ERR_INVALID,
		       "invalid filter 'status=up': invalid value for state (up)");
	assert_refused("{'status':['']}", BT_ERR_INVALID, "invalid filter 'status='");
}
END_TEST

START_TEST(who_asks_for_a_status_wants_to_see_also_what_does_not_run)
{
	bt_auto_filters struct bt_filters *of_status = make_filters("{'status':['running']}");
	bt_auto_filters struct bt_filters *of_exit = make_filters("{'exited':['1']}");
	struct bt_container_filter filter;

	ck_well(bt_container_filter_make(&engine, of_status, &filter, &err), &err);
	ck_assert(filter.all);
	ck_well(bt_container_filter_make(&engine, of_exit, &filter, &err), &err);
	ck_assert(!filter.all);
}
END_TEST

START_TEST(without_a_check_the_health_is_none)
{
	ck_assert(passes("{'health':['none']}"));
	ck_assert(!passes("{'health':['starting','healthy','unhealthy']}"));
	web->state.health = strdup("{\"Status\":\"unhealthy\",\"Log\":[]}");
	ck_assert(passes("{'health':['unhealthy']}"));
	ck_assert(!passes("{'health':['none','healthy']}"));
	assert_refused("{'health':['ill']}", BT_ERR_INVALID, "invalid value for health (ill)");
	assert_refused("{'health':['']}", BT_ERR_INVALID, "invalid filter 'health='");
}
END_TEST

START_TEST(before_and_since_leave_out_the_container_that_they_name)
{
	struct bt_container *young = add_container("young", "{}");

	ck_assert(passes("{'before':['young']}"));
	ck_assert(!passes("{'before':['web']}"));
	ck_assert(!passes("{'since':['young']}"));
	ck_assert(!passes_of(young, "{'before':['young']}"));
	ck_assert(!passes_of(young, "{'since':['young']}"));
	ck_assert(passes_of(young, "{'since':['web']}"));
	ck_assert(!passes_of(young, "{'since':['web'],'before':['young']}"));
	ck_assert(passes_of(young, "{'since':['000000000000000000000000000000000000000000000000000"
				   "0000000000001']}"));
}
END_TEST

START_TEST(before_and_since_name_a_container_that_is_there)
{
	assert_refused("{'before':['gone']}", BT_ERR_NOT_FOUND, "No such container: gone");
	assert_refused("{'since':['gone']}", BT_ERR_NOT_FOUND, "No such container: gone");
	assert_refused("{'since':['']}", BT_ERR_INVALID, "No container name or ID supplied");
}
END_TEST

START_TEST(an_ancestor_that_is_not_there_has_no_descendants)
{
	ck_assert(!passes("{'ancestor':['gone:1']}"));
	ck_assert(!passes("{'ancestor':['']}"));
	ck_assert(!passes("{'ancestor':['a b']}"));
}
END_TEST

/* An image of no layers; the filtered container is of it. */
static void make_image(const char *name)
{
	char id[72];

	ck_well(bt_images_add(engine.images, "{\"rootfs\":{}}", 13, NULL, NULL, name, id, &err),
		&err);
	free(web->image_id);
	web->image_id = strdup(id);
}

START_TEST(an_ancestor_is_asked_for_by_name_or_id)
{
	make_image("a:1");
	bt_auto_free char *by_id = bt_str_format("{'ancestor':['%s']}", web->image_id);
	bt_auto_free char *by_prefix = bt_str_format("{'ancestor':['%.8s']}", web->image_id + 7);

	ck_assert(passes("{'ancestor':['a:1']}"));
	ck_assert(passes("{'ancestor':['gone','a:1']}"));
	ck_assert(passes(by_id));
	ck_assert(passes(by_prefix));
	ck_assert(!passes("{'ancestor':['a']}"));
	ck_assert(!passes_of(add_container("other", "{}"), "{'ancestor':['a:1']}"));
}
END_TEST

START_TEST(of_more_ancestors_than_there_is_room_for_the_first_count)
{
	bt_auto_str struct bt_str text = { 0 };

	make_image("a:1");
	bt_str_puts(&text, "{'ancestor':['a:1'");
	for (int i = 0; i < 3 * BT_CONTAINER_FILTER_IMAGES; i++)
		bt_str_puts(&text, ",'a:1'");
	bt_str_puts(&text, "]}");
	ck_assert(passes(bt_str_get(&text)));
}
END_TEST

START_TEST(no_container_is_of_a_task)
{
	static const struct row rows[] = {
		{ "{'is-task':['true']}", false }, { "{'is-task':['1']}", false },
		{ "{'is-task':['TRUE']}", false }, { "{'is-task':['false']}", true },
		{ "{'is-task':['0']}", true },
	};

	assert_rows(rows, LENGTH(rows));
	assert_refused("{'is-task':['maybe']}", BT_ERR_INVALID, "invalid filter 'is-task=[maybe]'");
}
END_TEST

START_TEST(a_filter_that_nobody_knows_is_refused)
{
	assert_refused("{'nope':['x']}", BT_ERR_INVALID, "invalid filter 'nope'");
	assert_refused("{'Name':['x']}", BT_ERR_INVALID, "invalid filter 'Name'");
	assert_refused("{'name':['web'],'':['x']}", BT_ERR_INVALID, "invalid filter ''");
	/* One that a system without isolations knows, and that hides nothing. */
	ck_assert(passes("{'isolation':['x']}"));
}
END_TEST

START_TEST(a_value_as_long_as_a_request_is_refused_in_a_message_that_is_short)
{
	bt_auto_str struct bt_str text = { 0 };

	bt_str_puts(&text, "{'status':['");
	bt_str_fill(&text, 'x', 100000);
	bt_str_puts(&text, "']}");
	assert_refused(bt_str_get(&text), BT_ERR_INVALID, "invalid filter 'status=xxx");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, without_filters_everything_passes);
	tcase_add_test(tests, all_filters_must_hold_and_of_one_any_value);
	tcase_add_test(tests, a_name_matches_with_and_without_its_slash);
	tcase_add_test(tests, labels_are_asked_for_by_name_or_with_their_value);
	tcase_add_test(tests, a_container_without_labels_passes_no_filter_of_labels);
	tcase_add_test(tests, a_network_is_asked_for_by_name_or_by_the_beginning_of_its_id);
	tcase_add_test(tests, a_volume_is_asked_for_by_name_source_or_place);
	tcase_add_test(tests, ports_are_single_or_ranges_of_tcp_where_nothing_else_is_said);
	tcase_add_test(tests, what_is_no_port_is_refused);
	tcase_add_test(tests, only_what_ran_and_ended_has_exited);
	tcase_add_test(tests, each_status_is_found_and_no_other);
	tcase_add_test(tests, who_asks_for_a_status_wants_to_see_also_what_does_not_run);
	tcase_add_test(tests, without_a_check_the_health_is_none);
	tcase_add_test(tests, before_and_since_leave_out_the_container_that_they_name);
	tcase_add_test(tests, before_and_since_name_a_container_that_is_there);
	tcase_add_test(tests, an_ancestor_that_is_not_there_has_no_descendants);
	tcase_add_test(tests, an_ancestor_is_asked_for_by_name_or_id);
	tcase_add_test(tests, of_more_ancestors_than_there_is_room_for_the_first_count);
	tcase_add_test(tests, no_container_is_of_a_task);
	tcase_add_test(tests, a_filter_that_nobody_knows_is_refused);
	tcase_add_test(tests, a_value_as_long_as_a_request_is_refused_in_a_message_that_is_short);
}

int main(void)
{
	return run_suite("engine/container_filter", setup, teardown_stores, add);
}
