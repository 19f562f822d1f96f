/* SPDX-License-Identifier: Apache-2.0 */

#include "net/nft.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#include "nft_text.h"

static void drop(void)
{
	bt_nft_verdict(nft, NF_DROP, NULL);
	bt_nft_rule_end(nft);
}

START_TEST(a_rule_drops_the_port_it_names_and_no_other)
{
	begin_out("filter", 0);
	bt_nft_rule(nft, "out");
	if_port(1000);
	drop();
	ck_well(commit(), &err);
	ck_assert_int_eq(send_to(1000), -EPERM);
	ck_assert_int_eq(send_to(1001), 0);
	/* Without its table there is no rule; that it is gone already is an error of the next. */
	bt_nft_begin(nft);
	bt_nft_table_remove(nft, TABLE);
	ck_well(commit(), &err);
	ck_assert_int_eq(send_to(1000), 0);
	bt_nft_begin(nft);
	bt_nft_table_remove(nft, TABLE);
	ck_assert_int_eq(commit(), -ENOENT);
	check_err(&err, BT_ERR_SYSTEM, "nftables: a test");
}
END_TEST

START_TEST(of_a_transaction_with_one_wrong_part_nothing_happens)
{
	begin_out("filter", 0);
	bt_nft_rule(nft, "out");
	if_port(1000);
	drop();
	ck_well(commit(), &err);

	begin_out("filter", 0); /* would forget the rule */
	bt_nft_rule(nft, "nowhere");
	drop();
	ck_assert_int_eq(commit(), -ENOENT);
	ck_assert_int_eq(send_to(1000), -EPERM);
	/* The socket goes on, and no old answer is taken for a new one's. */
	begin_out("filter", 0);
	ck_well(commit(), &err);
	ck_assert_int_eq(send_to(1000), 0);
}
END_TEST

START_TEST(a_failure_while_it_is_put_together_sticks_until_the_next_begins)
{
	char tag[200];

	memset(tag, 'x', sizeof(tag) - 1);
	tag[sizeof(tag) - 1] = '\0';
	begin_out("filter", 0);
	bt_nft_rule(nft, "out");
	bt_nft_verdict(nft, NF_DROP, NULL);
	bt_nft_rule_end_first(nft, tag);
	bt_nft_rule(nft, "out");
	drop();
	ck_assert_int_eq(commit(), -ENAMETOOLONG);
	ck_assert_int_eq(send_to(1000), 0);
	begin_out("filter", 0);
	bt_nft_rule(nft, "out");
	drop();
	ck_well(commit(), &err);
	ck_assert_int_eq(send_to(1000), -EPERM);
}
END_TEST

START_TEST(the_rule_that_is_put_first_decides_before_those_that_were_there)
{
	begin_out("filter", 0);
	bt_nft_rule(nft, "out");
	drop();
	bt_nft_rule(nft, "out");
	if_port(1000);
	bt_nft_verdict(nft, NF_ACCEPT, NULL);
	bt_nft_rule_end_first(nft, "first");
	/* Behind the drop, it is never reached. */
	bt_nft_rule(nft, "out");
	if_port(1001);
	bt_nft_verdict(nft, NF_ACCEPT, NULL);
	bt_nft_rule_end(nft);
	ck_well(commit(), &err);
	ck_assert_int_eq(send_to(1000), 0);
	ck_assert_int_eq(send_to(1001), -EPERM);
}
END_TEST

static void put_set(bool interval)
{
	bt_nft_set(nft,
		   &(struct bt_nft_set){
			   .name = "ports", .key_type = 13, .key_len = 2, .interval = interval });
}

/* Add or remove a port, and say what the kernel said. */
static int change(uint16_t port, bool add)
{
	const uint16_t be = htons(port);

	bt_nft_begin(nft);
	bt_nft_table_use(nft, TABLE);
	bt_nft_element(nft, "ports", &(struct bt_nft_element){ .key = &be, .key_len = 2 }, add);
	return commit();
}

START_TEST(a_set_is_what_was_added_and_not_removed)
{
	begin_out("filter", 0);
	put_set(false);
	bt_nft_rule(nft, "out");
	bt_nft_payload(nft, true, 2, 2, 0);
	bt_nft_lookup(nft, "ports", false);
	drop();
	ck_well(commit(), &err);
	ck_assert_int_eq(send_to(1000), 0);
	ck_well(change(1000, true), &err);
	ck_well(change(1000, true), &err); /* twice is fine */
	ck_assert_int_eq(send_to(1000), -EPERM);
	ck_assert_int_eq(send_to(1001), 0);
	ck_well(change(1000, false), &err);
	ck_assert_int_eq(send_to(1000), 0);
	ck_assert_int_eq(change(1000, false), -ENOENT);
}
END_TEST

START_TEST(a_lookup_that_is_negated_is_for_all_others)
{
	begin_out("filter", 0);
	put_set(false);
	bt_nft_rule(nft, "out");
	bt_nft_payload(nft, true, 2, 2, 0);
	bt_nft_lookup(nft, "ports", true);
	drop();
	ck_well(commit(), &err);
	ck_well(change(1000, true), &err);
	ck_assert_int_eq(send_to(1000), 0);
	ck_assert_int_eq(send_to(1001), -EPERM);
}
END_TEST

