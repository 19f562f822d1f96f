/* SPDX-License-Identifier: Apache-2.0 */

#include "api/config_reload.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "codec/json.h"

static char file[64];

static void write_file(const char *text)
{
	snprintf(file, sizeof(file), "/tmp/test_api_config_reload.%d.json", (int)getpid());
	(void)unlink(file);
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, file, 0600, text, strlen(text)), 0);
}

static void remove_file(void)
{
	(void)unlink(file);
}

/* As the daemon is called: with the file and one flag. */
static char *const *flags(void)
{
	static char name[] = "berthd", option[] = "--config-file", mtu[] = "--mtu=1400";
	static char *argv[] = { name, option, file, mtu, NULL };

	return argv;
}

static void load(const char *text, struct bt_config *ret)
{
	bt_auto_free char *warnings = NULL;
	struct bt_err err = { 0 };

	write_file(text);
	ck_assert_msg(bt_config_load(4, flags(), ret, &warnings, &err) == 0, "%s", err.msg);
}

static int reload(const struct bt_config *now, const char *text, struct bt_config *ret,
		  char **ret_later, struct bt_err *err)
{
	bt_auto_free char *warnings = NULL;

	write_file(text);
	return bt_config_reload_read(4, flags(), now, ret, ret_later, &warnings, err);
}

START_TEST(what_may_change_counts_at_once)
{
	bt_auto_config struct bt_config now = { 0 }, next = { 0 };
	bt_auto_free char *later = NULL;
	struct bt_err err = { 0 };

	load("{\"labels\":[\"a=b\"]}", &now);
	ck_assert_int_eq(reload(&now,
				"{\"labels\":[\"c=d\"],\"debug\":true,\"shutdown-timeout\":3,"
				"\"default-shm-size\":\"1m\"}",
				&next, &later, &err),
			 0);
	ck_assert_str_eq(json_string_value(json_array_get(next.labels, 0)), "c=d");
	ck_assert_int_eq(next.log_level, BT_LOG_DEBUG);
	ck_assert_int_eq(next.shutdown_timeout, 3);
	ck_assert_int_eq(next.default_shm_size, 1 << 20);
	ck_assert_int_eq(next.mtu, 1400);
	ck_assert_str_eq(later, "");
}
END_TEST

START_TEST(what_is_gone_from_the_file_stays)
{
	bt_auto_config struct bt_config now = { 0 }, next = { 0 };
	bt_auto_free char *later = NULL;
	struct bt_err err = { 0 };

	load("{\"labels\":[\"a=b\"],\"log-level\":\"error\"}", &now);
	ck_assert_int_eq(reload(&now, "{}", &next, &later, &err), 0);
	ck_assert_str_eq(json_string_value(json_array_get(next.labels, 0)), "a=b");
	ck_assert_int_eq(next.log_level, BT_LOG_ERROR);
	ck_assert_str_eq(later, "");
}
END_TEST

START_TEST(the_result_outlives_what_it_came_from)
{
	bt_auto_config struct bt_config now = { 0 }, next = { 0 };
	bt_auto_free char *later = NULL;
	struct bt_err err = { 0 };

	load("{\"default-ipc-mode\":\"shareable\"}", &now);
	ck_assert_int_eq(reload(&now, "{}", &next, &later, &err), 0);
	bt_config_done(&now);
	ck_assert_str_eq(next.default_ipc_mode, "shareable");
}
END_TEST

START_TEST(other_changes_are_named_and_do_not_count)
{
	bt_auto_config struct bt_config now = { 0 }, next = { 0 };
	bt_auto_free char *later = NULL;
	struct bt_err err = { 0 };

	load("{\"icc\":true,\"dns\":[\"192.0.2.1\"]}", &now);
	ck_assert_int_eq(
		reload(&now, "{\"icc\":false,\"init\":true,\"labels\":[]}", &next, &later, &err),
		0);
	ck_assert_str_eq(later, "dns, icc, init");
	ck_assert(!next.no_icc && !next.init);
	ck_assert_uint_eq(json_array_size(next.dns), 1);
}
END_TEST

START_TEST(a_file_that_cannot_be_taken_gives_nothing)
{
	static const char *const texts[] = { "{", "{\"labels\":1}", "{\"mtu\":1300}",
					     "{\"default-runtime\":\"nosuch\"}",
					     "{\"default-shm-size\":\"much\"}" };
	bt_auto_config struct bt_config now = { 0 }, next = { 0 };

	load("{\"labels\":[\"a=b\"]}", &now);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bt_auto_free char *later = NULL;
		struct bt_err err = { 0 };

		ck_assert_int_lt(reload(&now, texts[i], &next, &later, &err), 0);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
		ck_assert_ptr_null(next.values);
		ck_assert_ptr_null(later);
	}
}
END_TEST

/* A runtime of the file may be the default that stood there before, and the other way round. */
START_TEST(values_of_before_and_now_must_go_together)
{
	bt_auto_config struct bt_config now = { 0 }, next = { 0 };
	bt_auto_free char *later = NULL;
	struct bt_err err = { 0 };

	load("{\"runtimes\":{\"r\":{\"path\":\"/bin/r\"}},\"default-runtime\":\"r\"}", &now);
	ck_assert_int_lt(reload(&now, "{\"runtimes\":{}}", &next, &later, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "'r' does not exist"));
	ck_assert_int_eq(reload(&now, "{}", &next, &later, &err), 0);
	ck_assert_str_eq(next.default_runtime, "r");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api/config_reload");
	TCase *tc = tcase_create("reload");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, NULL, remove_file);
	tcase_add_test(tc, what_may_change_counts_at_once);
	tcase_add_test(tc, what_is_gone_from_the_file_stays);
	tcase_add_test(tc, the_result_outlives_what_it_came_from);
	tcase_add_test(tc, other_changes_are_named_and_do_not_count);
	tcase_add_test(tc, a_file_that_cannot_be_taken_gives_nothing);
	tcase_add_test(tc, values_of_before_and_now_must_go_together);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
