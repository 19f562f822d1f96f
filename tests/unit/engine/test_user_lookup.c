/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/user_lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../sys/without_call.h"
#include "base/auto.h"
#include "base/io.h"
#include "common.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "me:x:1000:100:Me:/home/me:/bin/sh\n"
			     "1001:x:0:0:trap:/root:/bin/sh\n"
			     "broken\n"
			     "-1:x:0:0:trap:/root:/bin/sh\n"
			     "4294967296:x:0:0:trap:/root:/bin/sh\n"
			     "+0:x:0:0:trap:/root:/bin/sh\n"
			     "4294967295:x:0:0:trap:/root:/bin/sh\n"
			     "-:x:9:9:odd:/:/bin/sh\n"
			     "last:x:7:8::/l:/x";
static const char group[] = "root:x:0:\n"
			    "users:x:100:\n"
			    "wheel:x:10:root,me\n"
			    "audio:x:63:me\n"
			    "-1:x:0:\n"
			    "4294967296:x:0:\n"
			    "metoo:x:64:metoo\n";

static struct bt_err err;

static struct bt_user find(const char *spec, const char *const *extra)
{
	struct bt_user user = { 0 };
	int r = bt_user_lookup_resolve(spec, passwd, group, extra, &user, &err);

	ck_assert_msg(r == 0, "%s: %s", spec, err.msg);
	return user;
}

static void assert_refused(const char *spec, const char *message)
{
	struct bt_user user = { 0 };

	ck_assert_int_lt(bt_user_lookup_resolve(spec, passwd, group, NULL, &user, &err), 0);
	ck_assert_str_eq(err.msg, message);
}

static void assert_gids(const struct bt_user *user, const char *want)
{
	char got[128] = "";

	for (size_t i = 0; i < user->ngids; i++)
		sprintf(got + strlen(got), "%s%u", i ? "," : "", user->gids[i]);
	ck_assert_str_eq(got, want);
}

