/* SPDX-License-Identifier: Apache-2.0 */

#include "client/auth.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"

static char dir[] = "/tmp/test_auth.XXXXXX";
static struct bt_config config;

static void load(const char *text)
{
	bt_auto_free char *path = bt_str_format("%s/config.json", dir);
	struct bt_err err = { 0 };

	bt_config_done(&config);
	if (text)
		ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, text, strlen(text)), 0);
	ck_assert_msg(bt_config_load(dir, &config, &err) == 0, "%s", err.msg);
}

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
	bt_config_done(&config);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

static void expect(const char *key, const char *member, const char *want)
{
	json_auto_t *auth = NULL;
	struct bt_err err = { 0 };
	const char *got;

	ck_assert_msg(bt_auth_get(&config, key, &auth, &err) == 0, "%s", err.msg);
	got = json_string_value(json_object_get(auth, member));
	if (!want)
		ck_assert_ptr_null(got);
	else
		ck_assert_str_eq(got, want);
}

START_TEST(what_was_stored_is_found_again_after_a_new_start)
{
	json_auto_t *auth = json_pack("{s:s, s:s}", "username", "u", "password", "p:with:colons");
	struct bt_err err = { 0 };

	load(NULL);
	ck_assert_int_eq(bt_auth_set(&config, "r.example:5000", auth, &err), 0);
	load(NULL);
	expect("r.example:5000", "username", "u");
	expect("r.example:5000", "password", "p:with:colons");
	expect("r.example:5000", "serveraddress", "r.example:5000");
	expect("other.example", "username", NULL);
	ck_assert_int_eq(bt_auth_set(&config, "r.example:5000", NULL, &err), 0);
	load(NULL);
	expect("r.example:5000", "username", NULL);
}
END_TEST

START_TEST(an_entry_is_found_by_its_host_whatever_stands_around_it)
{
	/* dTpw is "u:p". */
	load("{\"auths\":{\"https://r.example/v1/\":{\"auth\":\"dTpw\"},"
	     "\"r.example.evil\":{\"auth\":\"eDp4\"}}}");
	expect("r.example", "username", "u");
	expect("r.exampl", "username", NULL);
	expect("example", "username", NULL);
}
END_TEST

START_TEST(a_token_stands_in_for_name_and_password)
{
	load("{\"auths\":{\"r.example\":{\"auth\":\"dTpw\",\"identitytoken\":\"tok\"}}}");
	expect("r.example", "identitytoken", "tok");
	expect("r.example", "password", NULL);
}
END_TEST

START_TEST(credentials_that_cannot_be_read_are_an_error_that_names_the_registry)
{
	static const char *const broken[] = { "%%%", "dXA=" }; /* no base64; "up", no colon */

	for (size_t i = 0; i < 2; i++) {
		bt_auto_free char *text =
			bt_str_format("{\"auths\":{\"r.example\":{\"auth\":\"%s\"}}}", broken[i]);
		json_t *auth = NULL;
		struct bt_err err = { 0 };

		load(text);
		ck_assert_int_eq(bt_auth_get(&config, "r.example", &auth, &err), -EINVAL);
		ck_assert_ptr_nonnull(strstr(err.msg, "r.example"));
		ck_assert_ptr_null(auth);
	}
}
END_TEST

/* A helper that keeps one secret in a file beside it, and its verb and input in another. */
static void install_helper(void)
{
	static const char script[] =
		"#!/bin/sh\n"
		"read -r in; d=${0%/*}; echo \"$1 $in\" >>\"$d/calls\"\n"
		"case $1$in in\n"
		"getr.example) echo '{\"Username\":\"hu\",\"Secret\":\"hp\"}' ;;\n"
		"gettoken.example) echo '{\"Username\":\"<token>\",\"Secret\":\"ht\"}' ;;\n"
		"getbroken.example) echo 'the wallet is locked'; exit 1 ;;\n"
		"get*) echo 'credentials not found in native keychain'; exit 1 ;;\n"
		"esac\n";
	bt_auto_free char *path = bt_str_format("%s/docker-credential-mine", dir);
	bt_auto_free char *search = bt_str_format("%s:%s", dir, getenv("PATH"));

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0755, script, strlen(script)), 0);
	ck_assert_int_eq(setenv("PATH", search, 1), 0);
}

START_TEST(a_helper_is_asked_instead_of_the_file)
{
	json_auto_t *auth = json_pack("{s:s, s:s}", "username", "nu", "password", "np");
	json_t *none = NULL;
	bt_auto_free char *calls = bt_str_format("%s/calls", dir);
	bt_auto_free char *said = NULL;
	bt_auto_free char *file = bt_str_format("%s/config.json", dir);
	bt_auto_free char *kept = NULL;
	struct bt_err err = { 0 };

	install_helper();
	load("{\"credHelpers\":{\"r.example\":\"mine\"},\"credsStore\":\"mine\",\"auths\":{}}");
	expect("r.example", "password", "hp");
	expect("token.example", "identitytoken", "ht");
	expect("unknown.example", "username", NULL);
	ck_assert_int_lt(bt_auth_get(&config, "broken.example", &none, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "the wallet is locked"));
	ck_assert_int_eq(bt_auth_set(&config, "r.example", auth, &err), 0);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, calls, 4096, &said, NULL), 0);
	ck_assert_ptr_nonnull(strstr(said, "store {\"ServerURL\":\"r.example\",\"Username\":\"nu\","
					   "\"Secret\":\"np\"}"));
	/* The secret is the helper's alone. */
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, file, 4096, &kept, NULL), 0);
	ck_assert_ptr_null(strstr(kept, "np"));
}
END_TEST

START_TEST(the_header_carries_them_in_the_alphabet_of_urls)
{
	bt_auto_str struct bt_str some = { 0 };
	bt_auto_str struct bt_str none = { 0 };
	struct bt_err err = { 0 };

	load("{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"dTpw\"}}}");
	ck_assert_int_eq(bt_auth_header(&config, "alpine", &some, &err), 0);
	ck_assert_int_eq(bt_auth_header(&config, "r.example/a", &none, &err), 0);
	ck_assert_str_eq(bt_str_get(&none), "X-Registry-Auth: e30=\r\n");
	ck_assert_uint_gt(some.len, none.len);
	ck_assert_ptr_null(strpbrk(bt_str_get(&some) + strlen("X-Registry-Auth: "), "+/ "));
	ck_assert_str_eq(bt_auth_key("docker.io"), BT_AUTH_HUB);
	ck_assert_str_eq(bt_auth_key("r.example"), "r.example");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client/auth");
	TCase *tests = tcase_create("auth");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tests, make_dir, remove_dir);
	tcase_add_test(tests, what_was_stored_is_found_again_after_a_new_start);
	tcase_add_test(tests, an_entry_is_found_by_its_host_whatever_stands_around_it);
	tcase_add_test(tests, a_token_stands_in_for_name_and_password);
	tcase_add_test(tests, credentials_that_cannot_be_read_are_an_error_that_names_the_registry);
	tcase_add_test(tests, a_helper_is_asked_instead_of_the_file);
	tcase_add_test(tests, the_header_carries_them_in_the_alphabet_of_urls);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
