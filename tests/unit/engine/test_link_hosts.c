/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/link_hosts.h"

#include "common.h"

#define HOSTS                          \
	"127.0.0.1\tlocalhost\n"       \
	"172.17.0.2\tdb 0123 target\n" \
	"172.17.0.3\tdb2 4567\n"

static bool replace(const char *text, const char *alias, const char *host, const char *expected)
{
	bt_auto_str struct bt_str got = { 0 };
	bool changed = bt_link_hosts_replace(text, alias, host, "172.17.0.100", &got);

	ck_assert(!got.failed);
	ck_assert_str_eq(bt_str_get(&got), expected);
	return changed;
}

START_TEST(the_address_in_the_links_line_is_another_one)
{
	ck_assert(replace(HOSTS, "db", "0123",
			  "127.0.0.1\tlocalhost\n"
			  "172.17.0.100\tdb 0123 target\n"
			  "172.17.0.3\tdb2 4567\n"));
	ck_assert(replace(HOSTS, "db2", "4567",
			  "127.0.0.1\tlocalhost\n"
			  "172.17.0.2\tdb 0123 target\n"
			  "172.17.0.100\tdb2 4567\n"));
}
END_TEST

START_TEST(lines_of_others_stay)
{
	ck_assert(!replace(HOSTS, "db", "012", HOSTS));
	ck_assert(!replace(HOSTS, "d", "0123", HOSTS));
	ck_assert(!replace(HOSTS, "localhost", "db", HOSTS));
	ck_assert(!replace("", "db", "0123", ""));
}
END_TEST

START_TEST(what_is_so_already_is_no_change)
{
	static const char text[] = "172.17.0.100\tdb 0123\n";

	ck_assert(!replace(text, "db", "0123", text));
}
END_TEST

START_TEST(what_a_container_wrote_into_the_file_is_kept_as_it_is)
{
	ck_assert(replace("\n\n#\t\nno tab\n\tdb\n1\tdb 0123\textra\n1\tdb 0123 \t\t", "db", "0123",
			  "\n\n#\t\nno tab\n\tdb\n1\tdb 0123\textra\n172.17.0.100\tdb 0123 \t\t"));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, the_address_in_the_links_line_is_another_one);
	tcase_add_test(tests, lines_of_others_stay);
	tcase_add_test(tests, what_is_so_already_is_no_change);
	tcase_add_test(tests, what_a_container_wrote_into_the_file_is_kept_as_it_is);
}

int main(void)
{
	return run_tests("engine/link_hosts", add);
}
