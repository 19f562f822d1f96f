/* SPDX-License-Identifier: Apache-2.0 */

#include "image/login.h"

#include "codec/json.h"
#include "little_registry.h"

/* "me:secret" in base64. */
#define RIGHT "Authorization: Basic bWU6c2VjcmV0"

static const struct web_rule rules[] = {
	{ .request = "GET /v2/", .needs = RIGHT, .status = "200 OK", .body = "{}" },
	{ .request = "GET /v2/",
	  .status = "401 Unauthorized",
	  .headers = "WWW-Authenticate: Basic realm=\"x\"\r\n",
	  .body = "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"not you\"}]}" },
};

static void setup(void)
{
	setup_registry();
	web_rules(rules, LENGTH(rules));
}

/* Log in at the test's registry, whose address is written as `form` ("%s"). */
static int login(const char *form, const char *user, const char *password, json_t **ret)
{
	bt_auto_str struct bt_str address = { 0 };
	json_auto_t *auth = NULL;
	const char *rest = strstr(form, "%s");

	bt_str_printf(&address, "%.*s127.0.0.1:%d%s", (int)(rest - form), form, web.port, rest + 2);
	auth = json_pack("{ssssss}", "username", user, "password", password, "serveraddress",
			 bt_str_get(&address));
	err = (struct bt_err){ 0 };
	return bt_login(images, auth, ret, &err);
}

START_TEST(credentials_that_the_registry_takes_are_good)
{
	static const char *const forms[] = { "%s", "http://%s", "https://%s", "%s/v1/",
					     "http://%s/v2/" };

	for (size_t i = 0; i < LENGTH(forms); i++) {
		json_auto_t *answer = NULL;

		ck_assert_msg(login(forms[i], "me", "secret", &answer) == 0, "%s: %s", forms[i],
			      err.msg);
		ck_assert_str_eq(bt_json_str(answer, "Status", ""), "Login Succeeded");
		ck_assert_str_eq(bt_json_str(answer, "IdentityToken", "?"), "");
	}
}
END_TEST

START_TEST(those_that_it_refuses_are_not_and_nothing_of_them_is_told)
{
	json_t *answer = NULL;

	ck_assert_int_lt(login("%s", "me", "hunter2", &answer), 0);
	ck_assert_int_eq(err.kind, BT_ERR_UNAUTHORIZED);
	ck_assert_msg(strstr(err.msg, "hunter2") == NULL, "%s", err.msg);
	ck_assert_ptr_null(answer);
}
END_TEST

START_TEST(a_registry_that_fails_has_not_taken_them)
{
	static const struct web_rule broken[] = {
		{ .request = "GET /v2/", .status = "500 Oops", .body = "no" },
	};
	json_t *answer = NULL;

	web_rules(broken, 1);
	ck_assert_int_lt(login("%s", "me", "secret", &answer), 0);
	ck_assert_int_ne(err.kind, BT_ERR_NONE);
	ck_assert_ptr_null(answer);
}
END_TEST

START_TEST(an_address_that_is_none_is_an_error)
{
	json_auto_t *auth = json_pack("{ssssss}", "username", "me", "password", "secret",
				      "serveraddress", "127.0.0.1:none");
	json_t *answer = NULL;

	ck_assert_int_lt(bt_login(images, auth, &answer, &err), 0);
	ck_assert_ptr_null(answer);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, credentials_that_the_registry_takes_are_good);
	tcase_add_test(tests, those_that_it_refuses_are_not_and_nothing_of_them_is_told);
	tcase_add_test(tests, a_registry_that_fails_has_not_taken_them);
	tcase_add_test(tests, an_address_that_is_none_is_an_error);
}

int main(void)
{
	return run_suite("image/login", setup, teardown_registry, add);
}
