/* SPDX-License-Identifier: Apache-2.0 */

/* On a data root made here, and on processes in a control group made here. */

#include "cli/enter_find.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

#define SIXTY "000000000000000000000000000000000000000000000000000000000000"
#define ID_1  "aaaa" SIXTY
#define ID_2  "aabb" SIXTY
#define ID_3  "cccc" SIXTY

static char top[] = "/tmp/test_enter_find.XXXXXX";
static struct bt_err err;

static void container(const char *id, const char *config)
{
	bt_auto_free char *dir = bt_str_format("%s/containers/%s", top, id);
	bt_auto_free char *file = bt_str_format("%s/config.v2.json", dir);

	ck_assert_int_eq(bt_io_mkdir_p(dir, 0700), 0);
	if (config)
		ck_assert_int_eq(bt_io_create_file(AT_FDCWD, file, 0600, config, strlen(config)),
				 0);
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(top));
	container(ID_1, "{\"Name\":\"/one\"}");
	container(ID_2, "{\"Name\":\"/two\"}");
	container(ID_3, "{\"Name\":\"/aa\"}");
}

static void tear_down(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
}

static const struct {
	const char *name, *id; /* NULL: none, or several */
	enum bt_err_kind kind;
} names[] = {
	{ "one", ID_1, BT_ERR_NONE },
	{ "/one", ID_1, BT_ERR_NONE },
	{ ID_2, ID_2, BT_ERR_NONE },
	{ "aab", ID_2, BT_ERR_NONE },
	{ "c", ID_3, BT_ERR_NONE },
	{ "a", NULL, BT_ERR_CONFLICT },
	/* A name goes before what ids begin with. */
	{ "aa", ID_3, BT_ERR_NONE },
	{ "on", NULL, BT_ERR_NOT_FOUND },
	{ "ONE", NULL, BT_ERR_NOT_FOUND },
	{ "../containers/" ID_1, NULL, BT_ERR_NOT_FOUND },
	{ ID_1 "0", NULL, BT_ERR_NOT_FOUND },
};

START_TEST(a_container_is_found_by_its_name_its_id_or_the_beginning_of_that)
{
	char id[65] = "untouched";
	int r = bt_enter_find_id(top, names[_i].name, id, &err);

	if (names[_i].id) {
		ck_assert_msg(r == 0, "%s: %s", names[_i].name, err.msg);
		ck_assert_str_eq(id, names[_i].id);
	} else {
		ck_assert_int_lt(r, 0);
		ck_assert_int_eq(err.kind, names[_i].kind);
	}
}
END_TEST

START_TEST(a_file_that_is_broken_hides_no_other_container)
{
	char id[65];

	container("b" SIXTY "bbb", "{\"Name\":");
	container("d" SIXTY "ddd", NULL);
	container("e" SIXTY "eee", "[]");
	container("not-an-id", "{\"Name\":\"/one\"}");
	ck_assert_int_eq(bt_enter_find_id(top, "one", id, &err), 0);
	ck_assert_str_eq(id, ID_1);
	ck_assert_int_lt(bt_enter_find_id(top, "not-an-id", id, &err), 0);
	/* By its id it is there all the same. */
	ck_assert_int_eq(bt_enter_find_id(top, "d", id, &err), 0);
	ck_assert_str_eq(id, "d" SIXTY "ddd");
}
END_TEST

START_TEST(without_a_data_root_the_message_names_it)
{
	char id[65];

	ck_assert_int_eq(bt_enter_find_id("/no/such/root", "one", id, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "/no/such/root"));
}
END_TEST

/* ---- processes ----------------------------------------------------------------- */

static char group[160], id_of_group[65];

/* A group at the top of a hierarchy that processes can be moved into. False where there is none. */
static bool make_group(void)
{
	static const char *const places[] = { "/sys/fs/cgroup/pids", "/sys/fs/cgroup/freezer",
					      "/sys/fs/cgroup" };

	(void)snprintf(id_of_group, sizeof(id_of_group), "%064x", (unsigned)getpid());
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		(void)snprintf(group, sizeof(group), "%s/%s", places[i], id_of_group);
		if (mkdir(group, 0755) == 0) {
			bt_auto_free char *procs = bt_str_format("%s/cgroup.procs", group);

			if (access(procs, W_OK) == 0)
				return true;
			(void)rmdir(group);
		}
	}
	return false;
}

/* A process in the group, in a process namespace of its own where `first`. */
static pid_t process(bool first)
{
	bt_auto_free char *procs = bt_str_format("%s/cgroup.procs", group);
	char text[16];
	/* Not by unshare(2): with the first process that namespace ends, and this one could start
	 * none any more, as the search for leaks wants to. */
	pid_t pid = (pid_t)syscall(SYS_clone, (first ? CLONE_NEWPID : 0) | SIGCHLD, 0, 0, 0, 0);

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		for (;;)
			(void)pause();
	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	ck_assert_int_eq(bt_io_write_file(AT_FDCWD, procs, text), 0);
	return pid;
}

static void stop(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(the_first_of_a_namespace_goes_before_who_is_older)
{
	pid_t outside, first, found = 0;

	if (!make_group())
		return;
	outside = process(false);
	ck_assert_int_eq(bt_enter_find_pid(id_of_group, &found, &err), 0);
	ck_assert_int_eq(found, outside);
	first = process(true);
	ck_assert_int_eq(bt_enter_find_pid(id_of_group, &found, &err), 0);
	ck_assert_int_eq(found, first);
	stop(first);
	stop(outside);
	ck_assert_int_eq(rmdir(group), 0);
}
END_TEST

START_TEST(who_is_oldest_is_taken_where_nobody_is_first)
{
	pid_t older, younger, found = 0;

	if (!make_group())
		return;
	older = process(false);
	/* The kernel counts in hundredths of a second. */
	(void)usleep(30000);
	younger = process(false);
	ck_assert_int_eq(bt_enter_find_pid(id_of_group, &found, &err), 0);
	ck_assert_int_eq(found, older);
	stop(older);
	ck_assert_int_eq(bt_enter_find_pid(id_of_group, &found, &err), 0);
	ck_assert_int_eq(found, younger);
	stop(younger);
	ck_assert_int_eq(rmdir(group), 0);
}
END_TEST

START_TEST(a_container_without_processes_does_not_run)
{
	pid_t found = 4711;

	ck_assert_int_eq(bt_enter_find_pid(ID_3, &found, &err), -ESRCH);
	ck_assert_str_eq(err.msg, "container cccc00000000 is not running");
	ck_assert(err.kind == BT_ERR_CONFLICT && found == 4711);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_container_is_found_by_its_name_its_id_or_the_beginning_of_that,
			    0, sizeof(names) / sizeof(names[0]));
	tcase_add_test(tests, a_file_that_is_broken_hides_no_other_container);
	tcase_add_test(tests, without_a_data_root_the_message_names_it);
	tcase_add_test(tests, the_first_of_a_namespace_goes_before_who_is_older);
	tcase_add_test(tests, who_is_oldest_is_taken_where_nobody_is_first);
	tcase_add_test(tests, a_container_without_processes_does_not_run);
	tcase_set_timeout(tests, 30);
}

int main(void)
{
	return run_tests("cli/enter_find", add);
}
