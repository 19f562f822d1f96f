/* SPDX-License-Identifier: Apache-2.0 */

#include "net/port_spec.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(ports_of_containers_have_a_protocol)
{
	uint16_t port = 0;
	int proto = 0;

	ck_assert_int_eq(bt_port_spec_container("80/tcp", &port, &proto), 0);
	ck_assert_int_eq(proto, IPPROTO_TCP);
	ck_assert_int_eq(bt_port_spec_container("53/UDP", &port, &proto), 0);
	ck_assert_uint_eq(port, 53);
	ck_assert_int_eq(proto, IPPROTO_UDP);
	ck_assert_int_eq(bt_port_spec_container("65535", &port, &proto), 0);
	ck_assert_int_eq(proto, IPPROTO_TCP);
}
END_TEST

START_TEST(ranges_of_the_host_do_not_descend)
{
	uint16_t first = 0, last = 0;

	ck_assert_int_eq(bt_port_spec_range("8000-8010", &first, &last), 0);
	ck_assert_uint_eq(first, 8000);
	ck_assert_uint_eq(last, 8010);
	ck_assert_int_eq(bt_port_spec_range("0", &first, &last), 0);
	ck_assert_int_eq(bt_port_spec_range("8010-8000", &first, &last), -EINVAL);
}
END_TEST

START_TEST(what_is_no_port_is_refused)
{
	static const char *const bad[] = { "",     "/tcp", "0/tcp",   "65536", "80/",
					   "80/x", "-80",  "80/tcp/", " 80",   "8 0",
					   "+1",   "0x50", "000080" };
	static const char *const bad_ranges[] = { "", "-", "1-", "-1", "1-2-3", "0-5", "1-65536" };
	uint16_t a, b;
	int proto;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(bt_port_spec_container(bad[i], &a, &proto) == -EINVAL, "%s", bad[i]);
	for (size_t i = 0; i < sizeof(bad_ranges) / sizeof(bad_ranges[0]); i++)
		ck_assert_msg(bt_port_spec_range(bad_ranges[i], &a, &b) == -EINVAL, "%s",
			      bad_ranges[i]);
}
END_TEST

/* What a text of `-p` means: "address host-host target-target protocol", the address "-" where
 * none is named; NULL where it is refused. */
static const char *publish(const char *text)
{
	static char out[128];
	struct bt_port_publish p = { .proto = 77 };
	char host[BT_PREFIX_TEXT_LEN] = "-";
	int r = bt_port_spec_publish(text, &p);

	if (r < 0) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_int_eq(p.proto, 77); /* untouched */
		return NULL;
	}
	if (p.host.family)
		bt_prefix_format_address(&p.host, host);
	(void)snprintf(out, sizeof(out), "%s %u-%u %u-%u %s", host, p.first, p.last, p.target_first,
		       p.target_last, bt_port_spec_proto_name(p.proto));
	return out;
}

START_TEST(what_is_to_be_published_is_read_as_docker_reads_it)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "80", "- 0-0 80-80 tcp" },
		{ "80/udp", "- 0-0 80-80 udp" },
		{ "80/SCTP", "- 0-0 80-80 sctp" },
		{ "8080:80", "- 8080-8080 80-80 tcp" },
		{ "0:80", "- 0-0 80-80 tcp" },
		{ ":80", "- 0-0 80-80 tcp" },
		{ "8000-8010:80", "- 8000-8010 80-80 tcp" },
		{ "8000-8010:9000-9010/udp", "- 8000-8010 9000-9010 udp" },
		{ "9000-9010", "- 0-0 9000-9010 tcp" },
		{ "127.0.0.1:8080:80", "127.0.0.1 8080-8080 80-80 tcp" },
		{ "127.0.0.1::80", "127.0.0.1 0-0 80-80 tcp" },
		{ "[::1]:8080:80/tcp", "::1 8080-8080 80-80 tcp" },
		{ "[fd00::1]::80", "fd00::1 0-0 80-80 tcp" },
		{ "[::]:80", ":: 0-0 80-80 tcp" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = publish(cases[i].text);

		ck_assert_msg(got && strcmp(got, cases[i].want) == 0, "%s: %s", cases[i].text,
			      got ? got : "refused");
	}
}
END_TEST

START_TEST(what_cannot_be_published_is_refused_and_writes_nothing)
{
	static const char *const bad[] = {
		"",
		":",
		"::",
		"/tcp",
		"80/",
		"80/icmp",
		"80/tcp/udp",
		"0",
		"8080:0",
		"8080:",
		"a:80",
		"80:a",
		"-1:80",
		"80:-1",
		"65536",
		"65536:80",
		"90-80",
		"8010-8000:80",
		"8000-8001:80-82",
		"8000:80-81",
		"::80",
		"1.2.3.4:80",
		"1.2.3:80:80",
		"localhost:80:80",
		"1.2.3.4:a:80",
		"::1:80:80",
		"[::1]80:80",
		"[::1",
		"[::1]",
		"[]:80:80",
		"[::1]:",
		"1:2:3:4",
		" 80",
		"80 ",
		"0-5:80-85",
		"1.2.3.4/8:80:80",
		/* Longer than anything that could be meant. */
		("0000000000000000000000000000000000000000000000000000000000000000"
		 "0000000000000000000000000000000000000000000000080"),
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!publish(bad[i]), "\"%s\": %s", bad[i], publish(bad[i]));
}
END_TEST

START_TEST(a_protocol_without_a_name_is_dockers_default)
{
	ck_assert_str_eq(bt_port_spec_proto_name(IPPROTO_UDP), "udp");
	ck_assert_str_eq(bt_port_spec_proto_name(IPPROTO_SCTP), "sctp");
	ck_assert_str_eq(bt_port_spec_proto_name(IPPROTO_ICMP), "tcp");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net/port_spec");
	TCase *tc = tcase_create("port_spec");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, ports_of_containers_have_a_protocol);
	tcase_add_test(tc, ranges_of_the_host_do_not_descend);
	tcase_add_test(tc, what_is_no_port_is_refused);
	tcase_add_test(tc, what_is_to_be_published_is_read_as_docker_reads_it);
	tcase_add_test(tc, what_cannot_be_published_is_refused_and_writes_nothing);
	tcase_add_test(tc, a_protocol_without_a_name_is_dockers_default);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
