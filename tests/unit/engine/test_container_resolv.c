/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_resolv.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "common.h"

#define HOST \
	"# c\nnameserver 192.0.2.1\nnameserver 127.0.0.1\nsearch host.example\noptions rotate\n"

/* What is made, without its comments. */
static const char *made(const char *host, const char *config, bool resolver, bool host_network)
{
	static char out[1024];
	json_auto_t *json = json_loads(config, 0, NULL);
	const struct bt_container_resolv r = { .host = host,
					       .host_config = json,
					       .resolver = resolver,
					       .host_network = host_network };
	bt_auto_str struct bt_str text = { 0 };
	char *save = NULL;

	ck_assert_ptr_nonnull(json);
	bt_container_resolv_make(&r, &text);
	out[0] = '\0';
	for (char *line = strtok_r(text.p, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (line[0] != '#')
			strcat(strcat(out, line), "|");
	return out;
}

START_TEST(the_hosts_file_without_what_the_container_cannot_reach)
{
	ck_assert_str_eq(made(HOST, "{}", false, false),
			 "nameserver 192.0.2.1|search host.example|options rotate|");
	ck_assert_str_eq(
		made(HOST, "{}", false, true),
		"nameserver 192.0.2.1|nameserver 127.0.0.1|search host.example|options rotate|");
	ck_assert_str_eq(made("nameserver 127.0.0.53\n", "{}", false, false),
			 "nameserver 8.8.8.8|nameserver 8.8.4.4|");
	ck_assert_str_eq(made("", "{}", false, true), "");
}
END_TEST

START_TEST(what_the_user_asks_for_goes_before_the_hosts)
{
	ck_assert_str_eq(
		made(HOST,
		     "{\"Dns\":[\"127.0.0.9\"],\"DnsSearch\":[\"a\",\"b\"],\"DnsOptions\":[\"timeout:1\"]}",
		     false, false),
		"nameserver 127.0.0.9|search a b|options timeout:1|");
	ck_assert_str_eq(made(HOST, "{\"DnsSearch\":[\".\"]}", false, false),
			 "nameserver 192.0.2.1|options rotate|");
}
END_TEST

START_TEST(the_resolver_is_the_only_server_and_needs_no_dots)
{
	ck_assert_str_eq(made(HOST, "{\"Dns\":[\"192.0.2.9\"]}", true, false),
			 "nameserver 127.0.0.11|search host.example|options rotate ndots:0|");
	ck_assert_str_eq(made("options ndots:2", "{}", true, false),
			 "nameserver 127.0.0.11|options ndots:2|");
}
END_TEST

START_TEST(an_edited_file_is_left_alone)
{
	char dir[] = "/tmp/names-test-XXXXXX", path[64];
	bt_auto_free char *text = NULL;
	struct bt_err err = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/resolv.conf", dir);
	ck_assert_int_eq(bt_container_resolv_write(dir, "one\n", &err), 0);
	ck_assert_int_eq(bt_container_resolv_write(dir, "two\n", &err), 0);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0644, "mine\n", 5), 0);
	ck_assert_int_eq(bt_container_resolv_write(dir, "three\n", &err), 0);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, path, 64, &text, NULL), 0);
	ck_assert_str_eq(text, "mine\n");
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/container_resolv");
	TCase *tc = tcase_create("container_resolv");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, the_hosts_file_without_what_the_container_cannot_reach);
	tcase_add_test(tc, what_the_user_asks_for_goes_before_the_hosts);
	tcase_add_test(tc, the_resolver_is_the_only_server_and_needs_no_dots);
	tcase_add_test(tc, an_edited_file_is_left_alone);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
