/* SPDX-License-Identifier: Apache-2.0 */

#include "api/config.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

static char file[64];

static void write_file(const char *text)
{
	snprintf(file, sizeof(file), "/tmp/test_api_config.%d.json", (int)getpid());
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, file, 0600, text, strlen(text)), 0);
}

static void remove_file(void)
{
	unlink(file);
}

/* Load with the file and up to four flags; NULL ends them. */
static int load(const char *program, const char *a, const char *b, const char *c, const char *d,
		struct bt_config *ret, char **ret_warnings, struct bt_err *err)
{
	const char *argv[] = { program, "--config-file", file, a, b, c, d, NULL };
	char *copy[8] = { 0 };
	int argc = 0, r;

	for (; argv[argc]; argc++)
		copy[argc] = strdup(argv[argc]);
	r = bt_config_load(argc, copy, ret, ret_warnings, err);
	for (int i = 0; i < argc; i++)
		free(copy[i]);
	return r;
}

static void must_refuse(const char *a, const char *b, const char *message)
{
	struct bt_config config = { 0 };
	struct bt_err err = { 0 };
	char *warnings = NULL;

	ck_assert_int_lt(load("berthd", a, b, NULL, NULL, &config, &warnings, &err), 0);
	ck_assert_msg(strstr(err.msg, message) != NULL, "'%s' lacks '%s'", err.msg, message);
}

START_TEST(flags_are_read_in_every_form)
{
	bt_auto_config struct bt_config config = { 0 };
	struct bt_err err = { 0 };
	bt_auto_free char *warnings = NULL;

	write_file("{}");
	ck_assert_int_eq(load("berthd", "-DHunix:///a", "-H=unix:///b",
			      "--default-ulimit=nofile=1:2", "--log-opt=max-size=1m", &config,
			      &warnings, &err),
			 0);
	ck_assert_int_eq(config.log_level, BT_LOG_DEBUG);
	ck_assert_uint_eq(json_array_size(config.hosts), 2);
	ck_assert_str_eq(json_string_value(json_array_get(config.hosts, 0)), "unix:///a");
	ck_assert_str_eq(json_string_value(json_array_get(config.hosts, 1)), "unix:///b");
	ck_assert_int_eq(json_integer_value(json_object_get(
				 json_object_get(config.default_ulimits, "nofile"), "Hard")),
			 2);
	ck_assert_str_eq(json_string_value(json_object_get(config.log_opts, "max-size")), "1m");
	ck_assert_str_eq(config.data_root, BT_CONFIG_DATA_ROOT);
	ck_assert_ptr_null(warnings);
}
END_TEST

START_TEST(the_file_gives_what_no_flag_does)
{
	bt_auto_config struct bt_config config = { 0 };
	struct bt_err err = { 0 };
	bt_auto_free char *warnings = NULL;

	write_file(
		"{\"data-root\":\"/d\",\"hosts\":[\"fd://\"],\"tlsverify\":true,\"log-level\":\"warn\"}");
	ck_assert_int_eq(load("berthd", "--exec-root", "/e", NULL, NULL, &config, &warnings, &err),
			 0);
	ck_assert_str_eq(config.data_root, "/d");
	ck_assert_str_eq(config.exec_root, "/e");
	ck_assert_int_eq(config.log_level, BT_LOG_WARN);
	ck_assert(config.tls && config.tls_verify && !config.tls_refused);
}
END_TEST

START_TEST(a_missing_or_empty_file_is_fine)
{
	bt_auto_config struct bt_config config = { 0 }, other = { 0 };
	struct bt_err err = { 0 };
	bt_auto_free char *warnings = NULL, *more = NULL;

	write_file(" \n");
	ck_assert_int_eq(load("berthd", NULL, NULL, NULL, NULL, &config, &warnings, &err), 0);
	unlink(file);
	ck_assert_int_eq(load("berthd", NULL, NULL, NULL, NULL, &other, &more, &err), 0);
}
END_TEST

