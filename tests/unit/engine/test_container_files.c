/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_files.h"

#include <errno.h>
#include <sys/stat.h>

#include "stores_fixture.h"

#define LOCALHOST                                     \
	"127.0.0.1\tlocalhost\n"                      \
	"::1\tlocalhost ip6-localhost ip6-loopback\n" \
	"fe00::\tip6-localnet\n"                      \
	"ff00::\tip6-mcastprefix\n"                   \
	"ff02::1\tip6-allnodes\n"                     \
	"ff02::2\tip6-allrouters\n"

static struct bt_container *web;
static struct bt_container_files files;
static json_t *config, *host_config, *list;
static char *text;

static void setup(void)
{
	bt_auto_free char *containers = NULL;

	setup_stores();
	containers = bt_str_format("%s/containers", root);
	ck_assert_int_eq(bt_io_mkdir_p(containers, 0700), 0);
	web = add_container("web", "{}");
	ck_well(bt_container_files_create(&engine, web->id, &err), &err);
	config = parse("{'Hostname':'host','Domainname':''}");
	files = (struct bt_container_files){ .id = web->id, .config = config };
}

static void teardown(void)
{
	json_decref(config);
	json_decref(host_config);
	json_decref(list);
	free(text);
	teardown_stores();
}

static void set_config(const char *json)
{
	json_decref(config);
	files.config = config = parse(json);
}

static void set_host_config(const char *json)
{
	json_decref(host_config);
	files.host_config = host_config = parse(json);
}

/* Write the files; the text of one of them. Borrowed. */
static const char *written(const char *name)
{
	bt_auto_free char *path = bt_container_files_path(&engine, web->id, name);

	ck_well(bt_container_files_write(&engine, &files, &err), &err);
	free(text);
	text = NULL;
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, path, 1 << 20, &text, NULL), 0);
	return text;
}

START_TEST(places_are_below_the_roots_and_named_after_the_container)
{
	bt_auto_free char *dir = bt_container_files_path(&engine, "ID", NULL);
	bt_auto_free char *file = bt_container_files_path(&engine, "ID", "hosts");
	bt_auto_free char *run = bt_container_files_run_dir(&engine, "ID");
	bt_auto_free char *log = bt_container_files_log(&engine, "ID");
	bt_auto_free char *journal = bt_container_files_journal(&engine, "ID");
	bt_auto_free char *want = bt_str_format("%s/containers/ID", root);

	ck_assert_str_eq(dir, want);
	ck_assert_str_eq(run, want);
	ck_assert_ptr_eq(bt_str_after(file, want), file + strlen(want));
	ck_assert_str_eq(file + strlen(want), "/hosts");
	ck_assert_str_eq(log + strlen(want), "/ID-json.log");
	ck_assert_str_eq(journal + strlen(want), "/journal");
}
END_TEST

START_TEST(the_host_name_is_one_line_with_the_domain_where_there_is_one)
{
	ck_assert_str_eq(written("hostname"), "host\n");
	set_config("{'Hostname':'host','Domainname':'example.org'}");
	ck_assert_str_eq(written("hostname"), "host.example.org\n");
	set_config("{}");
	ck_assert_str_eq(written("hostname"), "\n");
}
END_TEST

START_TEST(without_an_address_hosts_knows_the_loopback_alone)
{
	ck_assert_str_eq(written("hosts"), LOCALHOST);
}
END_TEST

START_TEST(hosts_names_the_container_with_and_without_its_domain)
{
	files.address = "172.17.0.2";
	ck_assert_str_eq(written("hosts"), LOCALHOST "172.17.0.2\thost\n");
	set_config("{'Hostname':'host','Domainname':'example.org'}");
	ck_assert_str_eq(written("hosts"), LOCALHOST "172.17.0.2\thost.example.org host\n");
}
END_TEST

START_TEST(links_stand_before_the_container_and_extra_hosts_behind)
{
	files.address = "172.17.0.2";
	files.links = "172.17.0.3\tdb\n";
	set_host_config("{'ExtraHosts':['a:10.0.0.1','b:fd00::1','c=10.0.0.3']}");
	ck_assert_str_eq(written("hosts"), LOCALHOST "172.17.0.3\tdb\n"
						     "172.17.0.2\thost\n"
						     "10.0.0.1\ta\n"
						     "fd00::1\tb\n"
						     "10.0.0.3\tc\n");
}
END_TEST

START_TEST(an_extra_host_without_an_address_is_left_out)
{
	set_host_config("{'ExtraHosts':['a','b:','c=']}");
	ck_assert_str_eq(written("hosts"), LOCALHOST);
}
END_TEST

START_TEST(the_gateway_of_the_host_is_what_the_daemon_says_else_the_networks_else_the_loopback)
{
	json_auto_t *gateways = parse("['10.1.1.1','fd00::1']");

	set_host_config("{'ExtraHosts':['h:host-gateway']}");
	files.dns = list = parse("['1.1.1.1']");
	ck_assert_str_eq(written("hosts"), LOCALHOST "127.0.0.1\th\n");
	files.gateway = "172.17.0.1";
	ck_assert_str_eq(written("hosts"), LOCALHOST "172.17.0.1\th\n");
	files.host_gateways = gateways;
	ck_assert_str_eq(written("hosts"), LOCALHOST "10.1.1.1\th\nfd00::1\th\n");
}
END_TEST

