/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/mounts.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "common.h"

static json_t *collect(const char *config, const char *hc)
{
	json_t *c = parse(config), *h = parse(hc), *out = NULL;
	struct bt_err err = { 0 };
	int r = bt_mounts_collect(c, h, &out, &err);

	ck_assert_msg(r == 0, "%s", err.msg);
	json_decref(c);
	json_decref(h);
	return out;
}

static void assert_refused(const char *hc, const char *message)
{
	json_t *c = parse("{}"), *h = parse(hc), *out = NULL;
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_mounts_collect(c, h, &out, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, message);
	json_decref(c);
	json_decref(h);
}

START_TEST(a_bind_is_shown_as_docker_shows_it)
{
	json_t *mounts = collect("{}", "{'Binds':['/src//a:/dst/:ro']}");
	json_t *shown = bt_mounts_public(mounts);

	assert_json(shown, "[{'Type':'bind','Source':'/src/a','Destination':'/dst','Mode':'ro',"
			   "'RW':false,'Propagation':'rprivate'}]");
	json_decref(shown);
	json_decref(mounts);
}
END_TEST

START_TEST(a_name_is_a_volume)
{
	json_t *mounts = collect("{}", "{'Binds':['data:/dst']}");
	json_t *shown = bt_mounts_public(mounts);

	assert_json(shown, "[{'Type':'volume','Name':'data','Source':'','Destination':'/dst',"
			   "'Driver':'local','Mode':'z','RW':true,'Propagation':''}]");
	json_decref(shown);
	json_decref(mounts);
}
END_TEST

START_TEST(an_images_volume_is_anonymous_unless_something_is_mounted_there)
{
	json_t *mounts = collect("{'Volumes':{'/a':{},'/b':{}}}", "{'Binds':['x1:/a']}");
	const char *name = json_string_value(json_object_get(json_array_get(mounts, 1), "Name"));

	ck_assert_uint_eq(json_array_size(mounts), 2);
	ck_assert_uint_eq(strlen(name), 64);
	ck_assert(json_is_true(json_object_get(json_array_get(mounts, 1), "Anonymous")));
	json_decref(mounts);
}
END_TEST

START_TEST(the_long_form_knows_bind_volume_and_tmpfs)
{
	json_t *mounts =
		collect("{}", "{'Mounts':[{'Type':'bind','Source':'/s','Target':'/a',"
			      "'ReadOnly':true},{'Type':'volume','Target':'/b'},"
			      "{'Type':'tmpfs','Target':'/c','TmpfsOptions':{'SizeBytes':4096,"
			      "'Mode':511}}]}");

	assert_json(json_object_get(json_array_get(mounts, 0), "RW"), "false");
	assert_json(json_object_get(json_array_get(mounts, 1), "Anonymous"), "true");
	assert_json(json_object_get(json_array_get(mounts, 2), "TmpfsOptions"),
		    "'size=4096,mode=777,'");
	json_decref(mounts);
}
END_TEST

START_TEST(malformed_and_doubled_mounts_are_refused)
{
	assert_refused(
		"{'Binds':['/a:b']}",
		"invalid volume specification: '/a:b': invalid mount config for type \"bind\": invalid mount path: 'b' mount path must be absolute");
	assert_refused("{'Binds':['/a:/b:ro:x']}", "invalid volume specification: '/a:/b:ro:x'");
	assert_refused(
		"{'Binds':['/a:/']}",
		"invalid volume specification: '/a:/': invalid mount config for type \"bind\": invalid specification: destination can't be '/'");
	assert_refused("{'Binds':['/a:/b:nope']}", "invalid mode: nope");
	assert_refused("{'Binds':['/a:/b','/c:/b/']}", "Duplicate mount point: /b");
	assert_refused(
		"{'Binds':['../a:/b']}",
		"create ../a: \"../a\" includes invalid characters for a local volume name, only "
		"\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host "
		"directory, use absolute path");
	assert_refused("{'Mounts':[{'Type':'nope','Target':'/a'}]}",
		       "invalid mount config for type \"nope\": mount type unknown");
}
END_TEST

