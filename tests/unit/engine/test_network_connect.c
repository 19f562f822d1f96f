/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network.h"

#include <errno.h>

#include "engine/network_endpoint.h"
#include "engine/network_pool.h"
#include "engine/network_private.h"
#include "engine/network_table.h"
#include "live_nets_fixture.h"

#define ID_C1 "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"

static struct bt_network_attachment attachment = { .netns_fd = -EBADF };
static struct bt_events_follower *follower;
static struct bt_container *container;
static pid_t program;

/* The networks "a", "b" and "inner", which leads nowhere. */
static void setup(void)
{
	setup_live_nets();
	(void)events_since(&follower);
	ck_assert_pstr_eq(
		create_net("{'Name':'a','IPAM':{'Config':[{'Subnet':'10.95.8.0/24'}]}}", NULL),
		NULL);
	ck_assert_pstr_eq(
		create_net("{'Name':'b','IPAM':{'Config':[{'Subnet':'10.95.9.0/24'}]}}", NULL),
		NULL);
	ck_assert_pstr_eq(create_net("{'Name':'inner','Internal':true,'IPAM':{'Config':"
				     "[{'Subnet':'10.95.10.0/24'}]}}",
				     NULL),
			  NULL);
}

static void teardown(void)
{
	if (program > 0) {
		(void)kill(program, SIGKILL);
		(void)waitpid(program, NULL, 0);
	}
	bt_network_attachment_done(&attachment);
	bt_events_close(follower);
	teardown_live_nets();
}

static void make(const char *mode, const char *networking)
{
	char hc[128];

	(void)snprintf(hc, sizeof(hc), "{'NetworkMode':'%s'}", mode);
	container = add_container(ID_C1, "one", hc, networking);
}

/* Attach as a start does; the message, or NULL. */
static const char *attach(void)
{
	bt_auto_settings struct bt_container_settings s = { 0 };

	err = (struct bt_err){ 0 };
	bt_network_attachment_done(&attachment);
	ck_well(bt_container_row_settings(container, &s, &err), &err);
	return bt_network_attach(&engine, ID_C1, s.config, s.host_config, s.networking, NULL,
				 &attachment, &err) < 0
		       ? err.msg
		       : NULL;
}

