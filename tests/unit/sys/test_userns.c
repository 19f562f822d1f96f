/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/userns.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

static const struct bt_id_map map = {
	.uids = { { 0, 100000, 65536 } }, .gids = { { 0, 200000, 65536 } }, .nuids = 1, .ngids = 1
};

static int count_children(void)
{
	bt_auto_free char *text = NULL;
	int n = 0;

	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, "/proc/thread-self/children", 4096, &text, NULL),
			 0);
	for (const char *p = text; *p; p++)
		n += *p == ' ';
	return n;
}

START_TEST(a_namespace_has_the_map_and_its_maker_is_gone)
{
	bt_auto_close int user = -EBADF;
	int status;
	pid_t pid;

	ck_assert_int_eq(bt_userns_make(&map, &user, NULL), 0);
	ck_assert_int_eq(ioctl(user, NS_GET_NSTYPE), CLONE_NEWUSER);
	ck_assert_int_eq(count_children(), 0);
	pid = fork();
	if (pid == 0) {
		struct bt_id_map got;
		int proc;

		if (setns(user, CLONE_NEWUSER) < 0)
			_exit(1);
		proc = open("/proc/self", O_PATH);
		_exit(bt_id_map_of(proc, &got) == 0 && got.nuids == 1 && got.ngids == 1 &&
				      got.uids[0].size == 65536
			      ? 0
			      : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_network_belongs_to_the_user_namespace_that_it_was_made_with)
{
	bt_auto_close int user = -EBADF, net = -EBADF, owner = -EBADF;

	ck_assert_int_eq(bt_userns_make(&map, &user, &net), 0);
	ck_assert_int_eq(ioctl(net, NS_GET_NSTYPE), CLONE_NEWNET);
	ck_assert_int_eq(bt_userns_of(net, &owner), 0);
	ck_assert(bt_userns_is_same(owner, user));
}
END_TEST

START_TEST(another_network_can_be_made_in_a_namespace_that_is_there)
{
	bt_auto_close int user = -EBADF, net = -EBADF, owner = -EBADF;

	ck_assert_int_eq(bt_userns_make(&map, &user, NULL), 0);
	ck_assert_int_eq(bt_userns_make_net(user, &net), 0);
	ck_assert_int_eq(bt_userns_of(net, &owner), 0);
	ck_assert(bt_userns_is_same(owner, user));
	ck_assert_int_eq(count_children(), 0);
}
END_TEST

START_TEST(what_belongs_to_the_own_user_namespace_names_none)
{
	bt_auto_close int net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), owner = -EBADF;

	ck_assert_int_eq(bt_userns_of(net, &owner), 0);
	ck_assert_int_lt(owner, 0);
}
END_TEST

START_TEST(what_is_no_user_namespace_is_an_error)
{
	bt_auto_close int file = open("/dev/null", O_RDONLY | O_CLOEXEC), net = -EBADF,
			  owner = -EBADF;
	const struct bt_id_map wrong = { .uids = { { 0, 5, 10 }, { 5, 100, 10 } },
					 .gids = { { 0, 5, 10 } },
					 .nuids = 2,
					 .ngids = 1 };

	ck_assert_int_eq(bt_userns_make_net(file, &net), -EINVAL);
	ck_assert_int_eq(bt_userns_of(file, &owner), -ENOTTY);
	/* Its ranges overlap. */
	ck_assert_int_eq(bt_userns_make(&wrong, &owner, NULL), -EINVAL);
	ck_assert_int_eq(count_children(), 0);
}
END_TEST

static void *make_as_another(void *arg)
{
	int fd;

	if (bt_userns_act_as(1234, 1235) < 0)
		return NULL;
	/* The directory is root's and nobody else's: only who kept its capabilities gets in. */
	fd = openat(*(int *)arg, "made", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0 ? arg : NULL;
}

START_TEST(a_thread_acts_as_another_and_keeps_its_power_and_the_others_theirs)
{
	char dir[] = "/tmp/test_userns.XXXXXX";
	bt_auto_close int fd = -EBADF;
	pthread_t thread;
	struct stat st;
	void *done;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(pthread_create(&thread, NULL, make_as_another, &fd), 0);
	ck_assert_int_eq(pthread_join(thread, &done), 0);
	ck_assert_ptr_nonnull(done);
	ck_assert_int_eq(fstatat(fd, "made", &st, 0), 0);
	ck_assert_uint_eq(st.st_uid, 1234);
	ck_assert_uint_eq(st.st_gid, 1235);
	ck_assert_int_eq(mkdirat(fd, "ours", 0700), 0);
	ck_assert_int_eq(fstatat(fd, "ours", &st, 0), 0);
	ck_assert_uint_eq(st.st_uid, 0);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sys/userns");
	TCase *namespaces = tcase_create("namespaces");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(namespaces, a_namespace_has_the_map_and_its_maker_is_gone);
	tcase_add_test(namespaces, a_network_belongs_to_the_user_namespace_that_it_was_made_with);
	tcase_add_test(namespaces, another_network_can_be_made_in_a_namespace_that_is_there);
	tcase_add_test(namespaces, what_belongs_to_the_own_user_namespace_names_none);
	tcase_add_test(namespaces, what_is_no_user_namespace_is_an_error);
	tcase_add_test(namespaces,
		       a_thread_acts_as_another_and_keeps_its_power_and_the_others_theirs);
	suite_add_tcase(suite, namespaces);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
