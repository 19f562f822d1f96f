/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume_options.h"

#include <sys/mount.h>

#include "common.h"

static struct bt_volume_options read_all(const char *text)
{
	json_t *options = parse(text);
	struct bt_volume_options o = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_volume_options_check(options, &err), 0);
	ck_assert_int_eq(bt_volume_options_read(options, &o, &err), 1);
	json_decref(options);
	return o;
}

START_TEST(flags_are_told_from_what_the_file_system_reads)
{
	struct bt_volume_options o = read_all(
		"{'type':'tmpfs','device':'tmpfs','o':'size=1m,ro,noexec,,exec,nosuid,uid=5,rslave'}");

	ck_assert_uint_eq(o.flags, MS_RDONLY | MS_NOSUID);
	ck_assert_uint_eq(o.propagation, MS_SLAVE | MS_REC);
	ck_assert_str_eq(o.data, "size=1m,uid=5");
	ck_assert_str_eq(o.type, "tmpfs");
	ck_assert_ptr_null(o.server);
	bt_volume_options_done(&o);
}
END_TEST

START_TEST(a_servers_name_is_looked_up_and_its_address_is_not)
{
	struct bt_volume_options o =
		read_all("{'type':'nfs','device':':/x','o':'addr=store.example,nfsvers=4,rw'}");

	ck_assert_str_eq(o.server, "store.example");
	ck_assert_str_eq(o.data, "nfsvers=4");
	bt_volume_options_done(&o);
	o = read_all("{'type':'nfs4','device':':/x','o':'addr=10.0.0.1,vers=4'}");
	ck_assert_ptr_null(o.server);
	ck_assert_str_eq(o.data, "addr=10.0.0.1,vers=4");
	bt_volume_options_done(&o);
	o = read_all("{'type':'ext4','device':'/dev/x','o':'addr=name'}");
	ck_assert_str_eq(o.data, "addr=name");
	bt_volume_options_done(&o);
}
END_TEST

START_TEST(none_is_nothing_to_mount)
{
	json_t *empty = parse("{}");
	struct bt_volume_options o = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_volume_options_check(NULL, &err), 0);
	ck_assert_int_eq(bt_volume_options_check(empty, &err), 0);
	ck_assert_int_eq(bt_volume_options_read(empty, &o, &err), 0);
	ck_assert_int_eq(bt_volume_options_read(NULL, &o, &err), 0);
	json_decref(empty);
}
END_TEST

static void assert_refused(const char *text, const char *message)
{
	json_t *options = parse(text);
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_volume_options_check(options, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, message);
	json_decref(options);
}

START_TEST(what_is_wrong_is_named_as_docker_names_it)
{
	assert_refused("{'nosuch':'1'}", "invalid option: \"nosuch\"");
	assert_refused("{'type':'tmpfs'}", "missing required option: \"device\"");
	assert_refused("{'device':'/x'}", "missing required option: \"type\"");
	assert_refused("{'o':'bind'}", "missing required option: \"device\"");
	assert_refused("{'size':'1g'}", "quota size requested but no quota support");
	assert_refused("{'size':'x'}", "invalid size: 'x'");
	assert_refused("{'type':5,'device':'x'}", "invalid JSON: the option type must be a string");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, flags_are_told_from_what_the_file_system_reads);
	tcase_add_test(tests, a_servers_name_is_looked_up_and_its_address_is_not);
	tcase_add_test(tests, none_is_nothing_to_mount);
	tcase_add_test(tests, what_is_wrong_is_named_as_docker_names_it);
}

int main(void)
{
	return run_tests("volume_options", add);
}