static void live_in(int netns, int ready)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setns(netns, CLONE_NEWNET) < 0 || write(ready, "x", 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

/* The container runs: a process is in its namespace. */
static void start(void)
{
	char byte;
	int pair[2];

	ck_assert_pstr_eq(attach(), NULL);
	ck_assert_int_eq(pipe2(pair, O_CLOEXEC), 0);
	program = fork();
	if (program == 0)
		live_in(attachment.netns_fd, pair[1]);
	close(pair[1]);
	ck_assert_int_eq(read(pair[0], &byte, 1), 1);
	close(pair[0]);
	(void)pthread_mutex_lock(&container->lock);
	container->state.status = BT_CONTAINER_RUNNING;
	container->state.pid = program;
	(void)pthread_mutex_unlock(&container->lock);
}

static int change(int (*deed)(struct bt_engine *, const char *, const json_t *, struct bt_err *),
		  const char *net, const char *config)
{
	json_auto_t *body =
		json_pack("{s:s,s:o}", "Container", "one", "EndpointConfig", parse(config));

	err = (struct bt_err){ 0 };
	return deed(&engine, net, body, &err);
}

static int join(const char *net)
{
	return change(bt_network_connect, net, "{}");
}

static int leave(const char *net)
{
	return change(bt_network_disconnect, net, "null");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of an object, sorted, between blanks. */
static const char *keys_of(const json_t *object)
{
	static char text[256];
	const char *keys[16], *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach ((json_t *)(uintptr_t)object, key, value)
		keys[n++] = key;
	qsort(keys, n, sizeof(keys[0]), by_text);
	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			       i ? " " : "", keys[i]);
	return text;
}

/* On which networks the container is by the rows, and what it shows. */
static const char *on(void)
{
	json_auto_t *rows = bt_network_endpoint_of_container(engine.networks, ID_C1);

	return keys_of(rows);
}

/* Which networks a start of it now joins: the next one, after it ended. */
static const char *next_start(void)
{
	static char text[256];

	if (program > 0) {
		(void)kill(program, SIGKILL);
		(void)waitpid(program, NULL, 0);
		program = 0;
	}
	(void)pthread_mutex_lock(&container->lock);
	container->state.status = BT_CONTAINER_EXITED;
	container->state.pid = 0;
	(void)pthread_mutex_unlock(&container->lock);
	bt_network_detach(&engine, ID_C1);
	if (attach())
		return err.msg;
	(void)snprintf(text, sizeof(text), "%s", keys_of(attachment.settings));
	return text;
}

static unsigned leases(const char *net)
{
	struct bt_network *found;
	unsigned n;

	(void)pthread_mutex_lock(&engine.networks->lock);
	ck_well(bt_network_table_find(engine.networks, net, &found, &err), &err);
	n = found->leases - bt_network_pool_count(engine.networks->pool, found);
	(void)pthread_mutex_unlock(&engine.networks->lock);
	return n;
}

START_TEST(a_container_joins_what_its_endpoints_say_and_not_the_default_bridge)
{
	/* As clients ask that say nothing of a mode. */
	make("default", "{'EndpointsConfig':{'a':{}}}");
	ck_assert_str_eq(next_start(), "a");
	ck_assert_str_eq(attachment.address, "10.95.8.2");
}
END_TEST

START_TEST(of_two_endpoints_none_is_the_modes_and_both_are_joined)
{
	make("bridge", "{'EndpointsConfig':{'a':null,'b':{}}}");
	ck_assert_str_eq(next_start(), "a b");
}
END_TEST

START_TEST(a_running_container_gets_an_interface_at_once_and_keeps_it_at_the_next_start)
{
	bt_auto_close int home = home_fd();
	bt_auto_close bt_unused int l = -EBADF;

	make("a", "{}");
	start();
	ck_well(join("b"), &err);
	ck_assert_str_eq(on(), "a b");
	ck_assert_ptr_nonnull(strstr(container->state.networks, "10.95.9.2"));
	l = listen_in(attachment.netns_fd, 80);
	ck_assert_int_eq(reach_from(home, "10.95.9.2", 80), 0);
	ck_assert_str_eq(next_start(), "a b");
}
END_TEST

START_TEST(a_running_container_loses_an_interface_at_once_and_for_good)
{
	bt_auto_close int home = home_fd();
	bt_auto_close bt_unused int l = -EBADF;

	make("a", "{'EndpointsConfig':{'a':{},'b':{}}}");
	start();
	l = listen_in(attachment.netns_fd, 80);
	ck_well(leave("b"), &err);
	ck_assert_str_eq(on(), "a");
	ck_assert_int_eq(reach_from(home, "10.95.8.2", 80), 0);
	ck_assert_int_ne(connect_from(home, "10.95.9.2", 80), 0);
	ck_assert_uint_eq(leases("b"), 0);
	ck_assert_str_eq(next_start(), "a");
}
END_TEST

START_TEST(who_moves_from_one_network_to_another_is_not_on_the_first_at_the_next_start)
{
	make("default", "{}");
	start();
	ck_well(leave("bridge"), &err);
	ck_assert_str_eq(on(), "");
	ck_well(join("b"), &err);
	ck_assert_str_eq(on(), "b");
	ck_assert_str_eq(next_start(), "b");
}
END_TEST

START_TEST(who_moves_while_it_does_not_run_is_on_the_new_network_alone)
{
	make("a", "{}");
	ck_well(leave("a"), &err);
	ck_well(join("b"), &err);
	ck_assert_str_eq(on(), "");
	ck_assert_str_eq(next_start(), "b");
}
END_TEST

START_TEST(a_network_can_be_left_by_its_id_whatever_it_was_joined_by)
{
	char id[BT_RAND_ID_LEN + 1] = "", networking[256];

	ck_assert_pstr_eq(
		create_net("{'Name':'d','IPAM':{'Config':[{'Subnet':'10.95.11.0/24'}]}}", id),
		NULL);
	(void)snprintf(networking, sizeof(networking), "{'EndpointsConfig':{'%s':{},'a':{}}}", id);
	make(id, networking);
	ck_well(leave("d"), &err);
	ck_assert_str_eq(next_start(), "a");
	ck_well(join(id), &err);
	ck_assert_str_eq(next_start(), "a d");
	ck_well(leave(id), &err);
	ck_assert_str_eq(next_start(), "a");
}
END_TEST

START_TEST(what_was_wanted_of_an_endpoint_holds_at_once_and_at_the_next_start)
{
	make("a", "{}");
	start();
	ck_well(change(bt_network_connect, "b",
		       "{'IPAMConfig':{'IPv4Address':'10.95.9.77'},'Aliases':['web']}"),
		&err);
	ck_assert_ptr_nonnull(strstr(container->state.networks, "10.95.9.77"));
	ck_assert_str_eq(next_start(), "a b");
	ck_assert_str_eq(json_string_value(json_object_get(
				 json_object_get(attachment.settings, "b"), "IPAddress")),
			 "10.95.9.77");
}
END_TEST

START_TEST(a_connection_that_cannot_be_had_changes_nothing)
{
	static const struct {
		const char *net, *config, *words;
		enum bt_err_kind kind;
	} cases[] = {
		{ "nosuch", "{}", "network nosuch not found", BT_ERR_NOT_FOUND },
		{ "a", "{}", "endpoint with name one already exists in network a",
		  BT_ERR_FORBIDDEN },
		{ "host", "{}", "container cannot be connected to host network", BT_ERR_FORBIDDEN },
		{ "none", "{}", "one of the networks in private (none) mode", BT_ERR_INVALID },
		{ "b", "{'IPAMConfig':{'IPv4Address':'10.95.8.9'}}",
		  "no configured subnet or ip-range contain", BT_ERR_INVALID },
		{ "b", "{'IPAMConfig':{'IPv4Address':'10.95.9.1'}}", "Address already in use",
		  BT_ERR_FORBIDDEN },
		{ "b", "{'MacAddress':'01:00:00:00:00:00'}", "invalid MAC address",
		  BT_ERR_INVALID },
		{ "b", "{'DriverOpts':{'com.docker.network.endpoint.ifname':'eth0'}}",
		  "interface name eth0 is used twice", BT_ERR_CONFLICT },
	};

	make("a", "{}");
	start();
	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_msg(change(bt_network_connect, cases[i].net, cases[i].config) < 0,
			      "%s %s", cases[i].net, cases[i].config);
		check_err(&err, cases[i].kind, cases[i].words);
		ck_assert_str_eq(on(), "a");
		ck_assert_uint_eq(leases("b"), 0);
		ck_assert_uint_eq(leases("a"), 1);
	}
	ck_assert_str_eq(next_start(), "a");
}
END_TEST

