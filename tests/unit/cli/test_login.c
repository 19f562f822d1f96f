/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define WARNING(text) \
	"WARNING! Your credentials are stored unencrypted in '" text "/config.json'.\n"
#define LETS_IN                                                                                 \
	{                                                                                       \
		{                                                                               \
			"POST /auth ", "{'Status':'Login Succeeded','IdentityToken':''}", NULL, \
				NULL                                                            \
		}                                                                               \
	}

static const struct cli_answer lets_in[CLI_ANSWERS_MAX] = LETS_IN;

static void run_login(const char *line, const struct cli_answer *answers, const char *typed)
{
	cli_forget();
	cli_serve(answers);
	cli_type(typed);
	cli_run_as("berth", line);
}

/* The configuration keeps, for a registry, this auth; NULL: nothing. */
static void check_kept(const char *key, const char *want)
{
	bt_auto_free char *text = cli_read("config.json");
	json_auto_t *config = json_loads(text, 0, NULL);
	const json_t *auth =
		json_object_get(json_object_get(json_object_get(config, "auths"), key), "auth");

	ck_assert_ptr_nonnull(config);
	ck_assert_msg(want ? bt_str_eq(json_string_value(auth), want) : auth == NULL, "%s", text);
}

START_TEST(a_password_on_standard_input_is_read_to_the_end_of_its_line)
{
	run_login("login -u me --password-stdin reg.example", lets_in, "pass word\r\nmore\n");
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	ck_assert_str_eq(cli_out, "Login Succeeded\n");
	cli_check_body("POST /auth", "{'username':'me','password':'pass word','serveraddress':"
				     "'reg.example'}");
	check_kept("reg.example", "bWU6cGFzcyB3b3Jk"); /* me:pass word */
}
END_TEST

