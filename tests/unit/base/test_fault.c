/* SPDX-License-Identifier: Apache-2.0 */

#include "base/fault.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../suite.h"
#include "base/io.h"

static char dir[] = "/tmp/test_fault.XXXXXX";
static char file[64], held[72];

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(file, sizeof(file), "%s/fault", dir);
	(void)snprintf(held, sizeof(held), "%s.held", file);
	ck_assert_int_eq(setenv(BT_FAULT_VARIABLE, file, 1), 0);
	bt_fault_init();
}

static void teardown(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static void name(const char *text)
{
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, file, 0600, text, strlen(text)), 0);
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* Another process passes the point. Returns how it ended, as waitpid(2) says. */
static int passes(const char *point)
{
	int status = -1;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		bt_fault_point(point);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

START_TEST(who_passes_the_point_that_is_named_dies_as_if_killed_and_the_next_does_not)
{
	int status;

	name("group/step");
	status = passes("group/step");
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	ck_assert(!is_there(file));
	ck_assert_int_eq(passes("group/step"), 0);
}
END_TEST

START_TEST(other_points_are_passed_and_leave_the_file)
{
	static const char *const others[] = { "group/steps", "group/ste", "group", "group/", "" };

	name("group/step");
	for (size_t i = 0; i < LENGTH(others); i++)
		ck_assert_msg(passes(others[i]) == 0, "\"%s\"", others[i]);
	ck_assert(is_there(file));
}
END_TEST

START_TEST(a_file_that_is_empty_or_says_too_much_names_no_point)
{
	char much[201];

	name("");
	ck_assert_int_eq(passes(""), 0);
	ck_assert_int_eq(passes("group/step"), 0);
	(void)memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	name(much);
	ck_assert_int_eq(passes(much), 0);
	name("wait ");
	ck_assert_int_eq(passes("group/step"), 0);
	ck_assert(is_there(file));
}
END_TEST

START_TEST(a_path_that_depends_on_where_one_is_switches_nothing_on)
{
	static const char *const none[] = { "", "fault", "./fault" };

	name("group/step");
	ck_assert_int_eq(chdir(dir), 0);
	for (size_t i = 0; i < LENGTH(none); i++) {
		ck_assert_int_eq(setenv(BT_FAULT_VARIABLE, none[i], 1), 0);
		bt_fault_init();
		ck_assert_ptr_null(bt_fault_file);
		ck_assert_int_eq(passes("group/step"), 0);
	}
	ck_assert_int_eq(unsetenv(BT_FAULT_VARIABLE), 0);
	bt_fault_init();
	ck_assert_ptr_null(bt_fault_file);
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

static atomic_int passed;

static void *pass(void *point)
{
	bt_fault_point(point);
	atomic_fetch_add(&passed, 1);
	return NULL;
}

START_TEST(of_those_that_pass_one_waits_until_it_may_go_on)
{
	static char point[] = "group/step", other[] = "group/other";
	pthread_t waits, second, third;

	name("wait group/step");
	ck_assert_int_eq(pthread_create(&third, NULL, pass, other), 0);
	ck_assert_int_eq(pthread_join(third, NULL), 0);
	ck_assert(is_there(file));
	ck_assert_int_eq(pthread_create(&waits, NULL, pass, point), 0);
	while (!is_there(held))
		(void)usleep(1000);
	ck_assert(!is_there(file));
	/* Nobody else is held by it. */
	ck_assert_int_eq(pthread_create(&second, NULL, pass, point), 0);
	ck_assert_int_eq(pthread_join(second, NULL), 0);
	ck_assert_int_eq(passed, 2);
	ck_assert_int_eq(unlink(held), 0);
	ck_assert_int_eq(pthread_join(waits, NULL), 0);
	ck_assert_int_eq(passed, 3);
}
END_TEST

START_TEST(while_one_waits_another_point_can_be_named)
{
	static char point[] = "group/step";
	pthread_t waits;

	name("wait group/step");
	ck_assert_int_eq(pthread_create(&waits, NULL, pass, point), 0);
	while (!is_there(held))
		(void)usleep(1000);
	name("group/other");
	ck_assert(WIFSIGNALED(passes("group/other")));
	ck_assert(is_there(held));
	ck_assert_int_eq(passed, 0);
	ck_assert_int_eq(unlink(held), 0);
	ck_assert_int_eq(pthread_join(waits, NULL), 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests,
		       who_passes_the_point_that_is_named_dies_as_if_killed_and_the_next_does_not);
	tcase_add_test(tests, other_points_are_passed_and_leave_the_file);
	tcase_add_test(tests, a_file_that_is_empty_or_says_too_much_names_no_point);
	tcase_add_test(tests, a_path_that_depends_on_where_one_is_switches_nothing_on);
	tcase_add_test(tests, of_those_that_pass_one_waits_until_it_may_go_on);
	tcase_add_test(tests, while_one_waits_another_point_can_be_named);
}

int main(void)
{
	return run_suite("base/fault", setup, teardown, add);
}