START_TEST(a_network_that_it_is_not_on_cannot_be_left_running_or_not)
{
	make("a", "{}");
	ck_assert_int_eq(leave("b"), -ENOENT);
	check_err(&err, BT_ERR_FORBIDDEN, "is not connected to network b");
	start();
	ck_assert_int_eq(leave("b"), -ENOENT);
	check_err(&err, BT_ERR_FORBIDDEN, "is not connected to network b");
	ck_assert_int_eq(leave("nosuch"), -ENOENT);
	check_err(&err, BT_ERR_NOT_FOUND, "network nosuch not found");
	ck_assert_uint_eq(leases("b"), 0);
}
END_TEST

START_TEST(who_has_no_network_of_its_own_gets_none_running_or_not)
{
	static const struct {
		const char *mode, *words;
	} cases[] = {
		{ "host", "was created in host network mode" },
		{ "none", "one of the networks in private (none) mode" },
		{ "container:other", "container sharing network namespace with another container" },
	};

	make("host", "{}");
	for (size_t i = 0; i < LENGTH(cases); i++) {
		json_auto_t *hc = json_pack("{s:s}", "NetworkMode", cases[i].mode);

		ck_well(bt_container_row_host_config(container, hc, &err), &err);
		ck_assert_int_lt(join("a"), 0);
		check_err(&err, err.kind, cases[i].words);
	}
	/* Not into the namespace that is another's. */
	(void)pthread_mutex_lock(&container->lock);
	container->state.status = BT_CONTAINER_RUNNING;
	container->state.pid = getpid();
	(void)pthread_mutex_unlock(&container->lock);
	ck_assert_int_lt(join("a"), 0);
	check_err(&err, BT_ERR_INVALID, "container sharing network namespace");
	ck_assert_uint_eq(leases("a"), 0);
}
END_TEST