/* An image with a great many volumes would have each compared with each, and made. */
START_TEST(more_mounts_than_there_may_be_are_refused)
{
	json_t *volumes = json_object(), *config = json_pack("{s:o}", "Volumes", volumes);
	json_t *out = NULL, *more = parse("[{'Type':'tmpfs','Destination':'/one/more'}]");
	struct bt_err err = { 0 };
	char path[PATH_MAX + 8];

	for (int i = 0; i < BT_MOUNTS_MAX; i++) {
		(void)snprintf(path, sizeof(path), "/v%d", i);
		ck_assert_int_eq(json_object_set_new(volumes, path, json_object()), 0);
	}
	ck_assert_int_eq(bt_mounts_collect(config, NULL, &out, &err), 0);
	ck_assert_uint_eq(json_array_size(out), BT_MOUNTS_MAX);
	ck_assert_int_lt(bt_mounts_add_from(out, more, "", &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	json_decref(out);
	ck_assert_int_eq(json_object_set_new(volumes, "/one/more", json_object()), 0);
	ck_assert_int_lt(bt_mounts_collect(config, NULL, &out, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, "a container has at most 1024 mounts and volumes");
	json_object_clear(volumes);
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[PATH_MAX] = '\0';
	ck_assert_int_eq(json_object_set_new(volumes, path, json_object()), 0);
	ck_assert_int_lt(bt_mounts_collect(config, NULL, &out, &err), 0);
	ck_assert_str_eq(err.msg, "invalid mount path: longer than 4095 bytes");
	json_decref(config);
	json_decref(more);
}
END_TEST

START_TEST(mounts_of_another_are_shared_where_nothing_is_mounted)
{
	json_t *mounts = collect("{}", "{'Binds':['mine:/a']}");
	json_t *from = collect("{'Volumes':{'/a':{},'/b':{}}}", "{}");
	struct bt_err err;

	ck_assert_int_eq(bt_mounts_add_from(mounts, from, "ro", &err), 0);
	ck_assert_uint_eq(json_array_size(mounts), 2);
	assert_json(json_object_get(json_array_get(mounts, 0), "Name"), "'mine'");
	assert_json(json_object_get(json_array_get(mounts, 1), "RW"), "false");
	/* It goes with the last one that has it. */
	assert_json(json_object_get(json_array_get(mounts, 1), "Anonymous"), "true");
	assert_json(json_object_get(json_array_get(mounts, 1), "NoCopy"), "true");
	json_decref(from);
	json_decref(mounts);
}
END_TEST

START_TEST(of_two_others_the_later_one_counts)
{
	json_t *mounts = json_array();
	json_t *first = collect("{}", "{'Binds':['one:/a:ro','only:/b']}");
	json_t *second = collect("{}", "{'Binds':['two:/a:z']}");
	struct bt_err err;

	ck_assert_int_eq(bt_mounts_add_from(mounts, first, "", &err), 0);
	ck_assert_int_eq(bt_mounts_add_from(mounts, second, "rw,z", &err), 0);
	ck_assert_uint_eq(json_array_size(mounts), 2);
	assert_json(json_object_get(json_array_get(mounts, 0), "Name"), "'only'");
	assert_json(json_object_get(json_array_get(mounts, 1), "Name"), "'two'");
	assert_json(json_object_get(json_array_get(mounts, 1), "Mode"), "''");
	ck_assert_ptr_null(json_object_get(json_array_get(mounts, 1), "Relabel"));
	json_decref(second);
	json_decref(first);
	json_decref(mounts);
}
END_TEST

START_TEST(a_mode_for_all_mounts_of_another_has_words_that_all_may_have)
{
	static const char *const good[] = { "", "ro", "rw", "z", "Z", "ro,z", "z,rw", "cached" };
	static const char *const bad[] = { "x",     "nocopy", "rslave", "idmap",
					   "ro,rw", "ro,",    ",",      "ro,nocopy" };
	json_t *from = collect("{}", "{'Binds':['one:/a']}");
	struct bt_err err;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		json_t *mounts = json_array();

		ck_assert_int_eq(bt_mounts_add_from(mounts, from, good[i], &err), 0);
		ck_assert_int_eq(json_is_false(json_object_get(json_array_get(mounts, 0), "RW")),
				 strstr(good[i], "ro") != NULL);
		json_decref(mounts);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *mounts = json_array();

		ck_assert_int_eq(bt_mounts_add_from(mounts, from, bad[i], &err), -EINVAL);
		ck_assert_uint_eq(json_array_size(mounts), 0);
		json_decref(mounts);
	}
	json_decref(from);
}
END_TEST

START_TEST(a_part_is_remembered_and_must_be_inside)
{
	json_t *mounts = collect("{}", "{'Mounts':[{'Type':'volume','Source':'data','Target':'/m',"
				       "'VolumeOptions':{'Subpath':'a/../b'}}]}");

	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(mounts, 0), "Subpath")),
			 "a/../b");
	json_decref(mounts);
	assert_refused("{'Mounts':[{'Type':'volume','Source':'data','Target':'/m','VolumeOptions':"
		       "{'Subpath':'a/../../b'}}]}",
		       "invalid mount config for type \"volume\": subpath must be a relative path "
		       "within the volume");
	assert_refused(
		"{'Mounts':[{'Type':'volume','Target':'/m','VolumeOptions':{'Subpath':'a'}}]}",
		"invalid mount config for type \"volume\": must not set Subpath when using "
		"anonymous volumes");
}
END_TEST

