/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

/* The request's IPAM.Config of `flags` is `want`. */
static void check_pools(const char *flags, const char *want)
{
	bt_auto_free char *line = bt_str_format("network create %s n", flags);
	bt_auto_free char *body = bt_str_format(
		"{'Name':'n','CheckDuplicate':true,'Driver':'bridge','IPAM':{'Driver':'default',"
		"'Config':%s}}",
		want);

	cli_check(&(struct cli_case){
		.line = line,
		.answers = { { "POST /networks/create", "{'Id':'abc'}", NULL, NULL } },
		.out = "abc\n" });
	cli_check_body("POST /networks/create", body);
}

static void check_refused(const char *flags, const char *err)
{
	bt_auto_free char *line = bt_str_format("network create %s n", flags);
	bt_auto_free char *text = bt_str_format("%s\n", err);
	size_t before = web_count("POST ");

	cli_check(&(struct cli_case){ .line = line, .code = 1, .err = text });
	ck_assert_uint_eq(web_count("POST "), before);
}

START_TEST(without_flags_only_defaults_are_sent)
{
	check_pools("", "[]");
}
END_TEST

START_TEST(what_belongs_to_a_subnet_finds_it_by_address)
{
	check_pools("--subnet 10.1.0.0/16 --subnet 10.2.0.0/16 --gateway 10.2.0.1 --ip-range "
		    "10.1.5.0/24 --aux-address a=10.2.0.9 --aux-address b=10.1.0.9",
		    "[{'Subnet':'10.1.0.0/16','IPRange':'10.1.5.0/24','AuxiliaryAddresses':{'b':"
		    "'10.1.0.9'}},{'Subnet':'10.2.0.0/16','Gateway':'10.2.0.1',"
		    "'AuxiliaryAddresses':{'a':'10.2.0.9'}}]");
	check_pools("--subnet fd00:1::/64 --subnet 10.1.0.0/16 --gateway fd00:1::1 --gateway "
		    "10.1.0.1",
		    "[{'Subnet':'fd00:1::/64','Gateway':'fd00:1::1'},{'Subnet':'10.1.0.0/16',"
		    "'Gateway':'10.1.0.1'}]");
}
END_TEST

START_TEST(a_prefix_that_ends_within_a_byte_is_compared_by_its_bits)
{
	check_pools("--subnet 10.0.0.0/9 --gateway 10.127.255.254",
		    "[{'Subnet':'10.0.0.0/9','Gateway':'10.127.255.254'}]");
	check_refused("--subnet 10.0.0.0/9 --gateway 10.128.0.1",
		      "no matching subnet for gateway 10.128.0.1");
	check_pools("--subnet 10.0.0.8/30 --gateway 10.0.0.11",
		    "[{'Subnet':'10.0.0.8/30','Gateway':'10.0.0.11'}]");
	check_refused("--subnet 10.0.0.8/30 --gateway 10.0.0.12",
		      "no matching subnet for gateway 10.0.0.12");
	check_pools("--subnet 0.0.0.0/0 --gateway 203.0.113.1",
		    "[{'Subnet':'0.0.0.0/0','Gateway':'203.0.113.1'}]");
	check_pools("--subnet 10.0.0.1/32 --gateway 10.0.0.1",
		    "[{'Subnet':'10.0.0.1/32','Gateway':'10.0.0.1'}]");
}
END_TEST

START_TEST(a_range_that_is_wider_than_its_subnet_has_none)
{
	check_refused("--subnet 10.1.0.0/16 --ip-range 10.0.0.0/8",
		      "no matching subnet for 10.0.0.0/8");
	check_pools("--subnet 10.1.0.0/16 --ip-range 10.1.0.0/16",
		    "[{'Subnet':'10.1.0.0/16','IPRange':'10.1.0.0/16'}]");
}
END_TEST

START_TEST(a_subnet_has_one_gateway_and_one_range)
{
	check_refused("--subnet 10.1.0.0/16 --gateway 10.1.0.1 --gateway 10.1.0.2",
		      "cannot configure multiple gateways (10.1.0.2, 10.1.0.1) on the same subnet");
	check_refused("--subnet 10.1.0.0/16 --ip-range 10.1.1.0/24 --ip-range 10.1.2.0/24",
		      "cannot configure multiple ip-ranges (10.1.2.0/24, 10.1.1.0/24) on the same "
		      "subnet");
}
END_TEST

START_TEST(what_is_no_subnet_is_refused)
{
	static const char *const subnets[] = { "10.0.0.0",     "10.0.0.0/33", "10.0.0.0/-1",
					       "10.0.0.0/",    "10.0.0/8",    "fd00::/129",
					       "fd00::1::/64", "a/8",         "10.0.0.0/8x",
					       "/8",           "10.0.0.0/8/8" };

	for (size_t i = 0; i < LENGTH(subnets); i++) {
		bt_auto_free char *flags = bt_str_format("--subnet %s", subnets[i]);
		bt_auto_free char *err = bt_str_format("invalid CIDR address: %s", subnets[i]);

		check_refused(flags, err);
	}
}
END_TEST

START_TEST(an_address_without_a_subnet_is_refused)
{
	check_refused("--gateway 10.0.0.1", "no matching subnet for gateway 10.0.0.1");
	check_refused("--ip-range 10.0.0.0/8", "no matching subnet for 10.0.0.0/8");
	check_refused("--aux-address a=10.0.0.1", "no matching subnet for aux-address 10.0.0.1");
	check_refused("--subnet 10.0.0.0/8 --gateway fd00::1",
		      "no matching subnet for gateway fd00::1");
	check_refused("--subnet 10.0.0.0/8 --aux-address 10.0.0.1",
		      "invalid aux-address: 10.0.0.1");
	check_refused("--subnet 10.0.0.0/8 --aux-address a=x", "invalid address: x");
	check_refused("--subnet 10.0.0.0/8 --ip-range x", "invalid address: x");
}
END_TEST

START_TEST(other_flags_are_members_of_the_request)
{
	static const struct cli_case c = {
		.line = "network create -d macvlan --internal --attachable --ipv6 --ipv4=false "
			"--label a=1 -o parent=eth0 --ipam-driver null --ipam-opt x=y --scope local n",
		.answers = { { "POST /networks/create", "{'Id':'abc','Warning':'mind'}", NULL,
			       NULL } },
		.out = "abc\n",
		.err = "WARNING: mind\n",
	};

	cli_check(&c);
	cli_check_body("POST /networks/create",
		       "{'Name':'n','CheckDuplicate':true,'Driver':'macvlan','Internal':true,"
		       "'Attachable':true,'EnableIPv6':true,'EnableIPv4':false,'Labels':{'a':'1'},"
		       "'Options':{'parent':'eth0'},'Scope':'local','IPAM':{'Driver':'null',"
		       "'Options':{'x':'y'},'Config':[]}}");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, without_flags_only_defaults_are_sent);
	tcase_add_test(tests, what_belongs_to_a_subnet_finds_it_by_address);
	tcase_add_test(tests, a_prefix_that_ends_within_a_byte_is_compared_by_its_bits);
	tcase_add_test(tests, a_range_that_is_wider_than_its_subnet_has_none);
	tcase_add_test(tests, a_subnet_has_one_gateway_and_one_range);
	tcase_add_test(tests, what_is_no_subnet_is_refused);
	tcase_add_test(tests, an_address_without_a_subnet_is_refused);
	tcase_add_test(tests, other_flags_are_members_of_the_request);
}

int main(void)
{
	return cli_run_suite("cli/network_create", add);
}
