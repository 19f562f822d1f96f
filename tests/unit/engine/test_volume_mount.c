/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume_mount.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/host_mount.h"
#include "engine/volume.h"
#include "engine_fixture.h"

static struct bt_events_follower *follower;

/* Mounts are the test's own, and go with its process. */
static void setup(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	setup_engine();
	engine.volume_mounts = bt_volume_mounts_create();
	ck_assert_ptr_nonnull(engine.volume_mounts);
}

static void teardown(void)
{
	bt_volume_mounts_destroy(bt_take(engine.volume_mounts));
	bt_events_close(follower);
	teardown_engine();
}

/* `options`: DriverOpts with single quotes. */
static void make(const char *name, const char *options)
{
	json_auto_t *json = parse(options);
	const struct bt_volume_new v = { .name = name, .options = json };

	ck_well(bt_volume_ensure(&engine, &v, &err), &err);
}

static int use(const char *volume, const char *user)
{
	err = (struct bt_err){ 0 };
	return bt_volume_mount_use(&engine, volume, user, &err);
}

static bool is_mounted(const char *volume)
{
	bt_auto_free char *path = bt_volume_path(&engine, volume);

	return bt_host_mount_is_there(path);
}

#define TMPFS "{'type':'tmpfs','device':'tmpfs','o':'size=64k,nosuid'}"

START_TEST(a_volume_is_mounted_for_the_first_and_unmounted_after_the_last)
{
	bt_auto_free char *path = bt_volume_path(&engine, "v1");
	struct statvfs fs;

	make("v1", TMPFS);
	ck_assert(!is_mounted("v1"));
	ck_assert(!bt_volume_mount_is_used(&engine, "v1"));
	ck_well(use("v1", "c1"), &err);
	ck_assert_int_eq(statvfs(path, &fs), 0);
	ck_assert_uint_eq(fs.f_blocks * fs.f_frsize, 65536);
	ck_assert((fs.f_flag & ST_NOSUID) != 0);
	ck_well(use("v1", "c2"), &err);
	bt_volume_mount_drop(&engine, "c1", false);
	ck_assert(is_mounted("v1"));
	ck_assert(bt_volume_mount_is_used(&engine, "v1"));
	bt_volume_mount_drop(&engine, "c2", false);
	ck_assert(!is_mounted("v1"));
	ck_assert(!bt_volume_mount_is_used(&engine, "v1"));
}
END_TEST

START_TEST(who_asks_twice_has_it_once_and_who_never_asked_drops_nothing)
{
	make("v1", TMPFS);
	ck_well(use("v1", "c1"), &err);
	ck_well(use("v1", "c1"), &err);
	bt_volume_mount_drop(&engine, "nobody", false);
	ck_assert(is_mounted("v1"));
	bt_volume_mount_drop(&engine, "c1", false);
	ck_assert(!is_mounted("v1"));
	bt_volume_mount_drop(&engine, "c1", false);
}
END_TEST

START_TEST(all_volumes_of_one_user_are_dropped_together_and_told_where_wanted)
{
	make("v1", TMPFS);
	make("v2", TMPFS);
	make("plain", "{}");
	ck_well(use("v1", "c1"), &err);
	ck_well(use("v2", "c1"), &err);
	ck_well(use("plain", "c1"), &err);
	ck_well(use("v2", "c2"), &err);
	(void)events_since(&follower);
	bt_volume_mount_drop(&engine, "c1", true);
	ck_assert(!is_mounted("v1"));
	ck_assert(is_mounted("v2"));
	ck_assert_str_eq(events_since(&follower),
			 "volume unmount v1,volume unmount v2,volume unmount plain");
	bt_volume_mount_drop(&engine, "c2", false);
	ck_assert_str_eq(events_since(&follower), "");
}
END_TEST

START_TEST(a_volume_without_options_is_only_counted)
{
	make("v1", "{}");
	ck_well(use("v1", "c1"), &err);
	ck_assert(!is_mounted("v1"));
	ck_assert(bt_volume_mount_is_used(&engine, "v1"));
	bt_volume_mount_drop(&engine, "c1", false);
	ck_assert(!bt_volume_mount_is_used(&engine, "v1"));
}
END_TEST

START_TEST(what_others_mounted_at_a_volume_without_options_stays_theirs)
{
	bt_auto_free char *path = bt_volume_path(&engine, "v1");

	make("v1", "{}");
	ck_assert_int_eq(mount("tmpfs", path, "tmpfs", 0, NULL), 0);
	ck_well(use("v1", "c1"), &err);
	bt_volume_mount_drop(&engine, "c1", false);
	ck_assert(is_mounted("v1"));
	bt_volume_mount_sweep(&engine);
	ck_assert(is_mounted("v1"));
	ck_assert_int_eq(umount2(path, MNT_DETACH), 0);
}
END_TEST