START_TEST(what_is_wrong_is_named)
{
	write_file("{}");
	must_refuse("--no-such-flag", NULL, "unknown flag: --no-such-flag");
	must_refuse("-Z", NULL, "unknown flag: -Z");
	must_refuse("word", NULL, "takes no argument \"word\"");
	must_refuse("--host", NULL, "flag needs an argument: --host");
	must_refuse("--debug=maybe", NULL, "invalid argument \"maybe\" for \"--debug\" flag");
	must_refuse("--default-ulimit=nofile", NULL, "it must be NAME=VALUE");
	must_refuse("--log-level=loud", NULL, "invalid logging level: loud");
	must_refuse("--raw-logs", NULL, "does not offer dockerd's option \"raw-logs\"");
	must_refuse("--data-root=here", NULL, "must be absolute");
	write_file("{\"nosuchkey\":1}");
	must_refuse(NULL, NULL, "don't match any configuration option: nosuchkey");
	write_file("{\"hosts\":\"unix:///a\"}");
	must_refuse(NULL, NULL, "the value of \"hosts\" must be an array of strings");
	write_file("[1]");
	must_refuse(NULL, NULL, "it must hold a JSON object");
	write_file("{\"debug\":true,");
	must_refuse(NULL, NULL, file);
}
END_TEST

START_TEST(an_option_in_flag_and_file_is_refused)
{
	write_file("{\"bip\":\"10.1.0.1/24\"}");
	must_refuse("--bip", "10.2.0.1/24",
		    "specified both as a flag and in the configuration file: bip: (from flag: "
		    "\"10.2.0.1/24\", from file: \"10.1.0.1/24\")");
}
END_TEST

START_TEST(as_dockerd_its_other_options_are_only_warned_of)
{
	bt_auto_config struct bt_config config = { 0 };
	struct bt_err err = { 0 };
	bt_auto_free char *warnings = NULL;

	write_file("{\"features\":{\"buildkit\":true}}");
	ck_assert_int_eq(load("/usr/sbin/dockerd", "--raw-logs", "-s", "overlay2", NULL, &config,
			      &warnings, &err),
			 0);
	ck_assert_ptr_nonnull(strstr(warnings, "\"raw-logs\""));
	ck_assert_ptr_nonnull(strstr(warnings, "\"storage-driver\""));
	ck_assert_ptr_nonnull(strstr(warnings, "\"features\""));
}
END_TEST

START_TEST(what_keeps_somebody_out_is_refused_even_as_dockerd)
{
	static const char *const files[] = {
		"{\"authorization-plugins\":[\"opa\"]}",
		"{\"iptables\":false}",
		"{\"ip6tables\":false}",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct bt_config config = { 0 };
		struct bt_err err = { 0 };
		bt_auto_free char *warnings = NULL;

		write_file(files[i]);
		ck_assert_int_lt(load("dockerd", NULL, NULL, NULL, NULL, &config, &warnings, &err),
				 0);
		ck_assert_msg(strstr(err.msg, "is not supported: ") != NULL, "%s", err.msg);
	}
}
END_TEST

START_TEST(what_asks_for_nothing_is_fine)
{
	bt_auto_config struct bt_config config = { 0 };
	struct bt_err err = { 0 };
	bt_auto_free char *warnings = NULL;

	write_file("{\"authorization-plugins\":[],\"selinux-enabled\":false,\"iptables\":true}");
	ck_assert_int_eq(load("dockerd", NULL, NULL, NULL, NULL, &config, &warnings, &err), 0);
}
END_TEST

