/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network.h"

#include <errno.h>

#include "../net/links.h"
#include "codec/filters.h"
#include "engine/network_private.h"
#include "live_nets_fixture.h"

/* Networks from their creation to their removal, in the database, in lists, and in the kernel. */

static struct bt_events_follower *follower;

static void setup(void)
{
	setup_live_nets();
	(void)events_since(&follower);
}

static void teardown(void)
{
	bt_events_close(follower);
	json_decref((json_t *)(uintptr_t)bt_take(engine.cfg.default_network_opts));
	teardown_live_nets();
}

static json_t *inspect(const char *ref)
{
	json_t *net = NULL;

	err = (struct bt_err){ 0 };
	if (bt_network_inspect(&engine, ref, &net, &err) < 0)
		return NULL;
	return net;
}

static struct bt_filters *filters_of(const char *text)
{
	char copy[256];
	struct bt_filters *filters = NULL;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	ck_well(bt_filters_parse(copy, &filters, &err), &err);
	return filters;
}

/* The names that are listed, or "?" and `err`. */
static const char *list(const char *filters)
{
	static char names[512];
	struct bt_filters *f = filters_of(filters);
	bt_auto_str struct bt_str text = { 0 };
	json_auto_t *answer = NULL;
	const json_t *net;
	size_t i;
	int r;

	err = (struct bt_err){ 0 };
	r = bt_network_list(&engine, f, &text, &err);
	bt_filters_destroy(f);
	if (r < 0)
		return "?";
	answer = json_loads(bt_str_get(&text), 0, NULL);
	ck_assert_msg(answer != NULL, "%s", bt_str_get(&text));
	names[0] = '\0';
	json_array_foreach (answer, i, net)
		(void)snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			       names[0] ? " " : "",
			       json_string_value(json_object_get(net, "Name")));
	return names;
}

/* What a prune says it removed; "?" and `err` where it failed. */
static const char *prune(const char *filters)
{
	static char text[256];
	struct bt_filters *f = filters_of(filters);
	json_auto_t *answer = NULL;
	const json_t *deleted, *name;
	size_t i;
	int r;

	err = (struct bt_err){ 0 };
	r = bt_network_prune(&engine, f, &answer, &err);
	bt_filters_destroy(f);
	if (r < 0)
		return "?";
	deleted = json_object_get(answer, "NetworksDeleted");
	if (json_is_null(deleted))
		return "null";
	text[0] = '\0';
	json_array_foreach (deleted, i, name)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			       text[0] ? " " : "", json_string_value(name));
	return text;
}

#define NET_A "{'Name':'a','IPAM':{'Config':[{'Subnet':'10.95.8.0/24'}]}}"

/* Put somebody on it. */
static void occupy(const char *net)
{
	json_auto_t *hc = json_pack("{s:s}", "NetworkMode", net), *networking = json_object();
	struct bt_network_attachment a;

	ck_well(bt_network_attach(&engine, "c1", NULL, hc, networking, NULL, &a, &err), &err);
	bt_network_attachment_done(&a);
}

START_TEST(a_network_is_shown_as_it_was_asked_for_and_completed)
{
	char id[BT_RAND_ID_LEN + 1];
	json_auto_t *got = NULL;

	ck_assert_pstr_eq(create_net("{'Name':'a','Internal':true,'Labels':{'x':'y'},'IPAM':"
				     "{'Config':[{'Subnet':'10.95.8.0/24'}]},'Options':"
				     "{'com.docker.network.driver.mtu':'1400'}}",
				     id),
			  NULL);
	ck_assert_uint_eq(strlen(id), 64);
	got = inspect("a");
	ck_assert_str_eq(json_string_value(json_object_get(got, "Id")), id);
	ck_assert_ptr_nonnull(json_object_get(got, "Created"));
	(void)json_object_del(got, "Id");
	(void)json_object_del(got, "Created");
	assert_json(got, "{'Name':'a','Scope':'local','Driver':'bridge','EnableIPv4':true,"
			 "'EnableIPv6':false,'IPAM':{'Driver':'default','Options':null,'Config':"
			 "[{'Subnet':'10.95.8.0/24','Gateway':'10.95.8.1'}]},'Internal':true,"
			 "'Attachable':false,'Ingress':false,'ConfigFrom':{'Network':''},"
			 "'ConfigOnly':false,'Containers':{},'Options':"
			 "{'com.docker.network.driver.mtu':'1400'},'Labels':{'x':'y'}}");
	ck_assert_ptr_nonnull(strstr(events_since(&follower), "network create "));
}
END_TEST

