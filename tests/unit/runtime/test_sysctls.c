/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/sysctls.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/userns.h"

static struct bt_err err;

static int check(uint64_t made, const char *key)
{
	struct bt_oci_pair pair = { .key = (char *)(uintptr_t)key,
				    .value = (char *)(uintptr_t) "1" };
	struct bt_oci_spec spec = { .linux_.sysctl = { .v = &pair, .n = 1 } };
	struct bt_plan plan = { .spec = &spec, .clone_flags = made, .rootfs_fd = -EBADF };

	return bt_sysctls_check(&plan, &err);
}

static void assert_says(const char *words)
{
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_msg(strstr(err.msg, words) != NULL, "%s", err.msg);
}

START_TEST(each_is_fine_with_the_namespace_that_has_it)
{
	ck_assert_int_eq(check(CLONE_NEWNET, "net.ipv4.ip_forward"), 0);
	ck_assert_int_eq(check(CLONE_NEWNET, "net/ipv4/conf/eth0.1/forwarding"), 0);
	ck_assert_int_eq(check(CLONE_NEWIPC, "kernel.shmmax"), 0);
	ck_assert_int_eq(check(CLONE_NEWIPC, "kernel/sem"), 0);
	ck_assert_int_eq(check(CLONE_NEWIPC, "fs.mqueue.msg_max"), 0);
	ck_assert_int_eq(check(CLONE_NEWUTS, "kernel.domainname"), 0);
}
END_TEST

START_TEST(the_hosts_network_stays_as_it_is)
{
	ck_assert_int_eq(check(CLONE_NEWIPC | CLONE_NEWUTS, "net.ipv4.ip_forward"), -EPERM);
	assert_says("not allowed in host network namespace");
	ck_assert_int_eq(check(0, "net/ipv4/ip_forward"), -EPERM);
}
END_TEST

START_TEST(the_hosts_messages_and_memory_stay_as_they_are)
{
	ck_assert_int_eq(check(CLONE_NEWNET, "kernel.shmmax"), -EPERM);
	assert_says("is not allowed in the hosts ipc namespace");
	ck_assert_int_eq(check(CLONE_NEWNET, "fs.mqueue.msg_max"), -EPERM);
}
END_TEST

START_TEST(what_no_namespace_has_is_the_hosts)
{
	static const char *const keys[] = {
		"vm.swappiness",           "kernel.core_pattern", "fs.file-max",
		"kernel.shmmax_x",         "kernel/core_pattern", "netx.ipv4",
		"user.max_user_namespaces"
	};
	uint64_t all = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		ck_assert_msg(check(all, keys[i]) == -EPERM, "%s", keys[i]);
		assert_says("is not in a separate kernel namespace");
	}
}
END_TEST

START_TEST(names_belong_to_their_own_fields_and_to_an_own_namespace)
{
	ck_assert_int_eq(check(CLONE_NEWUTS, "kernel.hostname"), -EPERM);
	assert_says("conflicts with the OCI \"hostname\" field");
	ck_assert_int_eq(check(CLONE_NEWNET, "kernel.domainname"), -EPERM);
	assert_says("is not in a separate kernel namespace");
}
END_TEST

START_TEST(no_path_leads_out_of_what_its_beginning_says)
{
	static const char *const keys[] = {
		"net/../vm/swappiness", "net/./ipv4", "net//ipv4", "", "/net/ipv4",
		"net/ipv4/..",          "net..ipv4",  ".net"
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		ck_assert_msg(check(CLONE_NEWNET, keys[i]) == -EPERM, "%s", keys[i]);
		assert_says("is not the name of a kernel parameter");
	}
}
END_TEST

static int check_joined(int fd)
{
	struct bt_oci_pair pair = { .key = (char *)(uintptr_t) "net.ipv4.ip_forward",
				    .value = (char *)(uintptr_t) "1" };
	struct bt_oci_spec spec = { .linux_.sysctl = { .v = &pair, .n = 1 } };
	struct bt_plan plan = { .spec = &spec,
				.joins = { { .type = CLONE_NEWNET, .fd = fd } },
				.njoins = 1,
				.rootfs_fd = -EBADF };

	return bt_sysctls_check(&plan, &err);
}

START_TEST(a_joined_namespace_counts_unless_it_is_the_hosts)
{
	const struct bt_id_map map = {
		.uids = { { 0, 100000, 1 } }, .gids = { { 0, 100000, 1 } }, .nuids = 1, .ngids = 1
	};
	bt_auto_close int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	bt_auto_close int user = -EBADF, other = -EBADF;

	ck_assert_int_eq(bt_userns_make(&map, &user, &other), 0);
	ck_assert_int_eq(check_joined(own), -EPERM);
	ck_assert_int_eq(check_joined(other), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/sysctls");
	TCase *tests = tcase_create("sysctls");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, each_is_fine_with_the_namespace_that_has_it);
	tcase_add_test(tests, the_hosts_network_stays_as_it_is);
	tcase_add_test(tests, the_hosts_messages_and_memory_stay_as_they_are);
	tcase_add_test(tests, what_no_namespace_has_is_the_hosts);
	tcase_add_test(tests, names_belong_to_their_own_fields_and_to_an_own_namespace);
	tcase_add_test(tests, no_path_leads_out_of_what_its_beginning_says);
	tcase_add_test(tests, a_joined_namespace_counts_unless_it_is_the_hosts);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
