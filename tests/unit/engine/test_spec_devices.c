/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/spec_devices.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/io.h"
#include "common.h"

/* A directory with devices of the test's own. */
static char dir[] = "/tmp/berth-devices-test.XXXXXX";
static struct bt_err err;
static json_t *devices, *rules;

static void node(const char *name, mode_t type, unsigned minor_)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_int_eq(mknod(path, type | 0640, makedev(1, minor_)), 0);
}

static void subdir(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	node("a", S_IFCHR, 3);
	node("b", S_IFBLK, 7);
}

static void teardown(void)
{
	json_decref(bt_take(devices));
	json_decref(bt_take(rules));
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

/* What `text` (a HostConfig with single quotes, where @ stands for the directory) makes. */
static int build(const char *text)
{
	bt_auto_free char *full = malloc(strlen(text) * sizeof(dir) + 1);
	json_auto_t *hc = NULL, *linux_ = json_object(), *resources = json_object();
	size_t at = 0;
	int r;

	for (; *text; text++)
		at += (size_t)sprintf(full + at, "%.*s", *text == '@' ? (int)strlen(dir) : 1,
				      *text == '@' ? dir : text);
	full[at] = '\0';
	hc = parse(full);
	err = (struct bt_err){ 0 };
	r = bt_spec_devices(hc, linux_, resources, &err);
	json_decref(devices);
	json_decref(rules);
	devices = json_incref(json_object_get(linux_, "devices"));
	rules = json_incref(json_object_get(resources, "devices"));
	return r;
}

/* A device by its path inside, NULL where there is none. */
static const json_t *device(const char *path)
{
	const json_t *item;
	size_t i;

	json_array_foreach (devices, i, item)
		if (strcmp(json_string_value(json_object_get(item, "path")), path) == 0)
			return item;
	return NULL;
}

/* The last rule as "allow type major:minor access". */
static const char *last_rule(void)
{
	static char text[64];
	const json_t *rule = json_array_get(rules, json_array_size(rules) - 1);
	const json_t *major_ = json_object_get(rule, "major");
	const json_t *minor_ = json_object_get(rule, "minor");

	(void)snprintf(text, sizeof(text), "%d %s %lld:%lld %s",
		       json_is_true(json_object_get(rule, "allow")),
		       json_string_value(json_object_get(rule, "type")),
		       major_ ? json_integer_value(major_) : -1,
		       minor_ ? json_integer_value(minor_) : -1,
		       json_string_value(json_object_get(rule, "access")));
	return text;
}

START_TEST(all_is_denied_first_and_what_is_asked_for_is_allowed_last)
{
	const json_t *first;

	ck_well(build("{}"), &err);
	ck_assert_ptr_null(devices);
	first = json_array_get(rules, 0);
	assert_json(first, "{'allow':false,'type':'a','access':'rwm'}");
	ck_well(build("{'Devices':[{'PathOnHost':'@/a','PathInContainer':'/dev/mine',"
		      "'CgroupPermissions':'rw'}]}"),
		&err);
	assert_json(device("/dev/mine"), "{'path':'/dev/mine','type':'c','major':1,'minor':3,"
					 "'fileMode':416,'uid':0,'gid':0}");
	ck_assert_str_eq(last_rule(), "1 c 1:3 rw");
}
END_TEST

START_TEST(what_is_not_said_of_a_device_is_its_own_path_and_all_that_can_be_done)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/b", dir);
	ck_well(build("{'Devices':[{'PathOnHost':'@/b'}]}"), &err);
	ck_assert_ptr_nonnull(device(path));
	ck_assert_str_eq(last_rule(), "1 b 1:7 rwm");
	ck_well(build("{'Devices':[{'PathOnHost':'@/b','PathInContainer':'',"
		      "'CgroupPermissions':''}]}"),
		&err);
	ck_assert_ptr_nonnull(device(path));
}
END_TEST

START_TEST(a_link_means_the_device_that_it_leads_to)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/link", dir);
	ck_assert_int_eq(symlink("a", path), 0);
	ck_well(build("{'Devices':[{'PathOnHost':'@/link','PathInContainer':'/dev/x'}]}"), &err);
	ck_assert_ptr_nonnull(device("/dev/x"));
	ck_assert_str_eq(last_rule(), "1 c 1:3 rwm");
}
END_TEST

START_TEST(a_directory_means_the_devices_in_it_however_deep_and_nothing_else)
{
	char path[256];

	subdir("sub");
	subdir("sub/deep");
	node("sub/deep/c", S_IFCHR, 5);
	node("sub/fifo", S_IFIFO, 0);
	subdir("pts");
	node("pts/0", S_IFCHR, 9);
	(void)snprintf(path, sizeof(path), "%s/link", dir);
	ck_assert_int_eq(symlink("a", path), 0);
	ck_well(build("{'Devices':[{'PathOnHost':'@','PathInContainer':'/dev/all',"
		      "'CgroupPermissions':'r'}]}"),
		&err);
	ck_assert_uint_eq(json_array_size(devices), 3);
	ck_assert_ptr_nonnull(device("/dev/all/a"));
	ck_assert_ptr_nonnull(device("/dev/all/b"));
	ck_assert_ptr_nonnull(device("/dev/all/sub/deep/c"));
}
END_TEST

