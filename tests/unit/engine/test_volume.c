/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine_fixture.h"

static struct bt_events_follower *follower;

static void setup(void)
{
	(void)umask(022);
	setup_engine();
	(void)events_since(&follower);
}

static void teardown(void)
{
	bt_events_close(follower);
	teardown_engine();
}

static int ensure(const char *name)
{
	const struct bt_volume_new v = { .name = name };

	err = (struct bt_err){ 0 };
	return bt_volume_ensure(&engine, &v, &err);
}

/* <dir>/volumes/<name>, or what is in it. */
static const char *path_of(const char *name)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/volumes/%s", dir, name);
	return path;
}

static bool is_there(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

static void put_file(const char *name)
{
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path_of(name), 0644, "x", 1), 0);
}

static int64_t rows(void)
{
	return sql_int("SELECT count(*) FROM volumes");
}

/* What its row says, or NULL. */
static json_t *config_of(const char *name)
{
	json_t *config = NULL;
	int r = bt_volume_config(&engine, name, &config, &err);

	ck_well(r, &err);
	ck_assert_int_eq(r, config != NULL);
	return config;
}

START_TEST(a_new_volume_is_a_row_and_a_directory_that_host_users_cannot_look_into)
{
	json_auto_t *labels = parse("{'a':'b'}"), *options = parse("{'type':'tmpfs'}");
	const struct bt_volume_new v = {
		.name = "v1", .anonymous = true, .labels = labels, .options = options
	};
	json_auto_t *config = NULL;
	struct stat st;

	ck_well(bt_volume_ensure(&engine, &v, &err), &err);
	config = config_of("v1");
	assert_json(config, "{'Labels':{'a':'b'},'Options':{'type':'tmpfs'},'Anonymous':true}");
	ck_assert_int_eq(stat(path_of("v1"), &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0701);
	ck_assert_int_eq(stat(path_of("v1/_data"), &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0755);
	ck_assert_str_eq(events_since(&follower), "volume create v1");
}
END_TEST

START_TEST(one_that_is_there_stays_as_it_was_made)
{
	json_auto_t *labels = parse("{'a':'b'}"), *config = NULL;
	const struct bt_volume_new again = { .name = "v1", .anonymous = true, .labels = labels };

	ck_well(ensure("v1"), &err);
	put_file("v1/_data/file");
	(void)events_since(&follower);
	ck_well(bt_volume_ensure(&engine, &again, &err), &err);
	config = config_of("v1");
	ck_assert(json_is_false(json_object_get(config, "Anonymous")));
	ck_assert_ptr_null(json_object_get(json_object_get(config, "Labels"), "a"));
	ck_assert(is_there("v1/_data/file"));
	ck_assert_int_eq(rows(), 1);
	ck_assert_str_eq(events_since(&follower), "");
}
END_TEST

START_TEST(a_row_whose_directory_was_lost_gets_one_when_it_is_needed)
{
	ck_well(ensure("v1"), &err);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, path_of("v1")), 0);
	ck_well(ensure("v1"), &err);
	ck_assert(is_there("v1/_data"));
}
END_TEST

START_TEST(a_directory_that_cannot_be_made_is_an_error_that_names_it)
{
	ck_well(ensure("v0"), &err);
	put_file("v1");
	(void)events_since(&follower);
	ck_assert_int_eq(ensure("v1"), -ENOTDIR);
	check_err(&err, BT_ERR_SYSTEM, "volumes/v1/_data");
	/* There is no such volume then: neither is it listed, nor is it known when it can be made.
	 */
	ck_assert_int_eq(rows(), 1);
	ck_assert_str_eq(events_since(&follower), "");
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, path_of("v1")), 0);
	ck_well(ensure("v1"), &err);
	ck_assert_str_eq(events_since(&follower), "volume create v1");
}
END_TEST

