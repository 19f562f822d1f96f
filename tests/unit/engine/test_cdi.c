/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/cdi.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "common.h"

static char root[] = "/tmp/berth-test-cdi-XXXXXX";
static json_t *dirs, *spec;
static struct bt_err err;

/* Two directories, of which the second goes before the first. */
static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(root));
	dirs = json_array();
	for (int i = 1; i <= 2; i++) {
		bt_auto_free char *dir = bt_str_format("%s/%d", root, i);

		ck_assert_int_eq(bt_io_mkdir_p(dir, 0700), 0);
		json_array_append_new(dirs, json_string(dir));
	}
	spec = json_object();
}

static void teardown(void)
{
	json_decref(dirs);
	json_decref(spec);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, root), 0);
}

static void put(const char *path, const char *text)
{
	bt_auto_free char *whole = bt_str_format("%s/%s", root, path);

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, whole, 0600, text, strlen(text)), 0);
}

/* A specification of one kind with devices that each set a variable DEVICE=<value>. */
static void put_spec(const char *path, const char *kind, const char *devices, const char *value)
{
	bt_auto_str struct bt_str text = { 0 };
	bt_auto_free char *names = strdup(devices);
	char *save = NULL;

	bt_str_printf(&text, "{\"cdiVersion\":\"0.6.0\",\"kind\":\"%s\",\"devices\":[", kind);
	for (char *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save))
		bt_str_printf(&text, "%s{\"name\":\"%s\",\"containerEdits\":{\"env\":[\"%s=%s\"]}}",
			      name == names ? "" : ",", name, name, value);
	bt_str_printf(&text, "],\"containerEdits\":{\"env\":[\"COMMON=%s\"]}}", value);
	put(path, bt_str_get(&text));
}

/* Give these devices (JSON in single quotes). */
static int inject(const char *ids)
{
	json_auto_t *list = parse(ids);

	return bt_cdi_inject(dirs, list, spec, &err);
}

static void assert_env(const char *want)
{
	assert_json(json_object_get(json_object_get(spec, "process"), "env"), want);
}

static void assert_list(const char *want)
{
	json_auto_t *got = bt_cdi_list(dirs);

	assert_json(got, want);
}

START_TEST(a_device_brings_its_edits_and_those_of_its_file)
{
	put_spec("1/a.json", "v.com/gpu", "one two", "x");
	ck_well(inject("['v.com/gpu=two']"), &err);
	assert_env("['COMMON=x','two=x']");
}
END_TEST

START_TEST(the_edits_of_a_file_come_once_however_many_of_its_devices_are_given)
{
	put("1/a.json",
	    "{\"cdiVersion\":\"0.6.0\",\"kind\":\"v.com/gpu\",\"devices\":[{\"name\":\"a\"},"
	    "{\"name\":\"b\"}],\"containerEdits\":{\"mounts\":[{\"hostPath\":\"/h\","
	    "\"containerPath\":\"/c\"}]}}");
	ck_well(inject("['v.com/gpu=a','v.com/gpu=b','v.com/gpu=a']"), &err);
	ck_assert_uint_eq(json_array_size(json_object_get(spec, "mounts")), 1);
}
END_TEST

START_TEST(of_two_directories_the_last_one_counts)
{
	put_spec("1/a.json", "v.com/gpu", "one", "first");
	put_spec("2/a.json", "v.com/gpu", "one", "second");
	ck_well(inject("['v.com/gpu=one']"), &err);
	assert_env("['COMMON=second','one=second']");
}
END_TEST

START_TEST(two_files_of_one_directory_that_have_a_device_contradict_each_other)
{
	put_spec("1/a.json", "v.com/gpu", "one other", "x");
	put_spec("1/b.json", "v.com/gpu", "one", "y");
	ck_assert_int_lt(inject("['v.com/gpu=one']"), 0);
	check_err(&err, BT_ERR_INVALID, "conflicting device v.com/gpu=one in ");
	check_err(&err, BT_ERR_INVALID, "/1/b.json");
	/* Each of their others can be had. */
	ck_well(inject("['v.com/gpu=other']"), &err);
}
END_TEST

START_TEST(a_conflict_below_is_no_matter_where_a_later_directory_decides)
{
	put_spec("1/a.json", "v.com/gpu", "one", "x");
	put_spec("1/b.json", "v.com/gpu", "one", "y");
	put_spec("2/a.json", "v.com/gpu", "one", "z");
	ck_well(inject("['v.com/gpu=one']"), &err);
	assert_env("['COMMON=z','one=z']");
}
END_TEST

START_TEST(all_that_nobody_has_are_named_and_kinds_are_compared_whole)
{
	put_spec("1/a.json", "v.com/gpu", "one", "x");
	ck_assert_int_lt(
		inject("['v.com/gpu=two','v.com/gp=one','v.com/gpu=one','nothing','=','']"), 0);
	check_err(&err, BT_ERR_SYSTEM,
		  "unresolvable CDI devices v.com/gpu=two, v.com/gp=one, nothing, =, ");
}
END_TEST

START_TEST(without_any_device_nothing_changes)
{
	ck_well(inject("[]"), &err);
	ck_well(inject("null"), &err);
	assert_json(spec, "{}");
}
END_TEST

