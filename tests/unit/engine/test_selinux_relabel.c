/* SPDX-License-Identifier: Apache-2.0 */

/* A kernel without SELinux keeps the attribute for root all the same. */

#include "engine/selinux_relabel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "common.h"

#define LABEL  "system_u:object_r:container_file_t:s0:c1,c2"
#define SHARED "system_u:object_r:container_file_t:s0"

static char top[] = "/tmp/berth-relabel-XXXXXX";

static void setup(void)
{
	memcpy(top + sizeof(top) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(top));
}

static void teardown(void)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, top), 0);
}

static char *at(const char *name)
{
	return bt_str_format("%s/%s", top, name);
}

static void make(const char *name)
{
	bt_auto_free char *path = at(name);

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, "x", 1), 0);
}

static void make_dir(const char *name)
{
	bt_auto_free char *path = at(name);

	ck_assert_int_eq(mkdir(path, 0700), 0);
}

/* What lies at `name` itself, without following it. */
static void assert_label(const char *name, const char *wanted)
{
	bt_auto_free char *path = at(name);
	char got[256] = "";
	ssize_t n = lgetxattr(path, "security.selinux", got, sizeof(got) - 1);

	if (wanted == NULL)
		ck_assert_msg(n < 0, "%s has %s", name, got);
	else
		ck_assert_str_eq(got, wanted);
}

static void relabel(const char *name, bool shared)
{
	bt_auto_free char *path = at(name);
	struct bt_err err = { 0 };

	ck_assert_msg(bt_selinux_relabel_tree(path, LABEL, shared, &err) == 0, "%s", err.msg);
}

START_TEST(a_tree_gets_the_label_down_to_its_leaves)
{
	make_dir("d");
	make_dir("d/deep");
	make("d/deep/f");
	make("beside");
	relabel("d", false);
	assert_label("d", LABEL);
	assert_label("d/deep", LABEL);
	assert_label("d/deep/f", LABEL);
	assert_label("beside", NULL);
}
END_TEST

START_TEST(what_is_shared_has_no_categories)
{
	make_dir("d");
	make("d/f");
	relabel("d", true);
	assert_label("d", SHARED);
	assert_label("d/f", SHARED);
}
END_TEST

START_TEST(a_link_inside_is_not_followed)
{
	bt_auto_free char *link = at("d/link"), *dir = at("d/dir"), *target = at("target");

	make_dir("d");
	make_dir("target");
	make("target/f");
	ck_assert_int_eq(symlink(target, dir), 0);
	ck_assert_int_eq(symlink("../target/f", link), 0);
	relabel("d", false);
	assert_label("target", NULL);
	assert_label("target/f", NULL);
	assert_label("d/link", LABEL);
}
END_TEST

START_TEST(fifos_and_files_without_rights_hold_nobody_up)
{
	bt_auto_free char *fifo = at("d/fifo"), *file = at("d/f");

	make_dir("d");
	make("d/f");
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_int_eq(chmod(file, 0), 0);
	relabel("d", false);
	assert_label("d/fifo", LABEL);
	assert_label("d/f", LABEL);
}
END_TEST

START_TEST(one_file_can_be_labelled)
{
	make("f");
	relabel("f", false);
	assert_label("f", LABEL);
}
END_TEST

START_TEST(once_means_once)
{
	bt_auto_free char *dir = at("d");
	struct bt_err err;

	make_dir("d");
	make("d/f");
	ck_assert_int_eq(bt_selinux_relabel_once(dir, SHARED, &err), 0);
	assert_label("d", SHARED);
	assert_label("d/f", SHARED);
	make("d/later");
	ck_assert_int_eq(bt_selinux_relabel_once(dir, SHARED, &err), 0);
	assert_label("d/later", NULL);
	/* Another label is put on all of it again. */
	ck_assert_int_eq(bt_selinux_relabel_once(dir, LABEL, &err), 0);
	assert_label("d/later", LABEL);
}
END_TEST

START_TEST(no_label_changes_nothing)
{
	struct bt_err err;

	make("f");
	ck_assert_int_eq(bt_selinux_relabel_tree(top, "", false, &err), 0);
	ck_assert_int_eq(bt_selinux_relabel_tree("/etc", "", false, &err), 0);
	assert_label("f", NULL);
}
END_TEST

START_TEST(what_the_host_lives_by_is_refused)
{
	static const char *const places[] = { "/",    "/etc", "/usr", "/home",    "/root",
					      "/var", "/tmp", "/dev", "/var/lib", "/etc/shadow" };
	struct bt_err err;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		ck_assert_msg(bt_selinux_relabel_is_forbidden(places[i]), "%s", places[i]);
	ck_assert(!bt_selinux_relabel_is_forbidden("/etc/app"));
	ck_assert(!bt_selinux_relabel_is_forbidden("/home/me"));
	ck_assert(!bt_selinux_relabel_is_forbidden("/var/lib/app"));
	ck_assert_int_eq(bt_selinux_relabel_tree("/etc", LABEL, true, &err), -EPERM);
	ck_assert_str_eq(err.msg, "SELinux relabeling of /etc is not allowed");
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_int_eq(bt_selinux_relabel_tree("/usr/../etc/", LABEL, true, &err), -EPERM);
}
END_TEST

START_TEST(the_daemons_home_is_refused_too)
{
	ck_assert(!bt_selinux_relabel_is_forbidden("/srv/home"));
	ck_assert_int_eq(setenv("HOME", "/srv/home", 1), 0);
	ck_assert(bt_selinux_relabel_is_forbidden("/srv/home"));
	ck_assert(!bt_selinux_relabel_is_forbidden("/srv/home/x"));
}
END_TEST

START_TEST(a_link_to_such_a_place_is_refused)
{
	bt_auto_free char *link = at("link");
	struct bt_err err;

	ck_assert_int_eq(symlink("/etc", link), 0);
	ck_assert_int_eq(bt_selinux_relabel_tree(link, LABEL, false, &err), -EPERM);
}
END_TEST

START_TEST(what_is_not_there_is_an_error_that_names_it)
{
	bt_auto_free char *path = at("none");
	struct bt_err err;

	ck_assert_int_eq(bt_selinux_relabel_tree(path, LABEL, false, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, path));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_tree_gets_the_label_down_to_its_leaves);
	tcase_add_test(tests, what_is_shared_has_no_categories);
	tcase_add_test(tests, a_link_inside_is_not_followed);
	tcase_add_test(tests, fifos_and_files_without_rights_hold_nobody_up);
	tcase_add_test(tests, one_file_can_be_labelled);
	tcase_add_test(tests, once_means_once);
	tcase_add_test(tests, no_label_changes_nothing);
	tcase_add_test(tests, what_the_host_lives_by_is_refused);
	tcase_add_test(tests, the_daemons_home_is_refused_too);
	tcase_add_test(tests, a_link_to_such_a_place_is_refused);
	tcase_add_test(tests, what_is_not_there_is_an_error_that_names_it);
}

int main(void)
{
	return run_tests("engine/selinux_relabel", add);
}