START_TEST(a_network_can_be_found_by_its_name_its_id_and_the_beginning_of_it)
{
	char id[BT_RAND_ID_LEN + 1];
	json_auto_t *by_name = NULL, *by_id = NULL, *by_prefix = NULL;

	ck_assert_pstr_eq(create_net(NET_A, id), NULL);
	by_name = inspect("a");
	by_id = inspect(id);
	id[12] = '\0';
	by_prefix = inspect(id);
	ck_assert(json_equal(by_name, by_id));
	ck_assert(json_equal(by_name, by_prefix));
	ck_assert_ptr_null(inspect("nosuch"));
	check_err(&err, BT_ERR_NOT_FOUND, "network nosuch not found");
}
END_TEST

START_TEST(what_cannot_be_a_network_is_refused_in_dockers_words_and_makes_none)
{
	static const struct {
		const char *body, *words;
		enum bt_err_kind kind;
	} cases[] = {
		{ "{}", "name is empty", BT_ERR_INVALID },
		{ "{'Name':''}", "name is empty", BT_ERR_INVALID },
		{ "{'Name':'host'}", "not permitted on predefined host network", BT_ERR_FORBIDDEN },
		{ "{'Name':'default'}", "not permitted on predefined default network",
		  BT_ERR_FORBIDDEN },
		{ "{'Name':'container:x'}", "not permitted on predefined container:x network",
		  BT_ERR_FORBIDDEN },
		{ "{'Name':'.a'}", "invalid network name \".a\"", BT_ERR_INVALID },
		{ "{'Name':'a/b'}", "invalid network name", BT_ERR_INVALID },
		{ "{'Name':'a b'}", "invalid network name", BT_ERR_INVALID },
		{ "{'Name':'n','Driver':'host'}", "only one instance of \"host\" network",
		  BT_ERR_FORBIDDEN },
		{ "{'Name':'n','Driver':'overlay'}", "This node is not a swarm manager",
		  BT_ERR_UNAVAILABLE },
		{ "{'Name':'n','Ingress':true}", "This node is not a swarm manager",
		  BT_ERR_UNAVAILABLE },
		{ "{'Name':'n','Scope':'swarm'}", "This node is not a swarm manager",
		  BT_ERR_UNAVAILABLE },
		{ "{'Name':'n','Scope':'galaxy'}", "invalid network scope: galaxy",
		  BT_ERR_INVALID },
		{ "{'Name':'n','Driver':'weave'}", "could not find plugin weave",
		  BT_ERR_NOT_FOUND },
		{ "{'Name':'n','IPAM':{'Driver':'dhcp'}}", "could not find plugin dhcp",
		  BT_ERR_NOT_FOUND },
		{ "{'Name':'n','IPAM':{'Options':{'a':'b'}}}", "the default IPAM driver has no",
		  BT_ERR_NOT_IMPLEMENTED },
		{ "{'Name':'n','EnableIPv4':false}", "IPv4 or IPv6 must be enabled",
		  BT_ERR_INVALID },
		{ "{'Name':'n','IPAM':{'Config':[{'Subnet':'x'}]}}", "invalid", BT_ERR_INVALID },
		{ "{'Name':'n','IPAM':{'Config':[{'Subnet':'10.95.7.0/25'}]}}",
		  "Pool overlaps with other one", BT_ERR_FORBIDDEN },
		{ "{'Name':'n','Options':{'com.docker.network.bridge.nosuch':'1'}}", "nosuch",
		  BT_ERR_NOT_IMPLEMENTED },
		{ "{'Name':'n','Options':{'com.docker.network.driver.mtu':'many'}}", "mtu",
		  BT_ERR_INVALID },
		{ "{'Name':'n','Options':{'com.docker.network.bridge.name':'" BRIDGE "'}}",
		  "networks have same bridge name", BT_ERR_CONFLICT },
		{ "{'Name':'n','Driver':'macvlan','Options':{'parent':'nosuch0'}}",
		  "nosuch0 does not exist", BT_ERR_INVALID },
		{ "{'Name':'n','ConfigFrom':{'Network':'nosuch'}}",
		  "configuration network nosuch does not exist", BT_ERR_NOT_FOUND },
		{ "{'Name':'n','ConfigFrom':{'Network':'bridge'}}",
		  "bridge is not a configuration only network", BT_ERR_FORBIDDEN },
		{ "{'Name':'n','ConfigOnly':true,'Internal':true}",
		  "configuration network can only contain network specific fields",
		  BT_ERR_FORBIDDEN },
	};
	const int64_t rows = sql_int("SELECT count(*) FROM networks");

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_msg(create_net(cases[i].body, NULL) != NULL, "%s", cases[i].body);
		ck_assert_msg(err.kind == cases[i].kind, "%s: kind %d, %s", cases[i].body,
			      (int)err.kind, err.msg);
		check_err(&err, cases[i].kind, cases[i].words);
		ck_assert_int_eq(sql_int("SELECT count(*) FROM networks"), rows);
	}
	ck_assert_str_eq(list("{'type':['custom']}"), "");
	ck_assert_str_eq(events_since(&follower), "");
}
END_TEST

