/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/disk_usage.h"

#include "engine/volume.h"
#include "stores_fixture.h"

static json_t *usage;

static void setup(void)
{
	bt_auto_free char *volumes = NULL;

	setup_stores();
	volumes = bt_str_format("%s/volumes", root);
	ck_assert_int_eq(bt_io_mkdir_p(volumes, 0700), 0);
}

static void teardown(void)
{
	json_decref(usage);
	teardown_stores();
}

/* What is measured is in `usage`. */
static void measure(const struct bt_disk_usage *what)
{
	json_decref(usage);
	usage = NULL;
	ck_well(bt_disk_usage_get(&engine, what, &usage, &err), &err);
}

static void add_volume(const char *name, size_t size)
{
	const struct bt_volume_new volume = { .name = name };
	bt_auto_free char *dir = NULL, *file = NULL;
	bt_auto_str struct bt_str text = { 0 };

	ck_well(bt_volume_ensure(&engine, &volume, &err), &err);
	dir = bt_volume_path(&engine, name);
	file = bt_str_format("%s/file", dir);
	bt_str_fill(&text, 'x', size);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, file, 0600, bt_str_get(&text), size), 0);
}

/* UsageData of the volume of this name. Borrowed. */
static const json_t *usage_of(const char *name)
{
	const json_t *volume;
	size_t i;

	json_array_foreach (json_object_get(usage, "Volumes"), i, volume)
		if (strcmp(json_string_value(json_object_get(volume, "Name")), name) == 0)
			return json_object_get(volume, "UsageData");
	ck_abort_msg("no volume %s", name);
	return NULL;
}

START_TEST(what_is_not_wanted_is_null)
{
	measure(&(struct bt_disk_usage){ 0 });
	assert_json(usage, "{'LayersSize':0,'Images':null,'Containers':null,'Volumes':null,"
			   "'BuildCache':null}");
}
END_TEST

START_TEST(of_nothing_there_are_empty_lists)
{
	measure(&(struct bt_disk_usage){ true, true, true, true });
	assert_json(usage,
		    "{'LayersSize':0,'Images':[],'Containers':[],'Volumes':[],'BuildCache':[]}");
}
END_TEST

START_TEST(a_volume_counts_its_files_and_each_container_that_has_it)
{
	add_volume("data", 5000);
	add_volume("idle", 7);
	add_recorded("a", "{}", "{}", "[{'Type':'volume','Name':'data'}]");
	add_recorded("b", "{}", "{}",
		     "[{'Type':'bind','Source':'/x'},{'Type':'volume','Name':'data'}]");
	measure(&(struct bt_disk_usage){ .volumes = true });
	assert_json(usage_of("data"), "{'RefCount':2,'Size':5000}");
	assert_json(usage_of("idle"), "{'RefCount':0,'Size':7}");
	ck_assert(json_is_null(json_object_get(usage, "Containers")));
}
END_TEST

START_TEST(a_volume_whose_directory_has_gone_has_no_size)
{
	bt_auto_free char *dir = NULL;

	add_volume("data", 5);
	dir = bt_volume_path(&engine, "data");
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
	measure(&(struct bt_disk_usage){ .volumes = true });
	assert_json(usage_of("data"), "{'RefCount':0,'Size':-1}");
}
END_TEST

START_TEST(an_image_is_told_with_what_it_shares)
{
	char id[72];
	const json_t *image;

	ck_well(bt_images_add(engine.images, "{\"rootfs\":{}}", 13, NULL, NULL, "a:1", id, &err),
		&err);
	measure(&(struct bt_disk_usage){ .images = true });
	ck_assert_uint_eq(json_array_size(json_object_get(usage, "Images")), 1);
	image = json_array_get(json_object_get(usage, "Images"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(image, "Id")), id);
	assert_json(json_object_get(image, "SharedSize"), "0");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_is_not_wanted_is_null);
	tcase_add_test(tests, of_nothing_there_are_empty_lists);
	tcase_add_test(tests, a_volume_counts_its_files_and_each_container_that_has_it);
	tcase_add_test(tests, a_volume_whose_directory_has_gone_has_no_size);
	tcase_add_test(tests, an_image_is_told_with_what_it_shares);
}

int main(void)
{
	return run_suite("engine/disk_usage", setup, teardown, add);
}
