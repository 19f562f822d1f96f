/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_pool.h"

#include <sys/stat.h>

#include "engine/network_lease.h"
#include "nets_fixture.h"

static struct bt_network_pool *pool;

static void setup(void)
{
	setup_nets();
	ck_well(bt_network_pool_start(&nets, &pool, &err), &err);
}

static void stop_pool(void)
{
	bt_network_pool_stop(bt_take(pool));
}

static void teardown(void)
{
	stop_pool();
	teardown_nets();
}

static void want(struct bt_network *net)
{
	(void)pthread_mutex_lock(&nets.lock);
	bt_network_pool_want(pool, net);
	(void)pthread_mutex_unlock(&nets.lock);
}

static unsigned count(const struct bt_network *net)
{
	unsigned n;

	(void)pthread_mutex_lock(&nets.lock);
	n = bt_network_pool_count(pool, net);
	(void)pthread_mutex_unlock(&nets.lock);
	return n;
}

static void drop(struct bt_network *net)
{
	(void)pthread_mutex_lock(&nets.lock);
	bt_network_pool_drop(pool, net);
	(void)pthread_mutex_unlock(&nets.lock);
}

/* Wait until so many are the pool's. */
static void await(const struct bt_network *net, unsigned n)
{
	while (count(net) < n)
		(void)usleep(1000);
	ck_assert_uint_eq(count(net), n);
}

static int take(struct bt_network *net, struct bt_network_lease *ret)
{
	int fd;

	(void)pthread_mutex_lock(&nets.lock);
	fd = bt_network_pool_take(pool, net, ret);
	(void)pthread_mutex_unlock(&nets.lock);
	return fd;
}

static void give(struct bt_network_lease *lease)
{
	(void)pthread_mutex_lock(&nets.lock);
	bt_network_lease_give(lease);
	(void)pthread_mutex_unlock(&nets.lock);
}

static ino_t number_of(int netns)
{
	struct stat st;

	ck_assert_int_eq(fstat(netns, &st), 0);
	return st.st_ino;
}

START_TEST(what_is_taken_is_a_namespace_with_its_address_on_the_network)
{
	struct bt_network net;
	struct bt_network_lease lease, other;
	bt_auto_close int home = home_fd(), a = -EBADF, b = -EBADF;
	bt_auto_close bt_unused int listener = -EBADF;

	net_init(&net, 95, 2, 200, true);
	want(&net);
	await(&net, 2);
	a = take(&net, &lease);
	ck_assert_int_ge(a, 0);
	ck_assert_uint_eq(lease.index4, 2); /* the lowest */
	ck_assert_str_eq(lease.ifname, "eth0");
	ck_assert_ptr_eq(lease.network, &net);
	listener = listen_in(a, 80);
	ck_assert_int_eq(reach_from(home, "10.95.0.2", 80), 0);
	/* Another one is another, and reaches the first. */
	b = take(&net, &other);
	ck_assert_int_ge(b, 0);
	ck_assert_uint_ne(number_of(a), number_of(b));
	ck_assert_uint_ne(other.index4, 2);
	ck_assert_int_eq(reach_from(b, "10.95.0.2", 80), 0);
	give(&lease);
	give(&other);
	stop_pool();
	ck_assert_uint_eq(net.leases, 0);
	net_done(&net);
}
END_TEST

START_TEST(what_is_taken_is_made_up_for_and_a_pool_that_ran_out_grows)
{
	struct bt_network net;
	struct bt_network_lease leases[40];
	int fds[LENGTH(leases)], missed = 0;

	net_init(&net, 95, 2, 200, false);
	net.driver = BT_NETWORK_DRIVER_NULL; /* loopback alone: quickly made */
	want(&net);
	await(&net, 2);
	for (size_t i = 0; i < LENGTH(leases); i++) {
		fds[i] = take(&net, &leases[i]);
		missed += fds[i] < 0;
		ck_assert(fds[i] >= 0 || fds[i] == -ENOENT);
	}
	/* However it went, the pool is filled again, and not beyond its bound. */
	while (count(&net) < 2)
		(void)usleep(1000);
	ck_assert_uint_le(count(&net), 16);
	for (size_t i = 0; i < LENGTH(leases); i++)
		if (fds[i] >= 0) {
			close(fds[i]);
			give(&leases[i]);
		}
	ck_assert_int_lt(missed, (int)LENGTH(leases));
	stop_pool();
	ck_assert_uint_eq(net.leases, 0);
	net_done(&net);
}
END_TEST

START_TEST(a_network_that_nobody_wanted_has_none_and_has_them_from_the_first_asking)
{
	struct bt_network net;
	struct bt_network_lease lease = { .index4 = 77 };

	net_init(&net, 95, 2, 200, false);
	net.driver = BT_NETWORK_DRIVER_NULL;
	ck_assert_int_eq(take(&net, &lease), -ENOENT);
	ck_assert_uint_eq(lease.index4, 77);
	await(&net, 2);
	stop_pool();
	net_done(&net);
}
END_TEST

