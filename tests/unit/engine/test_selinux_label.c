/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/selinux_label.h"

#include <errno.h>
#include <string.h>

#include "common.h"
#include "engine/selinux_mcs.h"

static struct bt_selinux host = { .process = "system_u:system_r:container_t:s0",
				  .file = "system_u:object_r:container_file_t:s0" };

static void setup(void)
{
	host.mcs = bt_selinux_mcs_create();
	ck_assert_ptr_nonnull(host.mcs);
}

static void teardown(void)
{
	bt_selinux_mcs_destroy(host.mcs);
}

static struct bt_selinux_labels made(const char *a, const char *b)
{
	json_t *options = a ? json_pack("[s,s*]", a, b) : json_null();
	struct bt_selinux_labels labels;
	struct bt_err err = { 0 };

	ck_assert_msg(bt_selinux_label_make(&host, options, &labels, &err) == 0, "%s", err.msg);
	json_decref(options);
	return labels;
}

static void refused(struct bt_selinux *selinux, const char *option, enum bt_err_kind kind,
		    const char *words)
{
	json_t *options = json_pack("[s]", option);
	struct bt_selinux_labels labels;
	struct bt_err err = { 0 };

	ck_assert_msg(bt_selinux_label_make(selinux, options, &labels, &err) < 0, "%s", option);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_msg(strstr(err.msg, words) != NULL, "%s", err.msg);
	json_decref(options);
}