START_TEST(the_host_has_a_name_where_no_server_tells_it)
{
	files.gateway = "172.17.0.1";
	ck_assert_str_eq(written("hosts"), LOCALHOST "172.17.0.1\thost.docker.internal\n");
	files.dns = list = parse("['1.1.1.1']");
	ck_assert_str_eq(written("hosts"), LOCALHOST);
}
END_TEST

START_TEST(who_names_the_host_himself_is_not_contradicted)
{
	files.gateway = "172.17.0.1";
	set_host_config("{'ExtraHosts':['host.docker.internal:10.0.0.1']}");
	ck_assert_str_eq(written("hosts"), LOCALHOST "10.0.0.1\thost.docker.internal\n");
	/* That is another host. */
	set_host_config("{'ExtraHosts':['host.docker.internal.example:10.0.0.1']}");
	ck_assert_str_eq(written("hosts"), LOCALHOST "10.0.0.1\thost.docker.internal.example\n"
						     "172.17.0.1\thost.docker.internal\n");
}
END_TEST

START_TEST(on_the_hosts_network_hosts_is_the_hosts_and_what_was_asked_for)
{
	bt_auto_free char *own = NULL, *want = NULL;

	if (bt_io_read_file(AT_FDCWD, "/etc/hosts", 1 << 20, &own, NULL) < 0)
		own = strdup("");
	want = bt_str_format("%s%s10.0.0.1\ta\n", own,
			     own[0] && own[strlen(own) - 1] != '\n' ? "\n" : "");
	files.host_network = true;
	files.address = "172.17.0.2";
	files.gateway = "172.17.0.1";
	set_host_config("{'ExtraHosts':['a:10.0.0.1']}");
	ck_assert_str_eq(written("hosts"), want);
}
END_TEST

START_TEST(a_second_write_takes_the_place_of_the_first)
{
	files.address = "172.17.0.200";
	(void)written("hosts");
	files.address = "172.17.0.2";
	ck_assert_str_eq(written("hosts"), LOCALHOST "172.17.0.2\thost\n");
}
END_TEST

START_TEST(making_the_directory_again_is_fine_and_it_is_not_for_everybody)
{
	bt_auto_free char *dir = bt_container_files_path(&engine, web->id, NULL);
	struct stat st;

	ck_well(bt_container_files_create(&engine, web->id, &err), &err);
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0710);
}
END_TEST

START_TEST(without_the_directory_a_write_says_what_failed)
{
	ck_well(bt_container_files_remove(&engine, web->id, &err), &err);
	ck_assert_int_eq(bt_container_files_write(&engine, &files, &err), -ENOENT);
	check_err(&err, BT_ERR_SYSTEM, "write hostname");
	/* To remove what is not there is fine. */
	ck_well(bt_container_files_remove(&engine, web->id, &err), &err);
}
END_TEST

START_TEST(a_log_is_emptied_with_all_that_was_rotated_away)
{
	bt_auto_free char *log = bt_container_files_log(&engine, web->id);
	bt_auto_free char *first = bt_str_format("%s.1", log);
	bt_auto_free char *second = bt_str_format("%s.2", log);
	struct stat st;

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, log, 0600, "x", 1), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, first, 0600, "x", 1), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, second, 0600, "x", 1), 0);
	bt_container_files_empty_log(&engine, web->id);
	ck_assert_int_eq(stat(log, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_int_lt(access(first, F_OK), 0);
	ck_assert_int_lt(access(second, F_OK), 0);
	bt_container_files_empty_log(&engine, "none");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, places_are_below_the_roots_and_named_after_the_container);
	tcase_add_test(tests, the_host_name_is_one_line_with_the_domain_where_there_is_one);
	tcase_add_test(tests, without_an_address_hosts_knows_the_loopback_alone);
	tcase_add_test(tests, hosts_names_the_container_with_and_without_its_domain);
	tcase_add_test(tests, links_stand_before_the_container_and_extra_hosts_behind);
	tcase_add_test(tests, an_extra_host_without_an_address_is_left_out);
	tcase_add_test(
		tests,
		the_gateway_of_the_host_is_what_the_daemon_says_else_the_networks_else_the_loopback);
	tcase_add_test(tests, the_host_has_a_name_where_no_server_tells_it);
	tcase_add_test(tests, who_names_the_host_himself_is_not_contradicted);
	tcase_add_test(tests, on_the_hosts_network_hosts_is_the_hosts_and_what_was_asked_for);
	tcase_add_test(tests, a_second_write_takes_the_place_of_the_first);
	tcase_add_test(tests, making_the_directory_again_is_fine_and_it_is_not_for_everybody);
	tcase_add_test(tests, without_the_directory_a_write_says_what_failed);
	tcase_add_test(tests, a_log_is_emptied_with_all_that_was_rotated_away);
}

int main(void)
{
	return run_suite("engine/container_files", setup, teardown, add);
}
