/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/config_file.h"

#include <errno.h>
#include <sys/stat.h>

#include "engine/container_files.h"
#include "stores_fixture.h"

static struct bt_container *web;
static char *dir;

static void setup(void)
{
	setup_stores();
	web = add_container("web", "{}");
	dir = bt_container_files_path(&engine, web->id, NULL);
	ck_assert_int_eq(bt_io_mkdir_p(dir, 0700), 0);
}

static void teardown(void)
{
	free(dir);
	teardown_stores();
}

static char *place(const char *name)
{
	return bt_str_format("%s/%s", dir, name);
}

/* What it says, as JSON. */
static json_t *read_it(void)
{
	bt_auto_free char *path = place("config.v2.json"), *text = NULL;
	json_t *json;

	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, path, 4096, &text, NULL), 0);
	json = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(json);
	return json;
}

START_TEST(it_says_id_name_time_and_image_to_root_alone)
{
	bt_auto_free char *path = place("config.v2.json");
	json_auto_t *json = NULL;
	struct stat st;

	ck_well(bt_config_file_write(web, &err), &err);
	json = read_it();
	assert_json(json,
		    "{'ID':'0000000000000000000000000000000000000000000000000000000000000001',"
		    "'Name':'/web','Created':'1970-01-01T00:00:01.000000000Z','Image':'" IMAGE
		    "'}");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(a_new_name_takes_the_place_of_the_old_one)
{
	json_auto_t *json = NULL;

	ck_well(bt_config_file_write(web, &err), &err);
	ck_well(bt_container_index_rename(&engine, web, "shop", &err), &err);
	ck_well(bt_config_file_write(web, &err), &err);
	json = read_it();
	assert_json(json_object_get(json, "Name"), "'/shop'");
}
END_TEST

START_TEST(what_an_interrupted_write_left_does_not_stand_in_the_way)
{
	bt_auto_free char *path = place("config.v2.json.new");
	json_auto_t *json = NULL;

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, "{\"half", 6), 0);
	ck_well(bt_config_file_write(web, &err), &err);
	json = read_it();
	assert_json(json_object_get(json, "Name"), "'/web'");
	ck_assert_int_lt(access(path, F_OK), 0);
}
END_TEST

START_TEST(where_it_cannot_be_replaced_the_old_one_stays)
{
	bt_auto_free char *path = place("config.v2.json.new");
	json_auto_t *json = NULL;

	ck_well(bt_config_file_write(web, &err), &err);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_well(bt_container_index_rename(&engine, web, "shop", &err), &err);
	ck_assert_int_lt(bt_config_file_write(web, &err), 0);
	check_err(&err, BT_ERR_SYSTEM, "config.v2.json");
	json = read_it();
	assert_json(json_object_get(json, "Name"), "'/web'");
}
END_TEST

START_TEST(without_its_directory_it_is_not_written)
{
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	ck_assert_int_eq(bt_config_file_write(web, &err), -ENOENT);
	check_err(&err, BT_ERR_SYSTEM, "open ");
	ck_assert_int_lt(access(dir, F_OK), 0);
}
END_TEST

START_TEST(an_image_that_is_not_known_is_told_as_none)
{
	json_auto_t *json = NULL;

	free(web->image_id);
	web->image_id = NULL;
	ck_well(bt_config_file_write(web, &err), &err);
	json = read_it();
	assert_json(json_object_get(json, "Image"), "''");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, it_says_id_name_time_and_image_to_root_alone);
	tcase_add_test(tests, a_new_name_takes_the_place_of_the_old_one);
	tcase_add_test(tests, what_an_interrupted_write_left_does_not_stand_in_the_way);
	tcase_add_test(tests, where_it_cannot_be_replaced_the_old_one_stays);
	tcase_add_test(tests, without_its_directory_it_is_not_written);
	tcase_add_test(tests, an_image_that_is_not_known_is_told_as_none);
}

int main(void)
{
	return run_suite("engine/config_file", setup, teardown, add);
}
