/* SPDX-License-Identifier: Apache-2.0 */

/* The network namespace that is made beside the container. */

#include "runtime/net_maker.h"

#include "launch_fixture.h"

#include <sched.h>
#include <sys/socket.h>

#include "../sys/without_call.h"
#include "runtime/mounts.h"

static struct fixture f;

static void set_up(void)
{
	fixture_init(&f);
}

static void tear_down(void)
{
	fixture_done(&f);
}

static void parse(void)
{
	bt_auto_free char *text = json_dumps(f.config, 0);

	bt_arena_done(&f.arena);
	ck_assert_msg(bt_oci_spec_parse(text, strlen(text), &f.arena, &f.spec, &f.err) == 0, "%s",
		      f.err.msg);
	f.req.spec = &f.spec;
}

/* Is one started for the configuration as it is now? */
static bool starts(void)
{
	struct bt_net_maker maker;
	bool started;

	parse();
	ck_assert_int_eq(bt_net_maker_start(&f.req, &maker, &f.err), 0);
	started = maker.pid > 0;
	bt_net_maker_done(&maker);
	ck_assert_int_eq(maker.pid, 0);
	return started;
}

static ino_t own_network(void)
{
	struct stat st;

	ck_assert_int_eq(stat("/proc/self/ns/net", &st), 0);
	return st.st_ino;
}

START_TEST(namespace_that_comes_is_new_and_its_loopback_is_up)
{
	bt_auto_free char *flags = NULL;
	ino_t before = own_network();
	struct bt_net_maker maker;

	parse();
	ck_assert_int_eq(bt_net_maker_start(&f.req, &maker, &f.err), 0);
	ck_assert_uint_eq(own_network(), before);
	ck_assert_int_eq(bt_net_maker_enter(&maker.sock, &f.err), 0);
	ck_assert_int_lt(maker.sock, 0);
	ck_assert_uint_ne(own_network(), before);
	bt_net_maker_done(&maker);
	/* A route of the loopback's is there only while it is up. */
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, "/proc/self/net/fib_trie", 4096, &flags, NULL),
			 0);
	ck_assert_ptr_nonnull(strstr(flags, "127.0.0.1"));
}
END_TEST

START_TEST(namespace_of_another_and_none_at_all_are_not_made)
{
	f.req.netns_fd = 0;
	ck_assert(!starts());
	f.req.netns_fd = -EBADF;
	ck_assert(starts());
	fixture_set(&f, "linux.namespaces",
		    "[{'type':'mount'},{'type':'network','path':'/proc/self/ns/net'}]");
	ck_assert(!starts());
	fixture_set(&f, "linux.namespaces", "[{'type':'mount'}]");
	ck_assert(!starts());
}
END_TEST

START_TEST(namespace_that_another_user_namespace_owns_is_not_made_apart)
{
	fixture_set(&f, "linux.namespaces",
		    "[{'type':'mount'},{'type':'network'},{'type':'user'}]");
	ck_assert(!starts());
	fixture_set(&f, "linux.namespaces", "[{'type':'mount'},{'type':'network'}]");
	f.req.rootless = true;
	ck_assert(!starts());
}
END_TEST

START_TEST(namespace_that_devices_move_to_at_the_birth_is_not_made_apart)
{
	fixture_set(&f, "linux.netDevices", "{'eth7':{}}");
	ck_assert(!starts());
}
END_TEST

START_TEST(maker_that_may_not_make_one_says_what_it_tried)
{
	struct bt_launch launch;
	int out = -EBADF;

	without_call(SCMP_SYS(unshare), EUSERS);
	ck_assert_int_eq(fixture_create(&f, &launch, &out), -EUSERS);
	ck_assert_msg(strstr(f.err.msg, "new network namespace") != NULL, "%s", f.err.msg);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(maker_that_was_killed_is_an_error_and_no_wait_for_ever)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(close(pair[1]), 0);
	ck_assert_int_eq(bt_net_maker_enter(&pair[0], &f.err), -ECHILD);
	ck_assert_ptr_nonnull(strstr(f.err.msg, "network namespace"));
}
END_TEST

START_TEST(created_container_has_no_brother_left)
{
	struct bt_launch launch;
	int out;

	fixture_shell(&f, "ls /sys/class/net; cat /proc/net/dev | wc -l");
	ck_assert_int_eq(fixture_create(&f, &launch, &out), 0);
	ck_assert_int_eq(bt_launch_start(&launch, &f.err), 0);
	/* Its sysfs was mounted where it lives, not where its creator does. */
	fixture_read(&f, out);
	ck_assert_str_eq(f.out, "lo\n3\n");
	ck_assert_int_eq(fixture_wait(launch.pid), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	bt_launch_done(&launch);
	(void)close(out);
	ck_assert_int_eq(fixture_cleanup(&f, &f.err), 0);
}
END_TEST

START_TEST(what_is_mounted_before_the_network_is_there_knows_none)
{
	struct bt_oci_mount oci[] = {
		{ .type = "proc" }, { .type = "tmpfs" }, { .type = "mqueue" },
		{ .type = "nfs" },  { .type = "sysfs" }, { .type = "cgroup" }
	};
	struct bt_plan_mount mounts[6] = { 0 };
	struct bt_plan plan = { .mounts = mounts, .nmounts = 6 };

	for (size_t i = 0; i < 6; i++)
		mounts[i] = (struct bt_plan_mount){ .mount = &oci[i], .kind = BT_PLAN_FS };
	mounts[5].kind = BT_PLAN_CGROUP;
	ck_assert_uint_eq(bt_mounts_first_of_net(&plan), 3);
	mounts[3].kind = BT_PLAN_BIND;
	ck_assert_uint_eq(bt_mounts_first_of_net(&plan), 4);
	mounts[4].kind = BT_PLAN_REMOUNT;
	ck_assert_uint_eq(bt_mounts_first_of_net(&plan), 5);
	plan.nmounts = 5;
	ck_assert_uint_eq(bt_mounts_first_of_net(&plan), 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/net_maker");
	TCase *tests = tcase_create("maker");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, namespace_that_comes_is_new_and_its_loopback_is_up);
	tcase_add_test(tests, namespace_of_another_and_none_at_all_are_not_made);
	tcase_add_test(tests, namespace_that_another_user_namespace_owns_is_not_made_apart);
	tcase_add_test(tests, namespace_that_devices_move_to_at_the_birth_is_not_made_apart);
	tcase_add_test(tests, maker_that_may_not_make_one_says_what_it_tried);
	tcase_add_test(tests, maker_that_was_killed_is_an_error_and_no_wait_for_ever);
	tcase_add_test(tests, created_container_has_no_brother_left);
	tcase_add_test(tests, what_is_mounted_before_the_network_is_there_knows_none);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
