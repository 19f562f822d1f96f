/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define CREATED(name) name "\n", "Successfully created context \"" name "\"\n"
#define INVALID       "invalid docker endpoint options: failed to retrieve context tls info: "

static void check_run(const char *line, int code, const char *out, const char *err)
{
	cli_check(&(struct cli_case){ .line = line, .code = code, .out = out, .err = err });
}

/* What `context inspect` shows of `template`. */
static void check_inspect(const char *name, const char *template, const char *want)
{
	bt_auto_free char *line = bt_str_format("context inspect --format '%s' %s", template, name);
	bt_auto_free char *out = bt_str_format("%s\n", want);

	check_run(line, 0, out, NULL);
}

START_TEST(a_context_keeps_where_its_daemon_is)
{
	check_run("context create --docker host=tcp://h:1,skip-tls-verify=true --description "
		  "'over there' cc",
		  0, CREATED("cc"));
	check_inspect("cc", "{{.Name}} {{.Metadata.Description}}", "cc over there");
	check_inspect("cc", "{{json .Endpoints.docker}}",
		      "{\"Host\":\"tcp://h:1\",\"SkipTLSVerify\":true}");
}
END_TEST

START_TEST(certificates_are_verified_unless_it_is_said_otherwise)
{
	check_run("context create --docker host=tcp://h:1 cc", 0, CREATED("cc"));
	check_inspect("cc", "{{json .Endpoints.docker}}",
		      "{\"Host\":\"tcp://h:1\",\"SkipTLSVerify\":false}");
}
END_TEST

START_TEST(a_name_is_taken_once)
{
	check_run("context create --docker host=unix:///a cc", 0, CREATED("cc"));
	check_run("context create --docker host=unix:///b cc", 1, NULL,
		  "context \"cc\" already exists\n");
	check_inspect("cc", "{{.Endpoints.docker.Host}}", "unix:///a");
}
END_TEST

START_TEST(names_are_of_letters_digits_and_few_signs)
{
	static const char *const names[] = { "a/b", "../x", "a bb", "", ".", "-a", "a\xc3\xa9" };

	for (size_t i = 0; i < LENGTH(names); i++) {
		bt_auto_free char *line =
			bt_str_format("context create --docker host=unix:///a -- '%s'", names[i]);

		cli_forget();
		cli_run_as("berth", line);
		ck_assert_msg(cli_code == 1 && *cli_err, "'%s' is a name: %s", names[i], cli_out);
	}
	cli_forget();
	cli_run_as("berth", "context create --docker host=unix:///a default");
	ck_assert_int_eq(cli_code, 1);
}
END_TEST