START_TEST(a_file_that_cannot_be_read_hides_no_other)
{
	put("1/a.json", "{");
	put("1/b.json", "[]");
	put("1/c.json", "{\"cdiVersion\":\"0.6.0\"}");
	put("1/d.json", "{\"kind\":\"v.com/gpu\",\"devices\":[{\"name\":\"d\"}]}");
	put("1/e.json", "{\"cdiVersion\":\"0.6.0\",\"kind\":\"gpu\",\"devices\":[]}");
	put("1/f.json", "{\"cdiVersion\":\"0.6.0\",\"kind\":\"v.com/a=b\",\"devices\":[]}");
	put("1/g.yaml", "\t- :");
	put_spec("1/h.json", "v.com/gpu", "one", "x");
	assert_list("['v.com/gpu=one']");
}
END_TEST

START_TEST(only_json_and_yaml_are_looked_at)
{
	put_spec("1/a.json.bak", "v.com/gpu", "a", "x");
	put_spec("1/json", "v.com/gpu", "b", "x");
	put_spec("1/c.JSON", "v.com/gpu", "c", "x");
	put("1/d.yaml", "cdiVersion: 0.6.0\nkind: v.com/gpu\ndevices:\n- name: d\n");
	put("1/e.yml", "cdiVersion: 0.6.0\nkind: v.com/gpu\ndevices:\n- name: e\n");
	assert_list("['v.com/gpu=d','v.com/gpu=e']");
}
END_TEST

START_TEST(a_list_has_every_device_in_the_order_of_directories_and_names)
{
	put_spec("2/a.json", "v.com/gpu", "one", "x");
	put_spec("1/b.json", "v.com/gpu", "two", "x");
	put_spec("1/a.json", "w.com/net", "one two", "x");
	assert_list("['w.com/net=one','w.com/net=two','v.com/gpu=two','v.com/gpu=one']");
}
END_TEST

START_TEST(directories_that_are_not_there_hold_nothing)
{
	json_array_append_new(dirs, json_string("/nonexistent/cdi"));
	assert_list("[]");
	ck_assert_int_lt(inject("['v.com/gpu=one']"), 0);
	check_err(&err, BT_ERR_SYSTEM, "unresolvable CDI devices v.com/gpu=one");
}
END_TEST

START_TEST(a_file_that_is_too_large_is_passed_over)
{
	bt_auto_str struct bt_str text = { 0 };

	bt_str_puts(&text, "{\"cdiVersion\":\"0.6.0\",\"kind\":\"v.com/gpu\",\"devices\":[{"
			   "\"name\":\"a\"}],\"x\":\"");
	bt_str_fill(&text, 'x', 2 << 20);
	bt_str_puts(&text, "\"}");
	put("1/a.json", bt_str_get(&text));
	assert_list("[]");
}
END_TEST

START_TEST(devices_without_a_name_or_of_another_type_are_never_found)
{
	put("1/a.json", "{\"cdiVersion\":\"0.6.0\",\"kind\":\"v.com/gpu\",\"devices\":[3,null,"
			"{},{\"name\":7},{\"name\":\"a\"}]}");
	ck_well(inject("['v.com/gpu=a']"), &err);
	ck_assert_int_lt(inject("['v.com/gpu=7']"), 0);
	ck_assert_int_lt(inject("['v.com/gpu=']"), 0);
	assert_list("['v.com/gpu=a']");
}
END_TEST

START_TEST(edits_that_make_no_sense_name_their_file)
{
	put("1/a.json", "{\"cdiVersion\":\"0.6.0\",\"kind\":\"v.com/gpu\",\"devices\":[{"
			"\"name\":\"a\",\"containerEdits\":{\"env\":[\"NOVALUE\"]}}]}");
	ck_assert_int_lt(inject("['v.com/gpu=a']"), 0);
	check_err(&err, BT_ERR_INVALID, "/1/a.json");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_device_brings_its_edits_and_those_of_its_file);
	tcase_add_test(tests, the_edits_of_a_file_come_once_however_many_of_its_devices_are_given);
	tcase_add_test(tests, of_two_directories_the_last_one_counts);
	tcase_add_test(tests, two_files_of_one_directory_that_have_a_device_contradict_each_other);
	tcase_add_test(tests, a_conflict_below_is_no_matter_where_a_later_directory_decides);
	tcase_add_test(tests, all_that_nobody_has_are_named_and_kinds_are_compared_whole);
	tcase_add_test(tests, without_any_device_nothing_changes);
	tcase_add_test(tests, a_file_that_cannot_be_read_hides_no_other);
	tcase_add_test(tests, only_json_and_yaml_are_looked_at);
	tcase_add_test(tests, a_list_has_every_device_in_the_order_of_directories_and_names);
	tcase_add_test(tests, directories_that_are_not_there_hold_nothing);
	tcase_add_test(tests, a_file_that_is_too_large_is_passed_over);
	tcase_add_test(tests, devices_without_a_name_or_of_another_type_are_never_found);
	tcase_add_test(tests, edits_that_make_no_sense_name_their_file);
}

int main(void)
{
	return run_suite("engine/cdi", setup, teardown, add);
}