START_TEST(a_volume_that_could_not_be_made_leaves_no_directory)
{
	ck_well(ensure("v0"), &err);
	/* Here is room for one directory, and not for the one in it. */
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("tmpfs", path_of(""), "tmpfs", 0, "nr_inodes=2"), 0);
	ck_assert_int_eq(ensure("v1"), -ENOSPC);
	check_err(&err, BT_ERR_SYSTEM, "volumes/v1/_data");
	ck_assert(!is_there("v1"));
	ck_assert_int_eq(rows(), 1);
	/* One that is there already, and what is in it, stays. */
	ck_assert_int_eq(mount(NULL, path_of(""), NULL, MS_REMOUNT, "nr_inodes=3"), 0);
	ck_assert_int_eq(mkdir(path_of("v1"), 0700), 0);
	ck_assert_int_eq(mkdir(path_of("v1/theirs"), 0700), 0);
	ck_assert_int_eq(ensure("v1"), -ENOSPC);
	ck_assert(is_there("v1/theirs"));
	ck_assert_int_eq(umount2(path_of(""), MNT_DETACH), 0);
}
END_TEST

START_TEST(what_is_deleted_goes_with_all_that_is_in_it)
{
	ck_well(ensure("v1"), &err);
	ck_well(ensure("v2"), &err);
	put_file("v1/_data/file");
	(void)events_since(&follower);
	ck_well(bt_volume_delete(&engine, "v1", &err), &err);
	ck_assert(!is_there("v1"));
	ck_assert(is_there("v2/_data"));
	ck_assert_ptr_null(config_of("v1"));
	ck_assert_int_eq(rows(), 1);
	ck_assert_str_eq(events_since(&follower), "volume destroy v1");
	ck_well(bt_volume_delete(&engine, "nosuch", &err), &err);
}
END_TEST

START_TEST(a_volume_that_cannot_be_emptied_keeps_its_row)
{
	ck_well(ensure("v1"), &err);
	ck_assert_int_eq(mkdir(path_of("v1/_data/theirs"), 0755), 0);
	/* Somebody mounted something there; what that is may not be emptied. */
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("tmpfs", path_of("v1/_data/theirs"), "tmpfs", 0, NULL), 0);
	put_file("v1/_data/theirs/file");
	(void)events_since(&follower);
	ck_assert_int_lt(bt_volume_delete(&engine, "v1", &err), 0);
	check_err(&err, BT_ERR_SYSTEM, "remove volume v1");
	ck_assert(is_there("v1/_data/theirs/file"));
	ck_assert_int_eq(rows(), 1);
	ck_assert_str_eq(events_since(&follower), "");
	ck_assert_int_eq(umount2(path_of("v1/_data/theirs"), MNT_DETACH), 0);
	ck_well(bt_volume_delete(&engine, "v1", &err), &err);
	ck_assert_int_eq(rows(), 0);
}
END_TEST

START_TEST(names_come_in_order)
{
	json_auto_t *names = json_array();

	ck_well(bt_volume_names(&engine, names, &err), &err);
	assert_json(names, "[]");
	ck_well(ensure("b"), &err);
	ck_well(ensure("c"), &err);
	ck_well(ensure("a"), &err);
	ck_well(bt_volume_names(&engine, names, &err), &err);
	assert_json(names, "['a','b','c']");
}
END_TEST

START_TEST(a_renamed_volume_has_its_content_and_what_it_was_made_with)
{
	json_auto_t *labels = parse("{'a':'b'}"), *config = NULL;
	const struct bt_volume_new v = { .name = "old", .labels = labels };

	ck_well(bt_volume_ensure(&engine, &v, &err), &err);
	put_file("old/_data/file");
	(void)events_since(&follower);
	ck_well(bt_volume_rename(&engine, "old", "new", &err), &err);
	ck_assert(is_there("new/_data/file"));
	ck_assert(!is_there("old"));
	ck_assert_ptr_null(config_of("old"));
	config = config_of("new");
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(config, "Labels"), "a")),
			 "b");
	ck_assert_ptr_null(json_object_get(config, "MovedFrom"));
	ck_assert_str_eq(events_since(&follower), "volume rename new");
}
END_TEST