START_TEST(nobody_named_is_root_with_its_groups)
{
	struct bt_user user = find("", NULL);

	ck_assert_uint_eq(user.uid, 0);
	ck_assert_str_eq(user.home, "/root");
	assert_gids(&user, "0,10");
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(a_name_brings_its_groups_and_home)
{
	struct bt_user user = find("me", NULL);

	ck_assert_uint_eq(user.uid, 1000);
	ck_assert_uint_eq(user.gid, 100);
	ck_assert_str_eq(user.home, "/home/me");
	assert_gids(&user, "100,10,63");
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(a_number_is_that_uid_even_where_a_user_is_called_so)
{
	struct bt_user user = find("1001", NULL);

	ck_assert_uint_eq(user.uid, 1001);
	ck_assert_str_eq(user.home, "/");
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(a_group_that_is_named_is_the_only_one)
{
	struct bt_user user = find("me:wheel", NULL);

	ck_assert_uint_eq(user.gid, 10);
	assert_gids(&user, "10");
	bt_user_lookup_done(&user);
	user = find("5:6", NULL);
	ck_assert_uint_eq(user.uid, 5);
	assert_gids(&user, "6");
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(extra_groups_are_added_once)
{
	struct bt_user user = find("me", (const char *const[]){ "audio", "77", NULL });

	assert_gids(&user, "100,10,63,77");
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(a_last_line_without_its_end_counts)
{
	struct bt_user user = find("last", NULL);

	ck_assert_uint_eq(user.uid, 7);
	ck_assert_str_eq(user.home, "/l");
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(a_number_out_of_range_is_nobodys_name)
{
	/* All are there as names, and root's. */
	static const char *const traps[] = { "-1", "+0", "4294967295", "4294967296" };
	char message[128];

	for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		(void)snprintf(message, sizeof(message),
			       "unable to find user %s: no matching entries in passwd file",
			       traps[i]);
		assert_refused(traps[i], message);
	}
	assert_refused("me:-1", "unable to find group -1: no matching entries in group file");
	assert_refused("me:4294967296",
		       "unable to find group 4294967296: no matching entries in group file");
}
END_TEST

START_TEST(a_sign_alone_is_a_name)
{
	struct bt_user user = find("-", NULL);

	ck_assert_uint_eq(user.uid, 9);
	bt_user_lookup_done(&user);
}
END_TEST

START_TEST(who_is_not_there_is_refused)
{
	assert_refused("nobody", "unable to find user nobody: no matching entries in passwd file");
	assert_refused("me:nogroup",
		       "unable to find group nogroup: no matching entries in group file");
	assert_refused("4294967296",
		       "unable to find user 4294967296: no matching entries in passwd file");
	assert_refused("-1", "unable to find user -1: no matching entries in passwd file");
	assert_refused("0x0", "unable to find user 0x0: no matching entries in passwd file");
	assert_refused("+0", "unable to find user +0: no matching entries in passwd file");
}
END_TEST

/* A container's root with an /etc. Remove it with drop_root(). */
static char root_dir[] = "/tmp/berth-users-test.XXXXXX";

static int make_root(void)
{
	int root;

	ck_assert_ptr_nonnull(mkdtemp(root_dir));
	root = open(root_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
	ck_assert_int_eq(mkdirat(root, "etc", 0755), 0);
	return root;
}

static void drop_root(int root)
{
	close(root);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, root_dir), 0);
}

static void write_text(int root, const char *path, const char *text)
{
	(void)unlinkat(root, path, 0);
	ck_assert_int_eq(bt_io_create_file(root, path, 0644, text, strlen(text)), 0);
}

/* The uid and gid of a user in a root, "?" and `err`. */
static const char *look(int root, const char *spec)
{
	static char text[32];
	bt_auto_user struct bt_user user = { 0 };

	err = (struct bt_err){ 0 };
	if (bt_user_lookup(root, spec, NULL, &user, &err) < 0)
		return "?";
	(void)snprintf(text, sizeof(text), "%u:%u", user.uid, user.gid);
	return text;
}

START_TEST(the_files_are_those_of_the_containers_root_wherever_its_links_lead)
{
	int root = make_root();

	write_text(root, "passwd", "me:x:5:6::/:/\n");
	ck_assert_int_eq(symlinkat("/passwd", root, "etc/passwd"), 0);
	ck_assert_str_eq(look(root, "me"), "5:6");
	ck_assert_int_eq(unlinkat(root, "etc/passwd", 0), 0);
	ck_assert_int_eq(symlinkat("../../../../../passwd", root, "etc/passwd"), 0);
	ck_assert_str_eq(look(root, "me"), "5:6");
	/* The host's is out of reach. */
	ck_assert_int_eq(unlinkat(root, "etc/passwd", 0), 0);
	ck_assert_int_eq(symlinkat("../../../../../../etc/shadow", root, "etc/passwd"), 0);
	ck_assert_str_eq(look(root, "root"), "?");
	ck_assert_str_eq(look(root, "7"), "7:0");
	drop_root(root);
}
END_TEST

START_TEST(what_is_no_file_has_nobody_in_it_and_is_waited_for_by_nobody)
{
	int root = make_root();

	/* Neither is there. */
	ck_assert_str_eq(look(root, "7:8"), "7:8");
	ck_assert_str_eq(look(root, ""), "0:0");
	ck_assert_str_eq(look(root, "me"), "?");
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_int_eq(mkfifoat(root, "etc/passwd", 0600), 0);
	ck_assert_str_eq(look(root, "7"), "7:0");
	ck_assert_int_eq(unlinkat(root, "etc/passwd", 0), 0);
	ck_assert_int_eq(symlinkat("passwd", root, "etc/passwd"), 0);
	ck_assert_str_eq(look(root, "7"), "7:0");
	ck_assert_int_eq(unlinkat(root, "etc/passwd", 0), 0);
	ck_assert_int_eq(unlinkat(root, "etc", AT_REMOVEDIR), 0);
	write_text(root, "etc", "no directory");
	ck_assert_str_eq(look(root, "7"), "7:0");
	drop_root(root);
}
END_TEST

START_TEST(a_file_that_is_too_long_is_refused)
{
	int root = make_root();
	bt_auto_close int fd = openat(root, "etc/passwd", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, BT_USER_FILE_MAX + 1), 0);
	ck_assert_str_eq(look(root, "7"), "?");
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.msg, "read /etc/passwd of the container"));
	drop_root(root);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_now_makes_nobody_of_the_group_of_root)
{
	int root = make_root();

	write_text(root, "etc/passwd", "me:x:5:6::/:/\n");
	ck_assert_str_eq(look(root, "5"), "5:6");
	without_call(SCMP_SYS(openat2), EMFILE);
	ck_assert_str_eq(look(root, "5"), "?");
	ck_assert_int_eq(err.kind, BT_ERR_SYSTEM);
	ck_assert_int_eq(err.errnum, EMFILE);
	/* What removes trees needs it, too. */
	ck_assert_int_eq(unlinkat(root, "etc/passwd", 0), 0);
	ck_assert_int_eq(unlinkat(root, "etc", AT_REMOVEDIR), 0);
	close(root);
	ck_assert_int_eq(rmdir(root_dir), 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, the_files_are_those_of_the_containers_root_wherever_its_links_lead);
	tcase_add_test(tests, what_is_no_file_has_nobody_in_it_and_is_waited_for_by_nobody);
	tcase_add_test(tests, a_file_that_is_too_long_is_refused);
	tcase_add_test(tests, a_file_that_cannot_be_opened_now_makes_nobody_of_the_group_of_root);
	tcase_add_test(tests, nobody_named_is_root_with_its_groups);
	tcase_add_test(tests, a_name_brings_its_groups_and_home);
	tcase_add_test(tests, a_number_is_that_uid_even_where_a_user_is_called_so);
	tcase_add_test(tests, a_group_that_is_named_is_the_only_one);
	tcase_add_test(tests, extra_groups_are_added_once);
	tcase_add_test(tests, a_last_line_without_its_end_counts);
	tcase_add_test(tests, a_number_out_of_range_is_nobodys_name);
	tcase_add_test(tests, a_sign_alone_is_a_name);
	tcase_add_test(tests, who_is_not_there_is_refused);
}

int main(void)
{
	return run_tests("engine/user_lookup", add);
}
