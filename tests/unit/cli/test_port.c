/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define PORTS(ports) "{'NetworkSettings':{'Ports':" ports "}}"
#define WEB                                                                                 \
	PORTS("{'443/tcp':null,'8080/tcp':[{'HostIp':'0.0.0.0','HostPort':'80'},"           \
	      "{'HostIp':'::','HostPort':'80'}],'53/udp':[{'HostIp':'127.0.0.1','HostPort'" \
	      ":'5353'}],'53/tcp':[{'HostIp':'','HostPort':'53'}]}")

static void check_port(const char *line, const char *info, int code, const char *out,
		       const char *err)
{
	cli_check(&(struct cli_case){ .line = line,
				      .answers = { { "GET /containers/c/json", info, NULL, NULL } },
				      .code = code,
				      .out = out,
				      .err = err });
}

START_TEST(all_ports_are_listed_by_number_and_then_by_protocol)
{
	check_port("port c", WEB, 0,
		   "53/tcp -> :53\n53/udp -> 127.0.0.1:5353\n8080/tcp -> 0.0.0.0:80\n"
		   "8080/tcp -> [::]:80\n",
		   NULL);
}
END_TEST

START_TEST(one_port_is_of_tcp_where_nothing_else_is_said)
{
	check_port("port c 8080", WEB, 0, "0.0.0.0:80\n[::]:80\n", NULL);
	check_port("port c 8080/tcp", WEB, 0, "0.0.0.0:80\n[::]:80\n", NULL);
	check_port("port c 53", WEB, 0, ":53\n", NULL);
	check_port("port c 53/udp", WEB, 0, "127.0.0.1:5353\n", NULL);
}
END_TEST

START_TEST(a_port_that_is_not_published_is_a_failure)
{
	static const char *const ports[] = { "81", "8080/udp", "443", "/tcp", "x" };

	for (size_t i = 0; i < LENGTH(ports); i++) {
		bt_auto_free char *line = bt_str_format("port c %s", ports[i]);
		bt_auto_free char *err =
			bt_str_format("Error: No public port '%s' published for c\n", ports[i]);

		check_port(line, WEB, 1, NULL, err);
	}
}
END_TEST

START_TEST(a_container_without_ports_prints_nothing)
{
	static const char *const infos[] = { PORTS("{}"), PORTS("null"), "{}", "[]",
					     "{'NetworkSettings':null}" };

	for (size_t i = 0; i < LENGTH(infos); i++)
		check_port("port c", infos[i], 0, NULL, NULL);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, all_ports_are_listed_by_number_and_then_by_protocol);
	tcase_add_test(tests, one_port_is_of_tcp_where_nothing_else_is_said);
	tcase_add_test(tests, a_port_that_is_not_published_is_a_failure);
	tcase_add_test(tests, a_container_without_ports_prints_nothing);
}

int main(void)
{
	return cli_run_suite("cli/port", add);
}