START_TEST(a_name_is_taken_once)
{
	ck_assert_pstr_eq(create_net(NET_A, NULL), NULL);
	ck_assert_ptr_nonnull(create_net("{'Name':'a'}", NULL));
	check_err(&err, BT_ERR_CONFLICT, "network with name a already exists");
	/* The case counts. */
	ck_assert_pstr_eq(create_net("{'Name':'A'}", NULL), NULL);
}
END_TEST

START_TEST(a_name_is_as_long_as_a_files_and_no_longer)
{
	char name[258], body[300];

	(void)memset(name, 'a', sizeof(name));
	name[256] = '\0';
	(void)snprintf(body, sizeof(body), "{'Name':'%s'}", name);
	ck_assert_ptr_nonnull(create_net(body, NULL));
	check_err(&err, BT_ERR_INVALID, "invalid network name");
	(void)snprintf(body, sizeof(body), "{'Name':'%s'}", name + 1);
	ck_assert_pstr_eq(create_net(body, NULL), NULL);
}
END_TEST

START_TEST(the_bridge_comes_with_its_network_and_goes_with_it)
{
	char id[BT_RAND_ID_LEN + 1], name[IFNAMSIZ];

	ck_assert_pstr_eq(create_net(NET_A, id), NULL);
	(void)snprintf(name, sizeof(name), "br-%.12s", id);
	ck_assert_str_eq(look_at_link(name).kind, "bridge");
	ck_well(bt_network_remove(&engine, "a", &err), &err);
	ck_assert_ptr_null(inspect(id));
	/* What retires interfaces has done so when it is closed. */
	reopen_nets();
	ck_assert(!look_at_link(name).there);
	ck_assert_pstr_eq(create_net(NET_A, NULL), NULL);
}
END_TEST

START_TEST(the_daemons_options_are_for_networks_that_do_not_say)
{
	json_auto_t *a = NULL, *b = NULL;

	engine.cfg.default_network_opts =
		parse("{'bridge':{'com.docker.network.driver.mtu':'1400'},'macvlan':{'x':'y'}}");
	ck_assert_pstr_eq(create_net(NET_A, NULL), NULL);
	ck_assert_pstr_eq(create_net("{'Name':'b','Options':{'com.docker.network.driver.mtu':"
				     "'1300','theirs':'x'}}",
				     NULL),
			  NULL);
	a = inspect("a");
	b = inspect("b");
	assert_json(json_object_get(a, "Options"), "{'com.docker.network.driver.mtu':'1400'}");
	assert_json(json_object_get(b, "Options"),
		    "{'com.docker.network.driver.mtu':'1300','theirs':'x'}");
}
END_TEST

#define TEMPLATE                                                                \
	"{'Name':'t','ConfigOnly':true,'Labels':{'from':'t'},'IPAM':{'Config':" \
	"[{'Subnet':'10.95.8.0/24','Gateway':'10.95.8.9'}]}}"

START_TEST(a_network_has_all_that_its_template_says)
{
	json_auto_t *got = NULL;

	ck_assert_pstr_eq(create_net(TEMPLATE, NULL), NULL);
	ck_assert_pstr_eq(
		create_net("{'Name':'n','Internal':true,'ConfigFrom':{'Network':'t'}}", NULL),
		NULL);
	got = inspect("n");
	assert_json(json_object_get(json_object_get(got, "IPAM"), "Config"),
		    "[{'Subnet':'10.95.8.0/24','Gateway':'10.95.8.9'}]");
	assert_json(json_object_get(got, "Labels"), "{'from':'t'}");
	assert_json(json_object_get(got, "ConfigFrom"), "{'Network':'t'}");
	ck_assert(json_is_true(json_object_get(got, "Internal")));
	/* The template's subnet is no network's: only the one that took it has it. */
	ck_assert_ptr_nonnull(create_net("{'Name':'m','ConfigFrom':{'Network':'t'}}", NULL));
	check_err(&err, BT_ERR_FORBIDDEN, "Pool overlaps");
}
END_TEST