START_TEST(what_is_no_device_is_named)
{
	static const struct {
		const char *device, *words;
	} cases[] = {
		{ "{'PathOnHost':'@/nosuch'", "/nosuch\": no such file or directory" },
		{ "{'PathOnHost':''", "adding custom device \"\": no such file" },
		{ "{'PathOnHost':'/proc/version'", "\"/proc/version\": not a device node" },
		{ "{'PathOnHost':'@/a','CgroupPermissions':'rwx'", "invalid device mode: rwx" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[256];

		(void)snprintf(text, sizeof(text), "{'Devices':[%s}]}", cases[i].device);
		ck_assert_msg(build(text) < 0, "%s", text);
		check_err(&err, BT_ERR_INVALID, cases[i].words);
		ck_assert_ptr_null(devices);
		/* In a privileged one it is as wrong. */
		(void)snprintf(text, sizeof(text),
			       "{'Privileged':true,'Devices':[%s,'PathInContainer':'/dev/x'}]}",
			       cases[i].device);
		ck_assert_msg(build(text) < 0, "%s", text);
		check_err(&err, BT_ERR_INVALID, cases[i].words);
	}
}
END_TEST

START_TEST(a_rule_is_dockers_text_and_nothing_like_it)
{
	static const struct {
		const char *text, *rule; /* NULL: refused */
	} cases[] = {
		{ "c 1:3 rwm", "1 c 1:3 rwm" },
		{ "b *:* m", "1 b -1:-1 m" },
		{ "a *:* rwm", "1 a -1:-1 rwm" },
		{ "c 42:* rw", "1 c 42:-1 rw" },
		{ "", NULL },
		{ "c", NULL },
		{ "c 1:3", NULL },
		{ "c 1 rwm", NULL },
		{ "d 1:3 rwm", NULL },
		{ "c 1:3 rwx", NULL },
		{ "c 1:3 rwmr", NULL },
		{ "c 1:3 rwm ", NULL },
		{ " c 1:3 rwm", NULL },
		{ "c1:3 rwm", NULL },
		{ "c  1:3 rwm", NULL },
		{ "c 1:3  rwm", NULL },
		{ "c 1:3rwm", NULL },
		{ "c\\n1:3 rwm", NULL },
		{ "c -1:3 rwm", NULL },
		{ "c +1:3 rwm", NULL },
		{ "c 1*:3 rwm", NULL },
		{ "c **:3 rwm", NULL },
		{ "c 99999999999999999999:3 rwm", NULL },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char text[128];
		int r;

		(void)snprintf(text, sizeof(text), "{'DeviceCgroupRules':['%s']}", cases[i].text);
		r = build(text);
		ck_assert_msg((r == 0) == (cases[i].rule != NULL), "%s: %d", cases[i].text, r);
		if (r == 0)
			ck_assert_msg(strcmp(last_rule(), cases[i].rule) == 0, "%s: %s",
				      cases[i].text, last_rule());
		else
			check_err(&err, BT_ERR_INVALID, "invalid device cgroup rule format: '");
	}
}
END_TEST

START_TEST(a_privileged_container_has_all_of_the_hosts_and_those_that_have_another_name_too)
{
	ck_well(build("{'Privileged':true,'Devices':["
		      "{'PathOnHost':'@/a','PathInContainer':'/dev/mine','CgroupPermissions':'r'},"
		      "{'PathOnHost':'/dev/null','PathInContainer':'/dev/null'}],"
		      "'DeviceCgroupRules':['c 1:3 r']}"),
		&err);
	ck_assert_ptr_nonnull(device("/dev/null"));
	ck_assert_ptr_nonnull(device("/dev/mine"));
	ck_assert_ptr_null(device("/dev/pts/0"));
	/* One rule: everything. */
	assert_json(rules, "[{'allow':true,'type':'a','access':'rwm'}]");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, all_is_denied_first_and_what_is_asked_for_is_allowed_last);
	tcase_add_test(tests,
		       what_is_not_said_of_a_device_is_its_own_path_and_all_that_can_be_done);
	tcase_add_test(tests, a_link_means_the_device_that_it_leads_to);
	tcase_add_test(tests, a_directory_means_the_devices_in_it_however_deep_and_nothing_else);
	tcase_add_test(tests, what_is_no_device_is_named);
	tcase_add_test(tests, a_rule_is_dockers_text_and_nothing_like_it);
	tcase_add_test(
		tests,
		a_privileged_container_has_all_of_the_hosts_and_those_that_have_another_name_too);
}

int main(void)
{
	return run_suite("spec_devices", setup, teardown, add_tests);
}
