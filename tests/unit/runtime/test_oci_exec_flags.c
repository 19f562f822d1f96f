/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/oci_exec_flags.h"

#include <errno.h>
#include <stdio.h>

#include "base/auto.h"
#include "base/str.h"
#include "flags_fixture.h"

static struct bt_oci_exec_flags got;
static struct bt_err err;

static int take(const char *line)
{
	got = (struct bt_oci_exec_flags){ 0 };
	err = (struct bt_err){ 0 };
	flags_split(line);
	return bt_oci_exec_flags_take(flags_argc, flags_argv, &got, &err);
}

START_TEST(without_flags_nothing_is_said)
{
	struct bt_oci_exec_flags none = { 0 };

	ck_assert_int_eq(take("exec c sh -c ls"), 0);
	ck_assert_mem_eq(&got, &none, sizeof(none));
	ck_assert_str_eq(flags_argv[optind], "c");
	/* What stands behind the container's name is the program's. */
	ck_assert_int_eq(take("exec c sh -t -d"), 0);
	ck_assert(!got.tty && !got.detach);
}
END_TEST

START_TEST(texts_are_borrowed_as_they_are)
{
	ck_assert_int_eq(take("exec --cwd /w --user 1:2 --process p.json --pid-file f "
			      "--console-socket s --process-label a:b --apparmor prof c"),
			 0);
	ck_assert_str_eq(got.cwd, "/w");
	ck_assert_str_eq(got.user, "1:2");
	ck_assert_str_eq(got.process, "p.json");
	ck_assert_str_eq(got.pid_file, "f");
	ck_assert_str_eq(got.console_socket, "s");
	ck_assert_str_eq(got.label, "a:b");
	ck_assert_str_eq(got.apparmor, "prof");
}
END_TEST

START_TEST(short_flags_mean_what_their_long_ones_do)
{
	ck_assert_int_eq(take("exec -t -d -u 1 -p x -e A=b -g 5 -c CAP_KILL c"), 0);
	ck_assert(got.tty && got.detach);
	ck_assert_str_eq(got.user, "1");
	ck_assert_str_eq(got.process, "x");
	ck_assert_uint_eq(got.nenv, 1);
	ck_assert_str_eq(got.env[0], "A=b");
	ck_assert_uint_eq(got.ngids, 1);
	ck_assert_uint_eq(got.gids[0], 5);
	ck_assert_uint_eq(got.caps, 1 << 5);
	ck_assert_int_eq(take("exec -td c"), 0);
	ck_assert(got.tty && got.detach);
}
END_TEST

START_TEST(switches_can_be_turned_off_again)
{
	ck_assert_int_eq(take("exec --tty=true --detach=false --no-new-privs --ignore-paused=true "
			      "--no-subreaper c"),
			 0);
	ck_assert(got.tty && !got.detach && got.no_new_privs && got.ignore_paused);
}
END_TEST

START_TEST(a_socket_or_file_without_a_name_is_none)
{
	ck_assert_int_eq(take("exec --console-socket= --pid-file= c"), 0);
	ck_assert_ptr_null(got.console_socket);
	ck_assert_ptr_null(got.pid_file);
	/* An empty directory is one that does not exist, and that is said later. */
	ck_assert_int_eq(take("exec --cwd= c"), 0);
	ck_assert_str_eq(got.cwd, "");
}
END_TEST

START_TEST(of_a_flag_that_is_no_list_the_last_counts)
{
	ck_assert_int_eq(take("exec --cwd /a --cwd /b --pid-file x --pid-file= --preserve-fds 1 "
			      "--preserve-fds 2 c"),
			 0);
	ck_assert_str_eq(got.cwd, "/b");
	ck_assert_ptr_null(got.pid_file);
	ck_assert_int_eq(got.preserve_fds, 2);
}
END_TEST

START_TEST(lists_keep_their_order_and_what_is_twice)
{
	ck_assert_int_eq(take("exec -e A=1 -e B=2 -e A=1 --cgroup memory:/x --cgroup /y -g 7 -g 7 "
			      "--cap CAP_KILL --cap CAP_KILL c"),
			 0);
	ck_assert_uint_eq(got.nenv, 3);
	ck_assert_str_eq(got.env[1], "B=2");
	ck_assert_str_eq(got.env[2], "A=1");
	ck_assert_uint_eq(got.ncgroups, 2);
	ck_assert_str_eq(got.cgroups[0], "memory:/x");
	ck_assert_str_eq(got.cgroups[1], "/y");
	ck_assert_uint_eq(got.ngids, 2);
	ck_assert_uint_eq(got.caps, 1 << 5);
}
END_TEST