START_TEST(what_is_ready_does_not_make_a_network_used_and_what_was_taken_does)
{
	struct bt_network net;
	struct bt_network_lease lease;
	int fd;

	net_init(&net, 95, 2, 200, false);
	net.driver = BT_NETWORK_DRIVER_NULL;
	ck_assert(!bt_network_pool_is_used(pool, &net));
	want(&net);
	await(&net, 2);
	(void)pthread_mutex_lock(&nets.lock);
	ck_assert(!bt_network_pool_is_used(pool, &net));
	(void)pthread_mutex_unlock(&nets.lock);
	fd = take(&net, &lease);
	ck_assert_int_ge(fd, 0);
	(void)pthread_mutex_lock(&nets.lock);
	ck_assert(bt_network_pool_is_used(pool, &net));
	(void)pthread_mutex_unlock(&nets.lock);
	give(&lease);
	close(fd);
	stop_pool();
	net_done(&net);
}
END_TEST

START_TEST(a_network_that_is_dropped_has_nothing_left_and_gets_nothing_more)
{
	struct bt_network net, other;

	net_init(&net, 95, 2, 200, true);
	net_init(&other, 96, 2, 200, false);
	other.driver = BT_NETWORK_DRIVER_NULL;
	/* At any moment of its making. */
	for (int i = 0; i < 10; i++) {
		want(&net);
		(void)usleep((useconds_t)i * 2000);
		drop(&net);
		ck_assert_uint_eq(net.leases, 0);
		ck_assert_uint_eq(count(&net), 0);
	}
	drop(&net); /* twice is fine */
	want(&other);
	await(&other, 2);
	ck_assert_uint_eq(net.leases, 0);
	stop_pool();
	ck_assert_uint_eq(other.leases, 0);
	net_done(&net);
	net_done(&other);
}
END_TEST

START_TEST(a_network_without_addresses_does_not_keep_the_others_waiting)
{
	struct bt_network full, good;

	net_init(&full, 95, 2, 2, false);
	net_init(&good, 96, 2, 200, false);
	good.driver = BT_NETWORK_DRIVER_NULL;
	ck_assert_int_eq(bt_ipam_take(&full.v4.ipam, 2), 0);
	want(&full);
	/* Each of these wakes the pool from its pause after a failure. */
	for (int i = 0; count(&good) < 2; i++) {
		ck_assert_int_lt(i, 20000);
		want(&good);
		(void)usleep(1000);
	}
	ck_assert_uint_eq(count(&full), 0);
	stop_pool();
	ck_assert_uint_eq(full.leases, 0);
	net_done(&full);
	net_done(&good);
}
END_TEST

START_TEST(what_cannot_be_made_or_named_keeps_no_address)
{
	struct bt_network gone, unnamed;

	net_init(&gone, 95, 2, 200, false); /* its bridge is not there */
	net_init(&unnamed, 96, 2, 200, false);
	(void)strcpy(unnamed.iface_prefix, "fifteen-letters");
	for (int i = 0; i < 50; i++) {
		want(&gone);
		want(&unnamed);
		(void)usleep(1000);
	}
	stop_pool();
	ck_assert_uint_eq(gone.leases, 0);
	ck_assert_uint_eq(unnamed.leases, 0);
	net_done(&gone);
	net_done(&unnamed);
}
END_TEST

static void *take_one(void *arg)
{
	struct bt_network *net = arg;
	struct bt_network_lease lease;

	for (int i = 0; i < 20; i++) {
		int fd = take(net, &lease);

		if (fd < 0)
			continue;
		close(fd);
		give(&lease);
	}
	return NULL;
}

START_TEST(many_takers_get_each_their_own_and_nothing_is_left)
{
	struct bt_network net;
	pthread_t threads[8];

	net_init(&net, 95, 2, 200, false);
	net.driver = BT_NETWORK_DRIVER_NULL;
	want(&net);
	for (size_t i = 0; i < LENGTH(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, take_one, &net), 0);
	for (size_t i = 0; i < LENGTH(threads); i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	stop_pool();
	ck_assert_uint_eq(net.leases, 0);
	net_done(&net);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, what_is_taken_is_a_namespace_with_its_address_on_the_network);
	tcase_add_test(tests, what_is_taken_is_made_up_for_and_a_pool_that_ran_out_grows);
	tcase_add_test(tests,
		       a_network_that_nobody_wanted_has_none_and_has_them_from_the_first_asking);
	tcase_add_test(tests, what_is_ready_does_not_make_a_network_used_and_what_was_taken_does);
	tcase_add_test(tests, a_network_that_is_dropped_has_nothing_left_and_gets_nothing_more);
	tcase_add_test(tests, a_network_without_addresses_does_not_keep_the_others_waiting);
	tcase_add_test(tests, what_cannot_be_made_or_named_keeps_no_address);
	tcase_add_test(tests, many_takers_get_each_their_own_and_nothing_is_left);
}

int main(void)
{
	return run_suite("network_pool", setup, teardown, add_tests);
}