START_TEST(ranges_of_concatenated_keys_hold_in_each_part)
{
	/* protocol . port, each padded to a word */
	static const uint8_t first[8] = { IPPROTO_UDP, 0, 0, 0, 1000 >> 8, 1000 & 255 };
	static const uint8_t last[8] = { IPPROTO_UDP, 0, 0, 0, 1010 >> 8, 1010 & 255 };
	static const struct {
		uint16_t port;
		int r;
	} cases[] = {
		{ 999, 0 }, { 1000, -EPERM }, { 1005, -EPERM }, { 1010, -EPERM }, { 1011, 0 }
	};

	begin_out("filter", 0);
	bt_nft_set(nft, &(struct bt_nft_set){ .name = "ranges",
					      .key_type = 12 << 6 | 13,
					      .key_len = 8,
					      .fields = { 1, 2 },
					      .interval = true });
	bt_nft_element(nft, "ranges",
		       &(struct bt_nft_element){ .key = first, .key_end = last, .key_len = 8 },
		       true);
	bt_nft_rule(nft, "out");
	bt_nft_meta(nft, NFT_META_L4PROTO, 0);
	bt_nft_payload(nft, true, 2, 2, 1);
	bt_nft_lookup(nft, "ranges", false);
	drop();
	ck_well(commit(), &err);
	for (size_t i = 0; i < LENGTH(cases); i++)
		ck_assert_msg(send_to(cases[i].port) == cases[i].r, "%u", cases[i].port);
}
END_TEST

START_TEST(a_map_has_one_answer_for_a_key)
{
	static const uint16_t key = 1, data = 2, other = 3;
	struct bt_nft_element e = { .key = &key, .key_len = 2, .data = &data, .data_len = 2 };

	begin_out("filter", 0);
	bt_nft_set(nft, &(struct bt_nft_set){ .name = "map",
					      .key_type = 13,
					      .key_len = 2,
					      .data_type = 13,
					      .data_len = 2 });
	bt_nft_element(nft, "map", &e, true);
	bt_nft_element(nft, "map", &e, true);
	ck_well(commit(), &err);
	e.data = &other;
	bt_nft_begin(nft);
	bt_nft_table_use(nft, TABLE);
	bt_nft_element(nft, "map", &e, true);
	ck_assert_int_eq(commit(), -EEXIST);
}
END_TEST

START_TEST(bits_of_the_mark_are_set_beside_those_that_are_there)
{
	const uint32_t mark = 0x30;

	begin_out("filter", 0);
	bt_nft_rule(nft, "out");
	bt_nft_set_mark(nft, 0x10);
	bt_nft_rule_end(nft);
	bt_nft_rule(nft, "out");
	bt_nft_add_mark(nft, 0x20);
	bt_nft_rule_end(nft);
	/* Both are there now: what does not have exactly these is dropped, and what has another. */
	bt_nft_rule(nft, "out");
	bt_nft_meta(nft, NFT_META_MARK, 0);
	bt_nft_cmp(nft, &mark, sizeof(mark), true);
	drop();
	bt_nft_rule(nft, "out");
	bt_nft_if_mark(nft, 0x0f);
	drop();
	ck_well(commit(), &err);
	ck_assert_int_eq(send_to(1000), 0);
	bt_nft_begin(nft);
	bt_nft_table_use(nft, TABLE);
	bt_nft_rule(nft, "out");
	bt_nft_if_mark(nft, 0x2f);
	drop();
	ck_well(commit(), &err);
	ck_assert_int_eq(send_to(1000), -EPERM);
}
END_TEST

START_TEST(a_chain_is_jumped_to_and_come_back_from)
{
	begin_out("filter", 0);
	bt_nft_chain(nft, "side", NULL);
	bt_nft_rule(nft, "side");
	if_port(1000);
	bt_nft_verdict(nft, NFT_RETURN, NULL);
	bt_nft_rule_end(nft);
	bt_nft_rule(nft, "side");
	if_port(1001);
	drop();
	bt_nft_rule(nft, "out");
	bt_nft_verdict(nft, NFT_JUMP, "side");
	bt_nft_rule_end(nft);
	bt_nft_rule(nft, "out");
	if_port(1002);
	drop();
	ck_well(commit(), &err);
	ck_assert_int_eq(send_to(1000), 0);
	ck_assert_int_eq(send_to(1001), -EPERM);
	ck_assert_int_eq(send_to(1002), -EPERM);
	ck_assert_int_eq(send_to(1003), 0);
}
END_TEST

