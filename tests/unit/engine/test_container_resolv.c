/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_resolv.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "common.h"
#include "store/digest.h"

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

static char dir[] = "/tmp/test_resolv.XXXXXX";

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static void put(const char *name, const char *text)
{
	bt_auto_free char *path = bt_str_format("%s/%s", dir, name);

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0644, text, strlen(text)), 0);
}

/* The file; owned. */
static char *get(void)
{
	bt_auto_free char *path = bt_str_format("%s/resolv.conf", dir);
	char *text = NULL;

	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, path, 4096, &text, NULL), 0);
	return text;
}

static void write_it(const char *text)
{
	struct bt_err err = { 0 };

	ck_assert_msg(bt_container_resolv_write(dir, text, &err) == 0, "%s", err.msg);
}

/* The file is what was written, with one comment behind. */
static void is_ours(const char *text)
{
	bt_auto_free char *now = get();

	ck_assert_int_eq(strncmp(now, text, strlen(text)), 0);
	ck_assert_int_eq(now[strlen(text)], '#');
	ck_assert_ptr_eq(strchr(now + strlen(text), '\n'), now + strlen(now) - 1);
}

static void is_exactly(const char *text)
{
	bt_auto_free char *now = get();

	ck_assert_str_eq(now, text);
}

START_TEST(an_edited_file_is_left_alone)
{
	write_it("one\n");
	is_ours("one\n");
	write_it("two\n");
	is_ours("two\n");
	put("resolv.conf", "mine\n");
	write_it("three\n");
	is_exactly("mine\n");
}
END_TEST

START_TEST(one_byte_anywhere_is_an_edit)
{
	bt_auto_free char *original = NULL;

	write_it("nameserver 192.0.2.1\n");
	original = get();
	for (size_t i = 0; original[i] != '\0'; i++) {
		bt_auto_free char *edited = strdup(original);

		edited[i] = edited[i] == 'x' ? 'y' : 'x';
		put("resolv.conf", edited);
		write_it("new\n");
		is_exactly(edited);
	}
	put("resolv.conf", original);
	write_it("new\n");
	is_ours("new\n");
}
END_TEST

START_TEST(a_line_behind_and_a_line_less_are_edits)
{
	bt_auto_free char *original = NULL, *longer = NULL;

	write_it("nameserver 192.0.2.1\n");
	original = get();
	longer = bt_str_format("%snameserver 192.0.2.2\n", original);
	put("resolv.conf", longer);
	write_it("new\n");
	is_exactly(longer);
	put("resolv.conf", "nameserver 192.0.2.1\n");
	write_it("new\n");
	is_exactly("nameserver 192.0.2.1\n");
}
END_TEST

START_TEST(what_a_crash_left_empty_is_written)
{
	put("resolv.conf", "");
	write_it("one\n");
	is_ours("one\n");
}
END_TEST

/* Data roots of before have the digest in a file. */
START_TEST(a_digest_in_a_file_beside_it_counts_too)
{
	char digest[BT_DIGEST_SIZE];

	bt_digest_of("old\n", 4, digest);
	put("resolv.conf", "old\n");
	put("resolv.conf.hash", digest);
	write_it("new\n");
	is_ours("new\n");
	write_it("newer\n");
	is_ours("newer\n");
	put("resolv.conf", "mine\n");
	write_it("newest\n");
	is_exactly("mine\n");
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
	tcase_add_checked_fixture(tc, make_dir, remove_dir);
	tcase_add_test(tc, an_edited_file_is_left_alone);
	tcase_add_test(tc, one_byte_anywhere_is_an_edit);
	tcase_add_test(tc, a_line_behind_and_a_line_less_are_edits);
	tcase_add_test(tc, what_a_crash_left_empty_is_written);
	tcase_add_test(tc, a_digest_in_a_file_beside_it_counts_too);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