START_TEST(a_template_and_settings_of_ones_own_exclude_each_other)
{
	static const char *const cases[] = {
		"{'Name':'n','ConfigFrom':{'Network':'t'},'EnableIPv6':true}",
		"{'Name':'n','ConfigFrom':{'Network':'t'},'Labels':{'a':'b'}}",
		"{'Name':'n','ConfigFrom':{'Network':'t'},'Options':{'a':'b'}}",
		"{'Name':'n','ConfigFrom':{'Network':'t'},'ConfigOnly':true}",
		("{'Name':'n','ConfigFrom':{'Network':'t'},'IPAM':{'Config':"
		 "[{'Subnet':'10.95.9.0/24'}]}}"),
	};

	ck_assert_pstr_eq(create_net(TEMPLATE, NULL), NULL);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_msg(create_net(cases[i], NULL) != NULL, "%s", cases[i]);
		check_err(&err, BT_ERR_FORBIDDEN, "user-specified configurations are not");
	}
}
END_TEST

START_TEST(a_template_goes_when_nobody_has_it_any_more)
{
	ck_assert_pstr_eq(create_net(TEMPLATE, NULL), NULL);
	ck_assert_pstr_eq(create_net("{'Name':'n','ConfigFrom':{'Network':'t'}}", NULL), NULL);
	ck_assert_int_lt(bt_network_remove(&engine, "t", &err), 0);
	check_err(&err, BT_ERR_FORBIDDEN, "configuration network t is in use");
	ck_well(bt_network_remove(&engine, "n", &err), &err);
	ck_well(bt_network_remove(&engine, "t", &err), &err);
}
END_TEST

START_TEST(what_is_always_there_is_not_removed)
{
	static const char *const names[] = { "bridge", "host", "none" };

	for (size_t i = 0; i < LENGTH(names); i++) {
		ck_assert_int_lt(bt_network_remove(&engine, names[i], &err), 0);
		check_err(&err, BT_ERR_FORBIDDEN, "is a pre-defined network and cannot be removed");
	}
	ck_assert_int_eq(bt_network_remove(&engine, "nosuch", &err), -ENOENT);
	check_err(&err, BT_ERR_NOT_FOUND, "network nosuch not found");
	ck_assert_str_eq(list("{'type':['builtin']}"), "bridge none host");
}
END_TEST

START_TEST(a_network_with_somebody_on_it_is_not_removed_and_says_who)
{
	ck_assert_pstr_eq(create_net(NET_A, NULL), NULL);
	add_container("c1", "one", "{}", "{}");
	occupy("a");
	ck_assert_int_eq(bt_network_remove(&engine, "a", &err), -EBUSY);
	check_err(&err, BT_ERR_FORBIDDEN, "network a has active endpoints (name:\"one\" id:\"");
	bt_network_detach(&engine, "c1");
	ck_well(bt_network_remove(&engine, "a", &err), &err);
	ck_assert_str_eq(list("{'type':['custom']}"), "");
}
END_TEST

START_TEST(a_list_is_as_narrow_as_its_filters)
{
	char id[BT_RAND_ID_LEN + 1], by_id[128];
	static const struct {
		const char *filters, *names;
	} cases[] = {
		{ "{}", "bridge none host a ab m" },
		{ "{'name':['a']}", "a ab" },
		{ "{'name':['a','host']}", "host a ab" },
		{ "{'driver':['bridge']}", "bridge a ab" },
		{ "{'driver':['macvlan']}", "m" },
		{ "{'driver':['brid']}", "" },
		{ "{'scope':['local']}", "bridge none host a ab m" },
		{ "{'scope':['swarm']}", "" },
		{ "{'type':['custom']}", "a ab m" },
		{ "{'type':['builtin']}", "bridge none host" },
		{ "{'type':['mine']}", "?" },
		{ "{'label':['tier']}", "ab" },
		{ "{'label':['tier=web']}", "ab" },
		{ "{'label':['tier=db']}", "" },
		{ "{'dangling':['true']}", "ab m" },
		{ "{'dangling':['false']}", "bridge none host a" },
		{ "{'dangling':['true'],'driver':['bridge']}", "ab" },
		{ "{'dangling':['perhaps']}", "?" },
		{ "{'nosuch':['x']}", "?" },
	};

	ck_assert_pstr_eq(create_net(NET_A, NULL), NULL);
	ck_assert_pstr_eq(create_net("{'Name':'ab','Labels':{'tier':'web'}}", id), NULL);
	ck_assert_pstr_eq(create_net("{'Name':'m','Driver':'macvlan','Options':{'parent':'" BRIDGE
				     "'}}",
				     NULL),
			  NULL);
	occupy("a");
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const char *got = list(cases[i].filters);

		ck_assert_msg(strcmp(got, cases[i].names) == 0, "%s: \"%s\"", cases[i].filters,
			      got);
		if (cases[i].names[0] == '?')
			check_err(&err, BT_ERR_INVALID, "invalid filter");
	}
	(void)snprintf(by_id, sizeof(by_id), "{'id':['%.12s']}", id);
	ck_assert_str_eq(list(by_id), "ab");
}
END_TEST