START_TEST(names_of_interfaces_and_types_of_addresses_are_matched)
{
	char lo[IFNAMSIZ] = "lo";
	const uint32_t local = RTN_LOCAL;

	begin_out("filter", 0);
	bt_nft_set(nft,
		   &(struct bt_nft_set){ .name = "links", .key_type = 41, .key_len = IFNAMSIZ });
	bt_nft_rule(nft, "out");
	if_port(1000);
	bt_nft_if_in_set(nft, true, "links", false);
	drop();
	bt_nft_rule(nft, "out");
	if_port(1001);
	bt_nft_fib_daddr_type(nft);
	bt_nft_cmp(nft, &local, sizeof(local), false);
	drop();
	ck_well(commit(), &err);
	ck_assert_int_eq(send_to(1000), 0);
	ck_assert_int_eq(send_to(1001), -EPERM);
	bt_nft_begin(nft);
	bt_nft_table_use(nft, TABLE);
	bt_nft_element(nft, "links", &(struct bt_nft_element){ .key = lo, .key_len = sizeof(lo) },
		       true);
	ck_well(commit(), &err);
	ck_assert_int_eq(send_to(1000), -EPERM);
}
END_TEST

/* What a dump of the set "ports" tells. */
static int count_elements(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *list =
		bt_rtnl_attr(nlh, sizeof(struct nfgenmsg), NFTA_SET_ELEM_LIST_ELEMENTS);
	const struct nlattr *element = list ? mnl_attr_get_payload(list) : NULL;
	int *n = arg;

	for (; element; element = mnl_attr_next(element)) {
		const char *end = (const char *)list + list->nla_len;

		if (!mnl_attr_ok(element, (int)(end - (const char *)element)))
			break;
		++*n;
	}
	return MNL_CB_OK;
}

static int ask_elements(const char *set, int *ret_n)
{
	char buf[1024];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nfg->nfgen_family = NFPROTO_INET;
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
	*ret_n = 0;
	return bt_nft_ask(nft, nlh, count_elements, ret_n);
}

START_TEST(a_transaction_of_thousands_of_parts_is_one_and_can_be_asked_for)
{
	int n;

	begin_out("filter", 0);
	put_set(false);
	for (uint16_t port = 1; port <= 5000; port++) {
		const uint16_t be = htons(port);

		bt_nft_element(nft, "ports", &(struct bt_nft_element){ .key = &be, .key_len = 2 },
			       true);
	}
	ck_well(commit(), &err);
	ck_assert_int_eq(ask_elements("ports", &n), 0);
	ck_assert_int_eq(n, 5000);
	/* A question that fails leaves nothing for the next transaction. */
	ck_assert_int_eq(ask_elements("none", &n), -ENOENT);
	ck_assert_int_eq(n, 0);
	ck_well(change(6000, true), &err);
	ck_assert_int_eq(ask_elements("ports", &n), 0);
	ck_assert_int_eq(n, 5001);
}
END_TEST

START_TEST(a_table_that_is_owned_is_changed_by_nobody_else_and_adopted_when_its_owner_is_gone)
{
	struct bt_nft *other = NULL;
	int r;

	bt_nft_begin(nft);
	bt_nft_table_replace(nft, TABLE, true);
	r = commit();
	if (r == -EOPNOTSUPP || r == -EINVAL)
		return; /* a kernel before 6.9 */
	ck_well(r, &err);
	ck_well(bt_nft_open(&other, &err), &err);
	ck_assert_uint_ne(bt_nft_portid(other), bt_nft_portid(nft));
	bt_nft_begin(other);
	bt_nft_table_use(other, TABLE);
	bt_nft_chain(other, "theirs", NULL);
	ck_assert_int_eq(bt_nft_commit(other, "another's", &err), -EPERM);
	bt_nft_close(bt_take(nft));
	nft = other;
	bt_nft_begin(nft);
	bt_nft_table_replace(nft, TABLE, true);
	bt_nft_chain(nft, "ours", NULL);
	ck_well(commit(), &err);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_rule_drops_the_port_it_names_and_no_other);
	tcase_add_test(tests, of_a_transaction_with_one_wrong_part_nothing_happens);
	tcase_add_test(tests, a_failure_while_it_is_put_together_sticks_until_the_next_begins);
	tcase_add_test(tests, the_rule_that_is_put_first_decides_before_those_that_were_there);
	tcase_add_test(tests, a_set_is_what_was_added_and_not_removed);
	tcase_add_test(tests, a_lookup_that_is_negated_is_for_all_others);
	tcase_add_test(tests, ranges_of_concatenated_keys_hold_in_each_part);
	tcase_add_test(tests, a_map_has_one_answer_for_a_key);
	tcase_add_test(tests, bits_of_the_mark_are_set_beside_those_that_are_there);
	tcase_add_test(tests, a_chain_is_jumped_to_and_come_back_from);
	tcase_add_test(tests, names_of_interfaces_and_types_of_addresses_are_matched);
	tcase_add_test(tests, a_transaction_of_thousands_of_parts_is_one_and_can_be_asked_for);
	tcase_add_test(
		tests,
		a_table_that_is_owned_is_changed_by_nobody_else_and_adopted_when_its_owner_is_gone);
}

int main(void)
{
	return run_suite("nft", setup_nft, teardown_nft, add_tests);
}