START_TEST(credentials_are_kept_for_nobody_else_to_read)
{
	bt_auto_free char *path = bt_str_format("%s/config.json", cli_dir);
	bt_auto_free char *warning = bt_str_format(WARNING("%s"), cli_dir);
	struct stat st;

	run_login("login -u me --password-stdin reg.example", lets_in, "p");
	ck_assert_str_eq(cli_err, warning);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(a_registry_is_known_by_its_host_alone)
{
	static const struct {
		const char *server, *key;
	} cases[] = {
		{ "reg.example:5000", "reg.example:5000" },
		{ "https://reg.example:5000", "reg.example:5000" },
		{ "http://reg.example/v2/", "reg.example" },
		{ "reg.example/a/b", "reg.example" },
		{ "docker.io", "https://index.docker.io/v1/" },
		{ "", "https://index.docker.io/v1/" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *line =
			bt_str_format("login -u a --password-stdin %s", cases[i].server);
		bt_auto_free char *body = bt_str_format(
			"{'username':'a','password':'b','serveraddress':'%s'}", cases[i].key);

		cli_write("config.json", "{}");
		run_login(line, lets_in, "b");
		ck_assert_msg(cli_code == 0, "%s: %s", line, cli_err);
		cli_check_body("POST /auth", body);
		check_kept(cases[i].key, "YTpi");
	}
}
END_TEST

START_TEST(what_the_registry_refuses_is_not_kept)
{
	static const struct cli_answer refuses[CLI_ANSWERS_MAX] = {
		{ "POST /auth ", "{'message':'unauthorized'}", "401 Unauthorized", NULL }
	};

	cli_write("config.json", "{'auths':{'reg.example':{'auth':'b2xkOm9sZA=='}}}");
	run_login("login -u me --password-stdin reg.example", refuses, "p");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_str_eq(cli_err, "Error response from daemon: unauthorized\n");
	check_kept("reg.example", "b2xkOm9sZA==");
}
END_TEST

START_TEST(what_is_kept_is_tried_again_where_nothing_is_given)
{
	cli_write("config.json", "{'auths':{'reg.example':{'auth':'bWU6cGFzcw=='}}}");
	run_login("login reg.example", lets_in, "");
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	ck_assert_str_eq(cli_out, "Authenticating with existing credentials...\nLogin Succeeded\n");
	cli_check_body("POST /auth",
		       "{'username':'me','password':'pass','serveraddress':'reg.example'}");
}
END_TEST

START_TEST(nobody_is_asked_where_there_is_no_terminal)
{
	static const char *const lines[] = { "login reg.example", "login -u me reg.example" };

	for (size_t i = 0; i < LENGTH(lines); i++) {
		run_login(lines[i], lets_in, "me\npass\n");
		ck_assert_int_eq(cli_code, 1);
		ck_assert_str_eq(cli_err, "Error: Cannot perform an interactive login from a non "
					  "TTY device\n");
	}
	ck_assert_uint_eq(web_count("POST "), 0);
}
END_TEST

START_TEST(flags_that_contradict_each_other_are_refused)
{
	static const struct {
		const char *line, *err;
	} cases[] = {
		{ "login --password-stdin reg.example",
		  "the --password-stdin option requires --username to be set\n" },
		{ "login -u a -p b --password-stdin reg.example",
		  "WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n"
		  "--password and --password-stdin are mutually exclusive\n" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		run_login(cases[i].line, lets_in, "p");
		ck_assert_int_eq(cli_code, 1);
		ck_assert_str_eq(cli_err, cases[i].err);
	}
	ck_assert_uint_eq(web_count("POST "), 0);
}
END_TEST

START_TEST(a_token_of_the_registry_is_kept_instead_of_the_password)
{
	static const struct cli_answer gives_token[CLI_ANSWERS_MAX] = {
		{ "POST /auth ", "{'Status':'','IdentityToken':'tok'}", NULL, NULL }
	};
	bt_auto_free char *text = NULL;

	run_login("login -u me --password-stdin reg.example", gives_token, "secret");
	ck_assert_str_eq(cli_out, "Login Succeeded\n");
	text = cli_read("config.json");
	ck_assert_msg(strstr(text, "\"identitytoken\": \"tok\"") != NULL ||
			      strstr(text, "\"identitytoken\":\"tok\"") != NULL,
		      "%s", text);
	ck_assert_msg(strstr(text, "c2VjcmV0") == NULL && strstr(text, "OnNlY3JldA") == NULL, "%s",
		      text);
}
END_TEST

START_TEST(logout_forgets_one_registry_and_leaves_the_rest)
{
	cli_write("config.json",
		  "{'auths':{'a.example':{'auth':'YTpi'},'b.example':{'auth':'YTpi'}}"
		  ",'psFormat':'x'}");
	cli_check(&(struct cli_case){ .line = "logout https://a.example/v2/",
				      .out = "Removing login credentials for a.example\n" });
	check_kept("a.example", NULL);
	check_kept("b.example", "YTpi");
	/* And again: there is nothing to forget. */
	cli_check(&(struct cli_case){ .line = "logout a.example",
				      .out = "Removing login credentials for a.example\n" });
	check_kept("b.example", "YTpi");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_password_on_standard_input_is_read_to_the_end_of_its_line);
	tcase_add_test(tests, credentials_are_kept_for_nobody_else_to_read);
	tcase_add_test(tests, a_registry_is_known_by_its_host_alone);
	tcase_add_test(tests, what_the_registry_refuses_is_not_kept);
	tcase_add_test(tests, what_is_kept_is_tried_again_where_nothing_is_given);
	tcase_add_test(tests, nobody_is_asked_where_there_is_no_terminal);
	tcase_add_test(tests, flags_that_contradict_each_other_are_refused);
	tcase_add_test(tests, a_token_of_the_registry_is_kept_instead_of_the_password);
	tcase_add_test(tests, logout_forgets_one_registry_and_leaves_the_rest);
}

int main(void)
{
	return cli_run_suite("cli/login", add);
}