START_TEST(a_rename_into_something_that_lies_there_changes_nothing)
{
	json_auto_t *config = NULL;

	ck_well(ensure("old"), &err);
	put_file("new");
	(void)events_since(&follower);
	ck_assert_int_eq(bt_volume_rename(&engine, "old", "new", &err), -EEXIST);
	check_err(&err, BT_ERR_SYSTEM, "rename volume old to new");
	config = config_of("old");
	ck_assert_ptr_nonnull(config);
	ck_assert_ptr_null(json_object_get(config, "MovedFrom"));
	ck_assert_ptr_null(config_of("new"));
	ck_assert(is_there("old/_data"));
	ck_assert_str_eq(events_since(&follower), "");
}
END_TEST

START_TEST(the_next_daemon_finishes_a_rename_wherever_it_was_cut_off)
{
	json_auto_t *config = NULL;

	ck_well(ensure("a1"), &err);
	put_file("a1/_data/file");
	ck_well(ensure("b1"), &err);
	put_file("b1/_data/file");
	/* Behind the row, and behind the directory. */
	sql_run("UPDATE volumes SET name = 'a2', config = '{\"MovedFrom\":\"a1\"}'"
		" WHERE name = 'a1'");
	ck_well(bt_volume_rename(&engine, "b1", "b2", &err), &err);
	sql_run("UPDATE volumes SET config = '{\"MovedFrom\":\"b1\"}' WHERE name = 'b2'");
	bt_volume_sweep(&engine);
	ck_assert(is_there("a2/_data/file"));
	ck_assert(is_there("b2/_data/file"));
	ck_assert(!is_there("a1"));
	ck_assert(!is_there("b1"));
	config = config_of("a2");
	ck_assert_ptr_null(json_object_get(config, "MovedFrom"));
	/* Twice is once. */
	bt_volume_sweep(&engine);
	ck_assert(is_there("a2/_data/file"));
}
END_TEST

START_TEST(a_sweep_gives_rows_directories_and_takes_those_without_a_row)
{
	ck_well(ensure("row"), &err);
	ck_well(ensure("both"), &err);
	ck_well(ensure("directory"), &err);
	put_file("both/_data/file");
	put_file("directory/_data/file");
	put_file("stray");
	sql_run("DELETE FROM volumes WHERE name = 'directory'");
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, path_of("row")), 0);
	bt_volume_sweep(&engine);
	ck_assert(is_there("row/_data"));
	ck_assert(is_there("both/_data/file"));
	ck_assert(!is_there("directory"));
	ck_assert(!is_there("stray"));
	ck_assert_int_eq(rows(), 2);
}
END_TEST

START_TEST(where_there_were_never_volumes_a_sweep_makes_none)
{
	bt_volume_sweep(&engine);
	ck_assert_int_eq(rows(), 0);
	ck_assert(!is_there(""));
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests,
		       a_new_volume_is_a_row_and_a_directory_that_host_users_cannot_look_into);
	tcase_add_test(tests, one_that_is_there_stays_as_it_was_made);
	tcase_add_test(tests, a_row_whose_directory_was_lost_gets_one_when_it_is_needed);
	tcase_add_test(tests, a_directory_that_cannot_be_made_is_an_error_that_names_it);
	tcase_add_test(tests, a_volume_that_could_not_be_made_leaves_no_directory);
	tcase_add_test(tests, what_is_deleted_goes_with_all_that_is_in_it);
	tcase_add_test(tests, a_volume_that_cannot_be_emptied_keeps_its_row);
	tcase_add_test(tests, names_come_in_order);
	tcase_add_test(tests, a_renamed_volume_has_its_content_and_what_it_was_made_with);
	tcase_add_test(tests, a_rename_into_something_that_lies_there_changes_nothing);
	tcase_add_test(tests, the_next_daemon_finishes_a_rename_wherever_it_was_cut_off);
	tcase_add_test(tests, a_sweep_gives_rows_directories_and_takes_those_without_a_row);
	tcase_add_test(tests, where_there_were_never_volumes_a_sweep_makes_none);
}

int main(void)
{
	return run_suite("volume", setup, teardown, add_tests);
}
