/* SPDX-License-Identifier: Apache-2.0 */

#include "net/firewall_watch.h"

#include <pthread.h>
#include <stdatomic.h>

#include "nft_text.h"

static struct bt_firewall_watch *watch;
static struct bt_nft *own;
static atomic_int changes, gones;

static void note(void *arg, bool gone)
{
	(void)arg;
	atomic_fetch_add(&gones, gone);
	atomic_fetch_add(&changes, 1);
}

static void setup(void)
{
	setup_nft();
	ck_well(bt_nft_open(&own, &err), &err);
	ck_assert_int_eq(bt_firewall_watch_start(TABLE, bt_nft_portid(own), note, NULL, &watch), 0);
}

static void teardown(void)
{
	bt_firewall_watch_stop(watch);
	bt_firewall_watch_stop(NULL);
	bt_nft_close(own);
	teardown_nft();
}

/* Wait until more was noticed than `before`. */
static void await_more(int before)
{
	while (atomic_load(&changes) <= before)
		(void)usleep(1000);
}

static void put_table(struct bt_nft *by, const char *name)
{
	bt_nft_begin(by);
	bt_nft_table_replace(by, name, false);
	ck_well(bt_nft_commit(by, "a test", &err), &err);
}

static void remove_table(struct bt_nft *by, const char *name)
{
	bt_nft_begin(by);
	bt_nft_table_remove(by, name);
	ck_well(bt_nft_commit(by, "a test", &err), &err);
}

START_TEST(what_others_do_is_noticed_and_what_we_do_is_not)
{
	int before;

	put_table(own, TABLE);
	put_table(own, "another");
	remove_table(own, "another");
	remove_table(own, TABLE);
	put_table(nft, "theirs");
	await_more(0);
	before = atomic_load(&changes);
	put_table(nft, "theirs");
	await_more(before);
	/* By now all that came before would have been noticed. */
	ck_assert_int_eq(atomic_load(&gones), 0);
}
END_TEST

START_TEST(that_our_table_is_gone_is_told_from_any_other_change)
{
	int before;

	put_table(own, TABLE);
	put_table(nft, "theirs");
	await_more(0);
	before = atomic_load(&changes);
	remove_table(nft, "theirs");
	await_more(before);
	ck_assert_int_eq(atomic_load(&gones), 0);
	remove_table(nft, TABLE);
	while (atomic_load(&gones) == 0)
		(void)usleep(1000);
}
END_TEST

START_TEST(it_ends_while_others_go_on_changing)
{
	for (int i = 0; i < 50; i++) {
		put_table(nft, "theirs");
		if (i == 25)
			bt_firewall_watch_stop(bt_take(watch));
	}
	int after = atomic_load(&changes);

	put_table(nft, "theirs");
	ck_assert_int_eq(atomic_load(&changes), after);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, what_others_do_is_noticed_and_what_we_do_is_not);
	tcase_add_test(tests, that_our_table_is_gone_is_told_from_any_other_change);
	tcase_add_test(tests, it_ends_while_others_go_on_changing);
}

int main(void)
{
	return run_suite("firewall_watch", setup, teardown, add_tests);
}