START_TEST(dockers_options_are_known_and_nothing_else)
{
	static const char *const good[] = { "disable",       "nested",     "user:u",
					    "role:r",        "type:svirt", "level:s0:c1,c2",
					    "filetype:usr_t" };
	static const char *const bad[] = { "",       "type:", "type",   "disable:x",
					   "Type:x", "x:y",   "nested:" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(bt_selinux_label_is_option(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!bt_selinux_label_is_option(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(without_selinux_only_disable_can_be_had_and_means_nothing)
{
	json_t *options = json_pack("[s,s,s]", "label=disable", "label:disable", "seccomp=x");
	struct bt_selinux_labels labels = { .process = "x", .mount = "x", .pair = 1 };
	struct bt_err err;

	ck_assert_int_eq(bt_selinux_label_make(NULL, options, &labels, &err), 0);
	ck_assert_str_eq(labels.process, "");
	ck_assert_str_eq(labels.mount, "");
	ck_assert_uint_eq(labels.pair, 0);
	json_decref(options);
	refused(NULL, "label=type:x_t", BT_ERR_NOT_IMPLEMENTED,
		"HostConfig.SecurityOpt label=type:x_t: ");
	refused(NULL, "label:level:s0", BT_ERR_NOT_IMPLEMENTED, "SELinux");
	refused(NULL, "label=nested", BT_ERR_NOT_IMPLEMENTED, "label=nested: ");
}
END_TEST

START_TEST(each_container_has_a_pair_that_process_and_files_share)
{
	struct bt_selinux_labels a = made(NULL, NULL), b = made("no-new-privileges", NULL);
	struct bt_selinux_context process, files;

	ck_assert_int_eq(bt_selinux_context_parse(a.process, &process), 0);
	ck_assert_int_eq(bt_selinux_context_parse(a.mount, &files), 0);
	ck_assert_str_eq(process.part[BT_SELINUX_TYPE], "container_t");
	ck_assert_str_eq(files.part[BT_SELINUX_TYPE], "container_file_t");
	ck_assert_str_eq(process.part[BT_SELINUX_LEVEL], files.part[BT_SELINUX_LEVEL]);
	ck_assert_uint_eq(bt_selinux_mcs_parse(process.part[BT_SELINUX_LEVEL]), a.pair);
	ck_assert_uint_ne(a.pair, 0);
	ck_assert_str_ne(a.process, b.process);
}
END_TEST

START_TEST(disable_leaves_the_process_without_and_the_files_nobodys)
{
	struct bt_selinux_labels a = made("label=type:x_t", "label=disable");

	ck_assert_str_eq(a.process, "");
	ck_assert_str_eq(a.mount, "system_u:object_r:container_file_t:s0:c1022,c1023");
	ck_assert_uint_eq(a.pair, 0);
}
END_TEST

START_TEST(each_part_goes_where_docker_puts_it)
{
	struct bt_selinux_labels a = made("label=level:s0:c1,c2", "label=type:spc_t");

	ck_assert_str_eq(a.process, "system_u:system_r:spc_t:s0:c1,c2");
	ck_assert_str_eq(a.mount, "system_u:object_r:container_file_t:s0:c1,c2");
	a = made("label:level:s0", "label=filetype:usr_t");
	ck_assert_str_eq(a.process, "system_u:system_r:container_t:s0");
	ck_assert_str_eq(a.mount, "system_u:object_r:usr_t:s0");
	ck_assert_uint_eq(a.pair, 0);
	a = made("label=user:me_u", "label=role:me_r");
	ck_assert_int_eq(strncmp(a.process, "me_u:me_r:container_t:s0:c", 26), 0);
	ck_assert_int_eq(strncmp(a.mount, "me_u:object_r:container_file_t:s0:c", 35), 0);
}
END_TEST

START_TEST(a_named_level_is_held_and_the_made_up_one_is_given_back)
{
	struct bt_selinux_labels a = made("label=level:s0:c1,c2", "label=level:s0:c3,c4");
	struct bt_selinux_labels b = made("label=level:s0:c3,c4", NULL);

	ck_assert_uint_eq(a.pair, bt_selinux_mcs_parse("s0:c3,c4"));
	ck_assert_uint_eq(b.pair, a.pair);
}
END_TEST

START_TEST(a_policy_without_levels_has_no_pairs)
{
	struct bt_selinux_labels labels;
	struct bt_selinux plain = { .process = "u:r:t", .file = "u:o:f", .mcs = host.mcs };
	struct bt_err err;

	ck_assert_int_eq(bt_selinux_label_make(&plain, NULL, &labels, &err), 0);
	ck_assert_str_eq(labels.process, "u:r:t");
	ck_assert_str_eq(labels.mount, "u:o:f");
	ck_assert_uint_eq(labels.pair, 0);
}
END_TEST

START_TEST(what_is_no_option_is_refused_in_dockers_words)
{
	refused(&host, "label=nested", BT_ERR_INVALID, "bad label option \"nested\"");
	refused(&host, "label=type:a b", BT_ERR_INVALID, "bad label option \"type:a b\"");
	refused(&host, "label=role:", BT_ERR_INVALID, "bad label option");
	refused(&host, "label=filetype:", BT_ERR_INVALID, "bad label option");
	refused(&host, "label=x:y", BT_ERR_INVALID, "valid options 'disable'");
}
END_TEST

START_TEST(who_joins_gets_all_parts_of_the_others_label)
{
	json_t *options = json_pack("[s]", "no-new-privileges");

	ck_assert_int_eq(bt_selinux_label_same("", options), 0);
	ck_assert_uint_eq(json_array_size(options), 1);
	ck_assert_int_eq(bt_selinux_label_same("u:r:t:s0:c1,c2", options), 0);
	ck_assert_uint_eq(json_array_size(options), 5);
	ck_assert_str_eq(json_string_value(json_array_get(options, 1)), "label=user:u");
	ck_assert_str_eq(json_string_value(json_array_get(options, 4)), "label=level:s0:c1,c2");
	ck_assert_int_eq(bt_selinux_label_same("u:r", options), -EINVAL);
	json_decref(options);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, dockers_options_are_known_and_nothing_else);
	tcase_add_test(tests, without_selinux_only_disable_can_be_had_and_means_nothing);
	tcase_add_test(tests, each_container_has_a_pair_that_process_and_files_share);
	tcase_add_test(tests, disable_leaves_the_process_without_and_the_files_nobodys);
	tcase_add_test(tests, each_part_goes_where_docker_puts_it);
	tcase_add_test(tests, a_named_level_is_held_and_the_made_up_one_is_given_back);
	tcase_add_test(tests, a_policy_without_levels_has_no_pairs);
	tcase_add_test(tests, what_is_no_option_is_refused_in_dockers_words);
	tcase_add_test(tests, who_joins_gets_all_parts_of_the_others_label);
}

int main(void)
{
	return run_tests("engine/selinux_label", add);
}