START_TEST(options_of_another_type_are_refused)
{
	assert_refused("{'Mounts':[{'Type':'bind','Source':'/a','Target':'/m','TmpfsOptions':{}}]}",
		       "TmpfsOptions must not be specified on mount type \"bind\"");
	assert_refused("{'Mounts':[{'Type':'tmpfs','Target':'/m','ImageOptions':{}}]}",
		       "ImageOptions must not be specified on mount type \"tmpfs\"");
	assert_refused("{'Mounts':[{'Type':'bind','Source':'/a','Target':'/m','BindOptions':"
		       "{'ReadOnlyForceRecursive':true}}]}",
		       "invalid mount config for type \"bind\": ReadOnlyForceRecursive requires "
		       "ReadOnly");
}
END_TEST

START_TEST(a_tmpfs_is_told_only_what_it_knows)
{
	json_t *mounts =
		collect("{}", "{'Mounts':[{'Type':'tmpfs','Target':'/m','TmpfsOptions':"
			      "{'SizeBytes':4096,'Mode':448,'Options':[['exec'],['uid','5']]}}]}");

	ck_assert_str_eq(
		json_string_value(json_object_get(json_array_get(mounts, 0), "TmpfsOptions")),
		"size=4096,mode=700,exec,uid=5,");
	json_decref(mounts);
	assert_refused("{'Mounts':[{'Type':'tmpfs','Target':'/m','TmpfsOptions':{'Options':"
		       "[['uid','5,size=1t']]}}]}",
		       "invalid mount config for type \"tmpfs\": invalid option: uid");
	assert_refused("{'Mounts':[{'Type':'tmpfs','Target':'/m','TmpfsOptions':{'Options':"
		       "[['lowerdir','/']]}}]}",
		       "invalid mount config for type \"tmpfs\": invalid option: lowerdir");
}
END_TEST

START_TEST(an_image_is_a_mount_that_cannot_be_written)
{
	json_t *mounts =
		collect("{}", "{'Mounts':[{'Type':'image','Source':'i:1','Target':'/m'}]}");

	ck_assert(json_is_false(json_object_get(json_array_get(mounts, 0), "RW")));
	json_decref(mounts);
	assert_refused("{'Mounts':[{'Type':'image','Target':'/m'}]}",
		       "invalid mount config for type \"image\": field Source must not be empty");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_part_is_remembered_and_must_be_inside);
	tcase_add_test(tests, options_of_another_type_are_refused);
	tcase_add_test(tests, a_tmpfs_is_told_only_what_it_knows);
	tcase_add_test(tests, an_image_is_a_mount_that_cannot_be_written);
	tcase_add_test(tests, mounts_of_another_are_shared_where_nothing_is_mounted);
	tcase_add_test(tests, of_two_others_the_later_one_counts);
	tcase_add_test(tests, a_mode_for_all_mounts_of_another_has_words_that_all_may_have);
	tcase_add_test(tests, a_bind_is_shown_as_docker_shows_it);
	tcase_add_test(tests, a_name_is_a_volume);
	tcase_add_test(tests, an_images_volume_is_anonymous_unless_something_is_mounted_there);
	tcase_add_test(tests, the_long_form_knows_bind_volume_and_tmpfs);
	tcase_add_test(tests, malformed_and_doubled_mounts_are_refused);
	tcase_add_test(tests, more_mounts_than_there_may_be_are_refused);
}

int main(void)
{
	return run_tests("engine/mounts", add);
}
