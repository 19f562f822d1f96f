/* SPDX-License-Identifier: Apache-2.0 */

#include "net/host_servers.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *parsed(const char *text)
{
	static char out[BT_HOST_SERVERS_MAX * BT_PREFIX_TEXT_LEN + 4];
	struct bt_prefix list[BT_HOST_SERVERS_MAX];
	const size_t n = bt_host_servers_parse(text, list);
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		char one[BT_PREFIX_TEXT_LEN];

		bt_prefix_format_address(&list[i], one);
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%s ", one);
	}
	return out;
}

START_TEST(servers_are_read_and_nothing_else)
{
	ck_assert_str_eq(parsed(""), "");
	ck_assert_str_eq(parsed("nameserver 192.0.2.1\nsearch x\nnameserver\t2001:db8::1 # why\n"),
			 "192.0.2.1 2001:db8::1 ");
	ck_assert_str_eq(parsed("#nameserver 192.0.2.1\nnameserver nonsense\nnameservers 1.1.1.1"),
			 "");
	ck_assert_str_eq(parsed("nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n"
				"nameserver 10.0.0.4\n"),
			 "10.0.0.1 10.0.0.2 10.0.0.3 ");
}
END_TEST

START_TEST(the_hosts_own_loopback_is_told_apart)
{
	ck_assert(bt_host_servers_all_local("nameserver 127.0.0.53\n"));
	ck_assert(bt_host_servers_all_local("nameserver 127.0.0.1\nnameserver ::1\n"));
	ck_assert(!bt_host_servers_all_local("nameserver 127.0.0.53\nnameserver 192.0.2.1\n"));
	ck_assert(!bt_host_servers_all_local(""));
}
END_TEST

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(a_changed_file_is_read_again_and_an_unchanged_one_is_not)
{
	char path[] = "/tmp/names-test-XXXXXX";
	struct bt_host_servers s = { .path = path };
	unsigned generation;

	close(mkstemp(path));
	write_file(path, "nameserver 192.0.2.1\n");
	bt_host_servers_refresh(&s);
	ck_assert_uint_eq(s.n, 1);
	generation = s.generation;
	bt_host_servers_refresh(&s);
	ck_assert_uint_eq(s.generation, generation);
	write_file(path, "nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
	bt_host_servers_refresh(&s);
	ck_assert_uint_eq(s.n, 2);
	ck_assert_uint_ne(s.generation, generation);
	unlink(path);
	/* As Docker, public ones. */
	bt_host_servers_refresh(&s);
	ck_assert_uint_eq(s.n, 2);
	ck_assert_int_eq(s.list[0].addr[0], 8);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/host_servers");
	TCase *tc = tcase_create("host_servers");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, servers_are_read_and_nothing_else);
	tcase_add_test(tc, the_hosts_own_loopback_is_told_apart);
	tcase_add_test(tc, a_changed_file_is_read_again_and_an_unchanged_one_is_not);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