START_TEST(a_container_that_has_just_ended_gets_no_interface_and_keeps_no_address)
{
	make("a", "{}");
	start();
	(void)kill(program, SIGKILL);
	(void)waitpid(program, NULL, 0);
	program = 0;
	/* Its end is not known yet: what is opened by its number is not there. */
	ck_assert_int_lt(join("b"), 0);
	ck_assert_str_eq(on(), "a");
	ck_assert_uint_eq(leases("b"), 0);
}
END_TEST

START_TEST(each_change_of_one_that_runs_is_told)
{
	make("a", "{}");
	ck_well(join("b"), &err);
	ck_well(leave("b"), &err);
	start();
	(void)events_since(&follower);
	ck_well(join("b"), &err);
	ck_well(leave("b"), &err);
	ck_assert_ptr_nonnull(strstr(events_since(&follower), "network connect "));
}
END_TEST

START_TEST(the_default_route_goes_where_it_should_whoever_comes_and_goes)
{
	bt_auto_close int home = home_fd();
	bt_auto_close bt_unused int l = listen_in(home, 80);

	make("inner", "{}");
	start();
	/* Nothing leads outside yet. */
	ck_assert_int_eq(connect_from(attachment.netns_fd, "10.95.7.1", 80), -ENETUNREACH);
	ck_well(join("a"), &err);
	ck_assert_int_eq(reach_from(attachment.netns_fd, "10.95.7.1", 80), 0);
	ck_well(change(bt_network_connect, "b", "{'GwPriority':5}"), &err);
	ck_assert_int_eq(reach_from(attachment.netns_fd, "10.95.7.1", 80), 0);
	ck_well(leave("a"), &err);
	ck_assert_int_eq(reach_from(attachment.netns_fd, "10.95.7.1", 80), 0);
	ck_well(leave("b"), &err);
	ck_assert_int_eq(connect_from(attachment.netns_fd, "10.95.7.1", 80), -ENETUNREACH);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_container_joins_what_its_endpoints_say_and_not_the_default_bridge);
	tcase_add_test(tests, of_two_endpoints_none_is_the_modes_and_both_are_joined);
	tcase_add_test(
		tests,
		a_running_container_gets_an_interface_at_once_and_keeps_it_at_the_next_start);
	tcase_add_test(tests, a_running_container_loses_an_interface_at_once_and_for_good);
	tcase_add_test(tests,
		       who_moves_from_one_network_to_another_is_not_on_the_first_at_the_next_start);
	tcase_add_test(tests, who_moves_while_it_does_not_run_is_on_the_new_network_alone);
	tcase_add_test(tests, a_network_can_be_left_by_its_id_whatever_it_was_joined_by);
	tcase_add_test(tests, what_was_wanted_of_an_endpoint_holds_at_once_and_at_the_next_start);
	tcase_add_test(tests, a_connection_that_cannot_be_had_changes_nothing);
	tcase_add_test(tests, a_network_that_it_is_not_on_cannot_be_left_running_or_not);
	tcase_add_test(tests, who_has_no_network_of_its_own_gets_none_running_or_not);
	tcase_add_test(tests,
		       a_container_that_has_just_ended_gets_no_interface_and_keeps_no_address);
	tcase_add_test(tests, each_change_of_one_that_runs_is_told);
	tcase_add_test(tests, the_default_route_goes_where_it_should_whoever_comes_and_goes);
}

int main(void)
{
	return run_suite("network_connect", setup, teardown, add_tests);
}