START_TEST(what_describes_no_endpoint_is_refused)
{
	static const struct {
		const char *docker, *err;
		int code;
	} cases[] = {
		{ "hots=tcp://h:1",
		  "unable to create docker endpoint config: unrecognized config "
		  "key: hots\n",
		  1 },
		{ "host=tcp://h:1,skip-tls-verify=perhaps",
		  "unable to create docker endpoint config: skip-tls-verify: parsing \"perhaps\": "
		  "invalid syntax\n",
		  1 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *line =
			bt_str_format("context create --docker %s cc", cases[i].docker);

		check_run(line, cases[i].code, NULL, cases[i].err);
	}
	cli_forget();
	cli_run_as("berth", "context create --docker host cc");
	ck_assert_int_eq(cli_code, 125);
	ck_assert_msg(strstr(cli_err, "host must be formatted as key=value") != NULL, "%s",
		      cli_err);
	check_run("context create --docker host=unix:///a --from default cc", 1, NULL,
		  "cannot use --docker flag when --from is set\n");
	cli_forget();
	cli_run_as("berth", "context create --docker from=none cc");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_msg(
		strstr(cli_err, "unable to create docker endpoint config: context \"none\": ") ==
			cli_err,
		"%s", cli_err);
}
END_TEST

START_TEST(files_that_are_no_pem_are_refused_when_they_are_given)
{
	static const struct {
		const char *ca, *cert, *key, *err;
	} cases[] = {
		{ "x", NULL, NULL, INVALID "ca.pem seems invalid\n" },
		{ NULL, "-----BEGIN CERTIFICATE-----", "x",
		  "invalid docker endpoint options: no valid private key found\n" },
		{ NULL, "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----",
		  INVALID "tls: found a certificate rather than a key in the PEM for the private "
			  "key\n" },
		{ NULL, "x", "-----BEGIN PRIVATE KEY-----",
		  INVALID "tls: failed to find any PEM data in certificate input\n" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_str struct bt_str line = { 0 };
		bt_auto_free char *err =
			bt_str_format("unable to create docker endpoint config: %s", cases[i].err);

		bt_str_puts(&line, "context create --docker host=tcp://h:1");
		cli_write("ca", cases[i].ca ? cases[i].ca : "");
		cli_write("cert", cases[i].cert ? cases[i].cert : "");
		cli_write("key", cases[i].key ? cases[i].key : "");
		if (cases[i].ca)
			bt_str_printf(&line, ",ca=%s/ca", cli_dir);
		if (cases[i].cert)
			bt_str_printf(&line, ",cert=%s/cert", cli_dir);
		if (cases[i].key)
			bt_str_printf(&line, ",key=%s/key", cli_dir);
		bt_str_puts(&line, " cc");
		check_run(bt_str_get(&line), 1, NULL, err);
	}
}
END_TEST

START_TEST(an_update_changes_what_is_said_and_keeps_the_rest)
{
	check_run("context create --docker host=tcp://h:1 --description before cc", 0,
		  CREATED("cc"));
	check_run("context update --description after cc", 0, "cc\n",
		  "Successfully updated context \"cc\"\n");
	check_inspect("cc", "{{.Metadata.Description}} {{.Endpoints.docker.Host}}",
		      "after tcp://h:1");
	check_run("context update --docker host=tcp://h:2 cc", 0, "cc\n",
		  "Successfully updated context \"cc\"\n");
	check_inspect("cc", "{{.Metadata.Description}} {{.Endpoints.docker.Host}}",
		      "after tcp://h:2");
	cli_forget();
	cli_run_as("berth", "context update --description x none");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_msg(strstr(cli_err, "\"none\"") != NULL, "%s", cli_err);
}
END_TEST

START_TEST(the_context_in_use_is_removed_by_force_alone)
{
	check_run("context create --docker host=unix:///a cc", 0, CREATED("cc"));
	ck_assert_int_eq(unsetenv("DOCKER_HOST"), 0);
	check_run("context use cc", 0, "cc\n", "Current context is now \"cc\"\n");
	check_run("context rm cc", 1, NULL,
		  "context \"cc\" is in use, set -f flag to force remove\n");
	check_run("context show", 0, "cc\n", NULL);
	check_run("context rm -f cc", 0, "cc\n", NULL);
	check_run("context show", 0, "default\n", NULL);
}
END_TEST

START_TEST(one_that_cannot_be_removed_leaves_the_others_to_be)
{
	check_run("context create --docker host=unix:///a aa", 0, CREATED("aa"));
	check_run("context create --docker host=unix:///b bb", 0, CREATED("bb"));
	check_run("context rm aa none default bb", 1, "aa\nbb\n",
		  "context \"none\" does not exist\n"
		  "context \"default\" cannot be removed\n");
	check_run("context rm -f aa", 0, "aa\n", NULL);
}
END_TEST

START_TEST(a_copy_is_a_context_of_its_own)
{
	check_run("context create --docker host=unix:///a --description d aa", 0, CREATED("aa"));
	check_run("context create --from aa bb", 0, CREATED("bb"));
	check_run("context update --docker host=unix:///c aa", 0, "aa\n",
		  "Successfully updated context \"aa\"\n");
	check_inspect("bb", "{{.Name}} {{.Metadata.Description}} {{.Endpoints.docker.Host}}",
		      "bb d unix:///a");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_context_keeps_where_its_daemon_is);
	tcase_add_test(tests, certificates_are_verified_unless_it_is_said_otherwise);
	tcase_add_test(tests, a_name_is_taken_once);
	tcase_add_test(tests, names_are_of_letters_digits_and_few_signs);
	tcase_add_test(tests, what_describes_no_endpoint_is_refused);
	tcase_add_test(tests, files_that_are_no_pem_are_refused_when_they_are_given);
	tcase_add_test(tests, an_update_changes_what_is_said_and_keeps_the_rest);
	tcase_add_test(tests, the_context_in_use_is_removed_by_force_alone);
	tcase_add_test(tests, one_that_cannot_be_removed_leaves_the_others_to_be);
	tcase_add_test(tests, a_copy_is_a_context_of_its_own);
}

int main(void)
{
	return cli_run_suite("cli/context_edit", add);
}
