/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_ipam.h"

#include <errno.h>

#include "base/str.h"
#include "common.h"

static int check(const char *pools, struct bt_err *err)
{
	json_t *ipam = json_pack("{s:o}", "Config", parse(pools));
	int r = bt_network_ipam_check(ipam, err);

	json_decref(ipam);
	return r;
}

static void assert_good(const char *pools)
{
	struct bt_err err = { 0 };

	ck_assert_msg(check(pools, &err) == 0, "%s: %s", pools, err.msg);
}

static void assert_wrong(const char *pools, const char *message)
{
	struct bt_err err = { 0 };

	ck_assert_msg(check(pools, &err) == -EINVAL, "%s was taken", pools);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_msg(bt_str_after(err.msg, "invalid network config:\n") != NULL, "%s", err.msg);
	ck_assert_str_eq(err.msg + strlen("invalid network config:\n"), message);
}

START_TEST(pools_that_fit_are_good)
{
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_network_ipam_check(NULL, &err), 0);
	assert_good("[]");
	assert_good("[{}]");
	assert_good("[{'Subnet':'10.0.0.0/24'}]");
	assert_good("[{'Subnet':'10.0.0.0/24','IPRange':'10.0.0.128/25','Gateway':'10.0.0.1',"
		    "'AuxiliaryAddresses':{'router':'10.0.0.2'}}]");
	assert_good("[{'Subnet':'10.0.0.0/24','IPRange':'10.0.0.0/24'}]");
	assert_good("[{'Subnet':'10.0.0.0/24','Gateway':'10.0.0.1/24'}]");
	assert_good("[{'Subnet':'10.0.0.0/24'},{'Subnet':'fd00:1::/64','Gateway':'fd00:1::1'}]");
}
END_TEST

START_TEST(a_subnet_is_a_block_and_begins_where_it_says)
{
	assert_wrong("[{'Subnet':'10.0.0.0'}]",
		     "invalid subnet 10.0.0.0: invalid CIDR block notation");
	assert_wrong("[{'Subnet':'10.0.0.0/33'}]",
		     "invalid subnet 10.0.0.0/33: invalid CIDR block notation");
	assert_wrong("[{'Subnet':'nonsense'}]",
		     "invalid subnet nonsense: invalid CIDR block notation");
	assert_wrong("[{'Subnet':'10.0.0.5/24'}]",
		     "invalid subnet 10.0.0.5/24: it should be 10.0.0.0/24");
}
END_TEST

START_TEST(a_range_lies_inside_its_subnet)
{
	assert_wrong("[{'Subnet':'10.0.0.0/24','IPRange':'10.0.1.0/25'}]",
		     "invalid ip-range 10.0.1.0/25: parent subnet 10.0.0.0/24 doesn't contain "
		     "ip-range");
	assert_wrong("[{'Subnet':'10.0.0.0/24','IPRange':'10.0.0.0/16'}]",
		     "invalid ip-range 10.0.0.0/16: CIDR block is bigger than its parent subnet");
	assert_wrong("[{'Subnet':'10.0.0.0/24','IPRange':'10.0.0.129/25'}]",
		     "invalid ip-range 10.0.0.129/25: it should be 10.0.0.128/25");
	assert_wrong("[{'Subnet':'10.0.0.0/24','IPRange':'fd00::/64'}]",
		     "invalid ip-range fd00::/64: parent subnet is an IPv4 block");
	assert_wrong("[{'Subnet':'fd00::/64','IPRange':'10.0.0.0/24'}]",
		     "invalid ip-range 10.0.0.0/24: parent subnet is an IPv6 block");
}
END_TEST

START_TEST(gateways_and_auxiliary_addresses_are_of_the_subnet)
{
	assert_wrong("[{'Subnet':'10.0.0.0/24','Gateway':'10.0.1.1'}]",
		     "invalid gateway 10.0.1.1: parent subnet 10.0.0.0/24 doesn't contain this "
		     "address");
	assert_wrong("[{'Subnet':'10.0.0.0/24','Gateway':'x'}]",
		     "invalid gateway x: invalid address");
	assert_wrong("[{'Subnet':'10.0.0.0/24','AuxiliaryAddresses':{'r':'fd00::1'}}]",
		     "invalid auxiliary address fd00::1: parent subnet is an IPv4 block");
	assert_wrong("[{'Subnet':'10.0.0.0/24','AuxiliaryAddresses':{'r':7}}]",
		     "invalid auxiliary address r: invalid address");
}
END_TEST

START_TEST(what_has_no_subnet_has_neither_range_nor_gateway)
{
	assert_wrong("[{'IPRange':'10.0.0.0/25'}]", "invalid subnet : invalid CIDR block notation");
	assert_wrong("[{'Gateway':'10.0.0.1'}]", "invalid subnet : invalid CIDR block notation");
}
END_TEST

START_TEST(all_that_is_wrong_is_said_at_once)
{
	assert_wrong("[{'Subnet':'10.0.0.1/24','Gateway':'x'},{'Subnet':'y'}]",
		     "invalid subnet 10.0.0.1/24: it should be 10.0.0.0/24\n"
		     "invalid gateway x: invalid address\n"
		     "invalid subnet y: invalid CIDR block notation");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, pools_that_fit_are_good);
	tcase_add_test(tc, a_subnet_is_a_block_and_begins_where_it_says);
	tcase_add_test(tc, a_range_lies_inside_its_subnet);
	tcase_add_test(tc, gateways_and_auxiliary_addresses_are_of_the_subnet);
	tcase_add_test(tc, what_has_no_subnet_has_neither_range_nor_gateway);
	tcase_add_test(tc, all_that_is_wrong_is_said_at_once);
}

int main(void)
{
	return run_tests("engine/network_ipam", add);
}