START_TEST(a_prune_takes_what_nobody_is_on_and_its_filters_allow)
{
	static const struct {
		const char *filters, *deleted;
	} cases[] = {
		{ "{'until':['2001-01-01T00:00:00Z']}", "null" },
		{ "{'until':['nonsense']}", "?" },
		{ "{'until':['1h','2h']}", "?" },
		{ "{'dangling':['true']}", "?" },
		{ "{'label':['nosuch']}", "null" },
		{ "{'label':['keep'],'label!':['keep=yes']}", "no" },
		{ "{'label!':['keep']}", "plain" },
		{ "{}", "yes" },
		{ "{}", "null" },
	};

	ck_assert_pstr_eq(create_net(NET_A, NULL), NULL);
	ck_assert_pstr_eq(create_net("{'Name':'plain'}", NULL), NULL);
	ck_assert_pstr_eq(create_net("{'Name':'yes','Labels':{'keep':'yes'}}", NULL), NULL);
	ck_assert_pstr_eq(create_net("{'Name':'no','Labels':{'keep':'no'}}", NULL), NULL);
	occupy("a");
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const char *got = prune(cases[i].filters);

		ck_assert_msg(strcmp(got, cases[i].deleted) == 0, "%s: \"%s\"", cases[i].filters,
			      got);
	}
	ck_assert_str_eq(list("{}"), "bridge none host a");
}
END_TEST

START_TEST(many_networks_find_each_a_subnet_of_its_own)
{
	char body[64];

	for (int i = 0; i < 20; i++) {
		(void)snprintf(body, sizeof(body), "{'Name':'n%d','EnableIPv6':%s}", i,
			       i % 2 ? "true" : "false");
		ck_assert_pstr_eq(create_net(body, NULL), NULL);
	}
	bt_list_foreach (it, &engine.networks->list) {
		const struct bt_network *x = bt_list_entry(it, struct bt_network, link);

		bt_list_foreach (jt, &engine.networks->list) {
			const struct bt_network *y = bt_list_entry(jt, struct bt_network, link);

			if (x == y)
				continue;
			ck_assert(!x->v4.subnet.family || !y->v4.subnet.family ||
				  !bt_prefix_overlaps(&x->v4.subnet, &y->v4.subnet));
			ck_assert(!x->v6.subnet.family || !y->v6.subnet.family ||
				  !bt_prefix_overlaps(&x->v6.subnet, &y->v6.subnet));
		}
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_network_is_shown_as_it_was_asked_for_and_completed);
	tcase_add_test(tests, a_network_can_be_found_by_its_name_its_id_and_the_beginning_of_it);
	tcase_add_test(tests, what_cannot_be_a_network_is_refused_in_dockers_words_and_makes_none);
	tcase_add_test(tests, a_name_is_taken_once);
	tcase_add_test(tests, a_name_is_as_long_as_a_files_and_no_longer);
	tcase_add_test(tests, the_bridge_comes_with_its_network_and_goes_with_it);
	tcase_add_test(tests, the_daemons_options_are_for_networks_that_do_not_say);
	tcase_add_test(tests, a_network_has_all_that_its_template_says);
	tcase_add_test(tests, a_template_and_settings_of_ones_own_exclude_each_other);
	tcase_add_test(tests, a_template_goes_when_nobody_has_it_any_more);
	tcase_add_test(tests, what_is_always_there_is_not_removed);
	tcase_add_test(tests, a_network_with_somebody_on_it_is_not_removed_and_says_who);
	tcase_add_test(tests, a_list_is_as_narrow_as_its_filters);
	tcase_add_test(tests, a_prune_takes_what_nobody_is_on_and_its_filters_allow);
	tcase_add_test(tests, many_networks_find_each_a_subnet_of_its_own);
}

int main(void)
{
	return run_suite("network_create", setup, teardown, add_tests);
}
