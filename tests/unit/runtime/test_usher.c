/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/usher.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "killed_at_birth.h"

static struct bt_oci_spec spec;
static struct bt_plan plan;
static struct bt_err err;

/* A user namespace for the init, and one of another that it joins: the test's own will do. */
static void set_up(void)
{
	memset(&plan, 0, sizeof(plan));
	plan.spec = &spec;
	plan.clone_flags = CLONE_NEWUSER;
	plan.njoins = 1;
	plan.joins[0].type = CLONE_NEWUTS;
	plan.joins[0].fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(plan.joins[0].fd, 0);
	err = (struct bt_err){ 0 };
}

static void tear_down(void)
{
	bt_close(&plan.joins[0].fd);
}

START_TEST(it_is_needed_where_a_user_namespace_and_one_of_another_come_together)
{
	ck_assert(bt_usher_needed(&plan));
	plan.clone_flags = CLONE_NEWNET;
	ck_assert(!bt_usher_needed(&plan));
	plan.joins[0].type = CLONE_NEWUSER;
	ck_assert(bt_usher_needed(&plan));
	plan.clone_flags = CLONE_NEWUSER;
	plan.njoins = 0;
	ck_assert(!bt_usher_needed(&plan));
}
END_TEST

static void read_link(const char *name, char ret[64])
{
	ssize_t n = readlink(name, ret, 63);

	ck_assert_int_gt(n, 0);
	ret[n] = '\0';
}

/* What the init has to say: nothing but its exit code. */
static int as_init(const char *own_user)
{
	char user[64];
	ssize_t n = readlink("/proc/self/ns/user", user, sizeof(user) - 1);

	if (n <= 0)
		return 1;
	user[n] = '\0';
	return strcmp(user, own_user) == 0 ? 2 : 7;
}

START_TEST(init_is_the_callers_child_in_a_user_namespace_of_its_own)
{
	bt_auto_close int pidfd = -EBADF;
	char own_user[64];
	int status;
	pid_t pid;

	read_link("/proc/self/ns/user", own_user);
	pid = bt_usher_clone(&plan, &pidfd, &err);
	if (pid == 0)
		_exit(as_init(own_user));
	ck_assert_msg(pid > 0, "%s", err.msg);
	ck_assert_int_ge(pidfd, 0);
	ck_assert_int_eq(waitpid(-1, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	/* The usher has been reaped. */
	ck_assert_int_lt(waitpid(-1, &status, 0), 0);
}
END_TEST

START_TEST(namespace_that_cannot_be_joined_is_named_and_nobody_is_left)
{
	bt_auto_close int pidfd = -EBADF;

	bt_close(&plan.joins[0].fd);
	plan.joins[0].fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(bt_usher_clone(&plan, &pidfd, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "linux.namespaces: join the uts namespace"));
	ck_assert_int_lt(waitpid(-1, NULL, 0), 0);
}
END_TEST

/* 0 where the error says what has happened, and no child is left, nor one to be reaped. */
static int creator(void)
{
	bt_auto_close int pidfd = -EBADF;
	pid_t pid = bt_usher_clone(&plan, &pidfd, &err);

	if (pid == 0)
		_exit(3);
	if (pid != -ECHILD || strstr(err.msg, "was killed, perhaps for want of memory") == NULL)
		return 1;
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? 0 : 2;
}

START_TEST(usher_that_is_killed_before_it_tells_the_inits_number_leaves_nobody)
{
	bool killed;
	const int r = killed_at_birth(creator, &killed);

	if (r < 0)
		return;
	ck_assert_int_eq(r, 0);
	ck_assert(killed);
}
END_TEST

START_TEST(init_whose_creator_is_killed_before_it_is_told_its_number_ends)
{
	creator_killed_at_birth(creator);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, it_is_needed_where_a_user_namespace_and_one_of_another_come_together);
	tcase_add_test(tests, init_is_the_callers_child_in_a_user_namespace_of_its_own);
	tcase_add_test(tests, namespace_that_cannot_be_joined_is_named_and_nobody_is_left);
	tcase_add_test(tests, usher_that_is_killed_before_it_tells_the_inits_number_leaves_nobody);
	tcase_add_test(tests, init_whose_creator_is_killed_before_it_is_told_its_number_ends);
}

int main(void)
{
	return run_tests("runtime/usher", add);
}
