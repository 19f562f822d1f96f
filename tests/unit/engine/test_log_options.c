/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/log_options.h"

#include <errno.h>

#include "common.h"
#include "engine/container_row.h"

static struct bt_log_options options_of(const char *opts, const char *config)
{
	json_t *hc = json_pack("{s:{s:o}}", "LogConfig", "Config", parse(opts));
	json_t *own = parse(config);
	struct bt_container_settings settings = { .config = own, .host_config = hc };
	struct bt_log_options out = { 0 };
	struct bt_err err = { 0 };

	ck_assert_msg(bt_log_options_make(&settings, &out, &err) == 0, "%s", err.msg);
	json_decref(hc);
	json_decref(own);
	return out;
}

static void assert_sizes(const char *opts, int64_t size, int files)
{
	struct bt_log_options out = options_of(opts, "{}");

	ck_assert_msg(out.max_size == size && out.max_file == files, "%s: %lld in %d files", opts,
		      (long long)out.max_size, out.max_file);
	ck_assert_ptr_null(out.attrs);
	bt_log_options_done(&out);
}

static void assert_refused(const char *opts, const char *message)
{
	json_t *json = parse(opts);
	struct bt_err err = { 0 };

	ck_assert_msg(bt_log_options_check(json, &err) < 0, "%s was taken", opts);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	ck_assert_str_eq(err.msg, message);
	json_decref(json);
}

START_TEST(a_log_is_bounded_where_nobody_says_how)
{
	struct bt_err err = { 0 };

	assert_sizes("{}", 100 << 20, 5);
	ck_assert_int_eq(bt_log_options_check(NULL, &err), 0);
}
END_TEST

START_TEST(what_is_said_of_size_or_number_stands_alone)
{
	assert_sizes("{'max-size':'10m'}", 10 << 20, 1);
	assert_sizes("{'max-size':'1k','max-file':'3'}", 1024, 3);
	assert_sizes("{'max-file':'3'}", 0, 3);
	assert_sizes("{'max-size':'-1'}", 0, 1);
	assert_sizes("{'max-file':'1000'}", 0, 1000);
}
END_TEST

START_TEST(sizes_and_numbers_that_make_no_sense_are_refused)
{
	assert_refused("{'max-size':'ten'}", "log opt max-size: invalid size: 'ten'");
	assert_refused("{'max-size':'-2'}", "log opt max-size: invalid size: '-2'");
	assert_refused("{'max-file':'0'}",
		       "log opt max-file: cannot be less than 1 or more than 1000");
	assert_refused("{'max-file':'1001'}",
		       "log opt max-file: cannot be less than 1 or more than 1000");
	assert_refused("{'max-file':'-1'}",
		       "log opt max-file: cannot be less than 1 or more than 1000");
	assert_refused("{'max-file':'1.5'}",
		       "log opt max-file: cannot be less than 1 or more than 1000");
}
END_TEST

START_TEST(labels_and_variables_that_are_there_become_attributes)
{
	struct bt_log_options out = options_of(
		"{'labels':'a,none,b','env':'X,NONE,Y'}",
		"{'Labels':{'a':'1','b':'','c':'3'},'Env':['X=x=y','XX=no','Y=','Z=no']}");
	json_t *attrs = json_loads(out.attrs, 0, NULL);

	assert_json(attrs, "{'a':'1','b':'','X':'x=y','Y':''}");
	json_decref(attrs);
	bt_log_options_done(&out);
	ck_assert_ptr_null(out.attrs);
}
END_TEST

START_TEST(lists_with_empty_names_or_none_that_fits_give_no_attributes)
{
	struct bt_log_options out = options_of("{'labels':',,x,','env':',,'}",
					       "{'Labels':{'a':'1'},'Env':['=1','X=2']}");

	ck_assert_ptr_null(out.attrs);
	bt_log_options_done(&out);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, a_log_is_bounded_where_nobody_says_how);
	tcase_add_test(tc, what_is_said_of_size_or_number_stands_alone);
	tcase_add_test(tc, sizes_and_numbers_that_make_no_sense_are_refused);
	tcase_add_test(tc, labels_and_variables_that_are_there_become_attributes);
	tcase_add_test(tc, lists_with_empty_names_or_none_that_fits_give_no_attributes);
}

int main(void)
{
	return run_tests("engine/log_options", add);
}