static int take_many(const char *flag, size_t n)
{
	bt_auto_str struct bt_str line = { 0 };

	bt_str_puts(&line, "exec");
	for (size_t i = 0; i < n; i++)
		bt_str_printf(&line, " %s", flag);
	bt_str_puts(&line, " c");
	return take(bt_str_get(&line));
}

START_TEST(lists_are_bounded)
{
	static const struct {
		const char *flag, *name;
	} lists[] = {
		{ "-eA=b", "--env" },
		{ "-g5", "--additional-gids" },
		{ "--cgroup=/x", "--cgroup" },
	};

	for (size_t i = 0; i < LENGTH(lists); i++) {
		ck_assert_int_eq(take_many(lists[i].flag, BT_OCI_EXEC_FLAGS_MAX), 0);
		ck_assert_int_eq(take_many(lists[i].flag, BT_OCI_EXEC_FLAGS_MAX + 1), -E2BIG);
		check_err(&err, BT_ERR_INVALID, lists[i].name);
	}
	/* Capabilities are a set. */
	ck_assert_int_eq(take_many("-cCAP_KILL", BT_OCI_EXEC_FLAGS_MAX + 1), 0);
}
END_TEST

START_TEST(values_that_are_none_are_refused_with_their_flag)
{
	static const struct {
		const char *line, *words;
	} cases[] = {
		{ "exec -g -1 c", "--additional-gids" },
		{ "exec -g 4294967295 c", "--additional-gids" },
		{ "exec -g root c", "--additional-gids" },
		{ "exec --preserve-fds -1 c", "--preserve-fds" },
		{ "exec --preserve-fds 1001 c", "--preserve-fds" },
		{ "exec --preserve-fds= c", "--preserve-fds" },
		{ "exec --cap CAP_NONSENSE c", "--cap: \"CAP_NONSENSE\" is not a capability" },
		{ "exec --cap= c", "--cap" },
		{ "exec --frobnicate c", "frobnicate" },
		{ "exec -x c", "x" },
		{ "exec --cwd", "cwd" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_msg(take(cases[i].line) == -EINVAL, "'%s' is taken", cases[i].line);
		check_err(&err, BT_ERR_INVALID, cases[i].words);
	}
}
END_TEST

START_TEST(a_user_is_one_number_or_two)
{
	static const struct {
		const char *text;
		uint32_t uid, gid;
	} cases[] = { { "0", 0, 0 },
		      { "1000", 1000, 0 },
		      { "1:2", 1, 2 },
		      { "4294967294:4294967294", 4294967294u, 4294967294u } };

	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint32_t uid = 9, gid = 9;

		ck_assert_msg(bt_oci_exec_flags_user(cases[i].text, &uid, &gid, &err) == 0, "%s",
			      cases[i].text);
		ck_assert_uint_eq(uid, cases[i].uid);
		ck_assert_uint_eq(gid, cases[i].gid);
	}
}
END_TEST

START_TEST(a_user_that_is_no_number_writes_nothing)
{
	static const char *const texts[] = { "",      ":",          "1:",           ":1",
					     "root",  "1:root",     "-1",           "1:-1",
					     "1:2:3", "4294967295", "1:4294967295", "1 ",
					     "0x1",   "1.0" };

	for (size_t i = 0; i < LENGTH(texts); i++) {
		uint32_t uid = 9, gid = 9;

		err = (struct bt_err){ 0 };
		ck_assert_msg(bt_oci_exec_flags_user(texts[i], &uid, &gid, &err) == -EINVAL,
			      "'%s' is a user", texts[i]);
		check_err(&err, BT_ERR_INVALID, "--user");
		ck_assert_uint_eq(uid, 9);
		ck_assert_uint_eq(gid, 9);
	}
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, without_flags_nothing_is_said);
	tcase_add_test(tests, texts_are_borrowed_as_they_are);
	tcase_add_test(tests, short_flags_mean_what_their_long_ones_do);
	tcase_add_test(tests, switches_can_be_turned_off_again);
	tcase_add_test(tests, a_socket_or_file_without_a_name_is_none);
	tcase_add_test(tests, of_a_flag_that_is_no_list_the_last_counts);
	tcase_add_test(tests, lists_keep_their_order_and_what_is_twice);
	tcase_add_test(tests, lists_are_bounded);
	tcase_add_test(tests, values_that_are_none_are_refused_with_their_flag);
	tcase_add_test(tests, a_user_is_one_number_or_two);
	tcase_add_test(tests, a_user_that_is_no_number_writes_nothing);
}

int main(void)
{
	return run_suite("runtime/oci_exec_flags", NULL, flags_teardown, add);
}