START_TEST(a_directory_elsewhere_is_bound_and_flags_hold_for_it_too)
{
	bt_auto_free char *path = bt_volume_path(&engine, "v1");
	char options[256], elsewhere[64], file[128];

	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", dir);
	ck_assert_int_eq(mkdir(elsewhere, 0755), 0);
	(void)snprintf(file, sizeof(file), "%s/file", elsewhere);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, file, 0644, "x", 1), 0);
	(void)snprintf(options, sizeof(options), "{'type':'none','device':'%s','o':'bind,ro'}",
		       elsewhere);
	make("v1", options);
	ck_well(use("v1", "c1"), &err);
	(void)snprintf(file, sizeof(file), "%s/file", path);
	ck_assert_int_eq(access(file, F_OK), 0);
	ck_assert_int_eq(unlink(file), -1);
	ck_assert_int_eq(errno, EROFS);
	bt_volume_mount_drop(&engine, "c1", false);
	ck_assert_int_eq(access(file, F_OK), -1);
	/* Where it came from it still is. */
	(void)snprintf(file, sizeof(file), "%s/file", elsewhere);
	ck_assert_int_eq(access(file, F_OK), 0);
}
END_TEST

START_TEST(what_cannot_be_mounted_is_named_and_counts_nobody)
{
	make("v1", "{'type':'none','device':'/nosuch/directory','o':'bind'}");
	make("v2", "{'type':'nosuchfs','device':'x'}");
	ck_assert_int_eq(use("v1", "c1"), -ENOENT);
	check_err(&err, BT_ERR_SYSTEM, "failed to mount local volume: mount /nosuch/directory:");
	ck_assert_int_eq(use("v2", "c1"), -ENODEV);
	check_err(&err, BT_ERR_SYSTEM, "failed to mount local volume");
	ck_assert(!bt_volume_mount_is_used(&engine, "v1"));
	ck_assert(!bt_volume_mount_is_used(&engine, "v2"));
	ck_assert(!is_mounted("v1"));
}
END_TEST

START_TEST(a_server_that_nobody_knows_is_named)
{
	make("v1", "{'type':'nfs','device':':/x','o':'addr=nosuch.invalid'}");
	ck_assert_int_eq(use("v1", "c1"), -EHOSTUNREACH);
	check_err(&err, BT_ERR_SYSTEM,
		  "error resolving passed in network volume address: nosuch.invalid");
	ck_assert(!bt_volume_mount_is_used(&engine, "v1"));
}
END_TEST

START_TEST(a_volume_that_is_not_there_is_mounted_by_nobody)
{
	ck_well(use("nosuch", "c1"), &err);
	bt_volume_mount_drop(&engine, "c1", false);
	ck_assert_int_eq(bt_volume_mount_is_foreign(&engine, "nosuch", &err), 0);
}
END_TEST

START_TEST(a_volume_is_foreign_where_its_content_lies_elsewhere)
{
	make("v1", TMPFS);
	make("v2", "{}");
	ck_assert_int_eq(bt_volume_mount_is_foreign(&engine, "v1", &err), 1);
	ck_assert_int_eq(bt_volume_mount_is_foreign(&engine, "v2", &err), 0);
}
END_TEST

/* A container whose summary has these mounts, with single quotes. */
static struct bt_container *with_mounts(const char *id, const char *mounts)
{
	struct bt_container *c = add_container(id, id, "{}", "{}");
	json_auto_t *summary = json_pack("{s:o}", "Mounts", parse(mounts));

	free(c->summary);
	c->summary = json_dumps(summary, 0);
	return c;
}

START_TEST(the_next_daemon_unmounts_what_nobody_uses_any_more_and_nothing_else)
{
	make("used", TMPFS);
	make("left", TMPFS);
	ck_well(use("used", "c1c1"), &err);
	ck_well(use("left", "c2c2"), &err);
	/* A daemon that begins knows of no user until it has looked. */
	bt_volume_mounts_destroy(engine.volume_mounts);
	engine.volume_mounts = bt_volume_mounts_create();
	bt_volume_mount_adopt(with_mounts("c1c1", "[{'Type':'bind','Name':'left'},"
						  "{'Type':'volume','Name':'used'}]"));
	bt_volume_mount_adopt(with_mounts("c3c3", "[]"));
	ck_assert(bt_volume_mount_is_used(&engine, "used"));
	ck_assert(!bt_volume_mount_is_used(&engine, "left"));
	bt_volume_mount_sweep(&engine);
	ck_assert(is_mounted("used"));
	ck_assert(!is_mounted("left"));
	bt_volume_mount_drop(&engine, "c1c1", false);
	ck_assert(!is_mounted("used"));
}
END_TEST

START_TEST(nothing_to_destroy_is_fine)
{
	bt_volume_mounts_destroy(NULL);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_volume_is_mounted_for_the_first_and_unmounted_after_the_last);
	tcase_add_test(tests, who_asks_twice_has_it_once_and_who_never_asked_drops_nothing);
	tcase_add_test(tests, all_volumes_of_one_user_are_dropped_together_and_told_where_wanted);
	tcase_add_test(tests, a_volume_without_options_is_only_counted);
	tcase_add_test(tests, what_others_mounted_at_a_volume_without_options_stays_theirs);
	tcase_add_test(tests, a_directory_elsewhere_is_bound_and_flags_hold_for_it_too);
	tcase_add_test(tests, what_cannot_be_mounted_is_named_and_counts_nobody);
	tcase_add_test(tests, a_server_that_nobody_knows_is_named);
	tcase_add_test(tests, a_volume_that_is_not_there_is_mounted_by_nobody);
	tcase_add_test(tests, a_volume_is_foreign_where_its_content_lies_elsewhere);
	tcase_add_test(tests, the_next_daemon_unmounts_what_nobody_uses_any_more_and_nothing_else);
	tcase_add_test(tests, nothing_to_destroy_is_fine);
}

int main(void)
{
	return run_suite("volume_mount", setup, teardown, add_tests);
}