START_TEST(defaults_of_containers_are_read_and_checked)
{
	bt_auto_config struct bt_config config = { 0 };
	struct bt_err err = { 0 };
	bt_auto_free char *warnings = NULL;

	write_file(
		"{\"default-ipc-mode\":\"shareable\",\"default-shm-size\":\"128M\",\"icc\":false,"
		"\"mtu\":1400}");
	ck_assert_int_eq(load("berthd", "--default-cgroupns-mode=private",
			      "--default-address-pool=base=10.9.0.0/16,size=24", NULL, NULL,
			      &config, &warnings, &err),
			 0);
	ck_assert_str_eq(config.default_ipc_mode, "shareable");
	ck_assert_str_eq(config.default_cgroupns_mode, "private");
	ck_assert_int_eq(config.default_shm_size, 128 << 20);
	ck_assert(config.no_icc && !config.no_masquerade);
	ck_assert_int_eq(config.mtu, 1400);
	ck_assert_str_eq(
		json_string_value(json_object_get(json_array_get(config.address_pools, 0), "base")),
		"10.9.0.0/16");
	write_file("{}");
	must_refuse("--default-ipc-mode=host", NULL, "private or shareable is wanted");
	must_refuse("--default-cgroupns-mode=x", NULL, "host or private is wanted");
	must_refuse("--default-shm-size=big", NULL, "a size is wanted");
	must_refuse("--default-shm-size=0", NULL, "a size is wanted");
	must_refuse("--mtu=67", NULL, "68 to 65535");
	write_file("{\"runtimes\":{\"kata\":{\"path\":\"/k\",\"runtimeArgs\":[\"--debug\"]}}}");
	must_refuse(NULL, NULL, "runtimes: kata: \"runtimeArgs\" is not supported");
	write_file("{}");
	must_refuse("--default-address-pool=10.9.0.0/16", NULL, "base=CIDR,size=N");
	write_file("{\"default-address-pools\":{}}");
	must_refuse(NULL, NULL, "must be an array of {\"base\", \"size\"}");
}
END_TEST

START_TEST(name_servers_and_the_hosts_addresses_are_read_and_checked)
{
	bt_auto_config struct bt_config config = { 0 };
	struct bt_err err = { 0 };
	bt_auto_free char *warnings = NULL;

	write_file("{\"dns\": [\"192.0.2.1\", \"2001:db8::1\"], \"dns-search\": [\"corp.example\"],"
		   " \"host-gateway-ip\": \"192.0.2.7\"}");
	ck_assert_int_eq(
		load("berthd", "--dns-opt=timeout:1", NULL, NULL, NULL, &config, &warnings, &err),
		0);
	ck_assert_uint_eq(json_array_size(config.dns), 2);
	ck_assert_str_eq(json_string_value(json_array_get(config.dns_search, 0)), "corp.example");
	ck_assert_str_eq(json_string_value(json_array_get(config.dns_options, 0)), "timeout:1");
	ck_assert_str_eq(json_string_value(json_array_get(config.host_gateways, 0)), "192.0.2.7");
	ck_assert_ptr_null(warnings);
	write_file("{}");
	must_refuse("--dns=nowhere", NULL, "\"dns\": nowhere is not an ip address");
	must_refuse("--host-gateway-ip=x", NULL, "x is not an ip address");
	must_refuse("--dns-search=a\nnameserver 192.0.2.66", NULL, "is no word for resolv.conf");
	must_refuse("--dns-opt=", NULL, "is no word for resolv.conf");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/config");
	TCase *loading = tcase_create("load");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(loading, NULL, remove_file);
	tcase_add_test(loading, flags_are_read_in_every_form);
	tcase_add_test(loading, the_file_gives_what_no_flag_does);
	tcase_add_test(loading, a_missing_or_empty_file_is_fine);
	tcase_add_test(loading, what_is_wrong_is_named);
	tcase_add_test(loading, an_option_in_flag_and_file_is_refused);
	tcase_add_test(loading, as_dockerd_its_other_options_are_only_warned_of);
	tcase_add_test(loading, what_keeps_somebody_out_is_refused_even_as_dockerd);
	tcase_add_test(loading, what_asks_for_nothing_is_fine);
	tcase_add_test(loading, defaults_of_containers_are_read_and_checked);
	tcase_add_test(loading, name_servers_and_the_hosts_addresses_are_read_and_checked);
	suite_add_tcase(suite, loading);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
