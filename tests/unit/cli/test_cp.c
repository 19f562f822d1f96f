/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define DIR_THERE  "X-Docker-Container-Path-Stat: eyJuYW1lIjoiZCIsIm1vZGUiOjIxNDc0ODQxNDF9\r\n"
#define FILE_THERE "X-Docker-Container-Path-Stat: eyJuYW1lIjoiZiIsIm1vZGUiOjQyMH0=\r\n"
#define MISSING    "{'message':'Could not find the file'}", "404 Not Found", NULL
#define NOTHING    NULL, NULL

/* An archive with the one file "f", which says "hello", as tar(1) makes it. */
static struct bt_str archive;

static void run_shell(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

static void make_archive(void)
{
	bt_auto_free char *command = bt_str_format(
		"cd %s && mkdir -p in/f.d && printf hello > in/f && printf deep > in/f.d/x && "
		"tar -C in -cf archive.tar f",
		cli_dir);
	bt_auto_free char *path = bt_str_format("%s/archive.tar", cli_dir);
	char buf[65536];
	FILE *f;

	run_shell(command);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	bt_str_add(&archive, buf, fread(buf, 1, sizeof(buf), f));
	ck_assert_int_eq(fclose(f), 0);
}

static void setup(void)
{
	cli_setup();
	make_archive();
}

static void teardown(void)
{
	cli_teardown();
	bt_str_done(&archive);
}

/* The daemon sends that archive for every path. */
static void serve_archive(const char *headers)
{
	static struct web_rule rule;

	rule = (struct web_rule){ .request = "GET /containers/c/archive",
				  .status = "200 OK",
				  .headers = headers,
				  .body = archive.p,
				  .len = archive.len };
	web_rules(&rule, 1);
}

static void run_in_dir(const char *format)
{
	bt_auto_str struct bt_str line = { 0 };

	/* "@" stands for the test's directory. */
	for (const char *c = format; *c; c++)
		if (*c == '@')
			bt_str_puts(&line, cli_dir);
		else
			bt_str_putc(&line, *c);
	cli_forget();
	cli_run_as("berth", bt_str_get(&line));
}

static void check_names(const char *list)
{
	const struct web_request *put = web_last("PUT /containers/c/archive");
	bt_auto_free char *path = bt_str_format("%s/sent.tar", cli_dir);
	bt_auto_free char *command =
		bt_str_format("tar -tf %s/sent.tar > %s/sent.txt", cli_dir, cli_dir);
	bt_auto_free char *got = NULL;
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(put->body.p, 1, put->body.len, f), put->body.len);
	ck_assert_int_eq(fclose(f), 0);
	run_shell(command);
	got = cli_read("sent.txt");
	ck_assert_str_eq(got, list);
}

static void check_file(const char *name, const char *want)
{
	bt_auto_free char *got = cli_read(name);

	ck_assert_str_eq(got, want);
}

START_TEST(a_file_comes_into_a_directory_by_its_own_name)
{
	serve_archive(FILE_THERE);
	run_in_dir("cp c:/etc/f @");
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	cli_check_asked("GET /containers", "GET /containers/c/archive?path=/etc/f");
	check_file("f", "hello");
}
END_TEST

START_TEST(a_file_comes_by_the_name_that_is_asked_for)
{
	serve_archive(FILE_THERE);
	run_in_dir("cp c:/etc/f @/g");
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	check_file("g", "hello");
	/* And again over what is there. */
	run_in_dir("cp c:/etc/f @/g");
	ck_assert_int_eq(cli_code, 0);
}
END_TEST

START_TEST(a_name_with_tars_special_characters_is_taken_as_it_is)
{
	static const char *const names[] = { "a&b", "a,b", "a\\1", "[x]*", "-C", "--help", "a b" };

	serve_archive(FILE_THERE);
	for (size_t i = 0; i < LENGTH(names); i++) {
		bt_auto_free char *line = bt_str_format("cp c:/etc/f '@/%s'", names[i]);

		run_in_dir(line);
		ck_assert_msg(cli_code == 0, "%s: %s", names[i], cli_err);
		check_file(names[i], "hello");
	}
}
END_TEST

START_TEST(what_has_no_directory_to_go_to_is_refused)
{
	serve_archive(FILE_THERE);
	run_in_dir("cp c:/etc/f @/none/g");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_msg(strstr(cli_err, "invalid output path: directory \"") != NULL, "%s", cli_err);
	run_in_dir("cp c:/etc/f @/none/");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_str_eq(cli_err, "no such directory\n");
}
END_TEST

START_TEST(an_archive_that_breaks_off_is_a_failure)
{
	static struct web_rule rule;

	rule = (struct web_rule){ .request = "GET /containers/c/archive",
				  .status = "200 OK",
				  .headers = FILE_THERE,
				  .body = archive.p,
				  .len = archive.len,
				  .cut = 700 };
	web_rules(&rule, 1);
	run_in_dir("cp c:/etc/f @/g");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_str_ne(cli_err, "");
}
END_TEST

START_TEST(between_two_containers_or_none_nothing_is_copied)
{
	static const struct cli_case cases[] = {
		{ .line = "cp a:/x b:/y",
		  .code = 1,
		  .err = "copying between containers is not supported\n" },
		{ .line = "cp /x /y",
		  .code = 1,
		  .err = "must specify at least one container source\n" },
		/* A path here may have a colon: behind a slash or a dot it is one of its own. */
		{ .line = "cp ./a:b /c:d",
		  .code = 1,
		  .err = "must specify at least one container source\n" },
		{ .line = "cp :/x /y",
		  .code = 1,
		  .err = "must specify at least one container source\n" },
		{ .line = "cp a/b:c /y",
		  .code = 1,
		  .err = "must specify at least one container source\n" },
	};

	cli_check_all(cases);
	ck_assert_uint_eq(web_count("GET "), 0);
}
END_TEST

START_TEST(a_file_goes_into_a_directory_by_its_own_name)
{
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
		{ "HEAD /containers/c/archive", NOTHING, DIR_THERE },
		{ "PUT /containers/c/archive", NOTHING, NULL } });
	run_in_dir("cp @/in/f c:/tmp");
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	cli_check_asked("PUT /", "PUT /containers/c/archive?path=/tmp&noOverwriteDirNonDir=true");
	check_names("f\n");
}
END_TEST

START_TEST(a_file_that_is_not_there_yet_is_made_by_its_name)
{
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
		{ "HEAD /containers/c/archive?path=/tmp/new ", MISSING },
		{ "HEAD /containers/c/archive?path=/tmp ", NOTHING, DIR_THERE },
		{ "PUT /containers/c/archive", NOTHING, NULL } });
	run_in_dir("cp @/in/f c:/tmp/new");
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	cli_check_asked("PUT /", "PUT /containers/c/archive?path=/tmp&noOverwriteDirNonDir=true");
	check_names("new\n");
}
END_TEST

START_TEST(a_name_without_a_slash_is_in_the_containers_root)
{
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
		{ "HEAD /containers/c/archive?path=new ", MISSING },
		{ "HEAD /containers/c/archive", NOTHING, DIR_THERE },
		{ "PUT /containers/c/archive", NOTHING, NULL } });
	run_in_dir("cp @/in/f c:new");
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	cli_check_asked("PUT /", "PUT /containers/c/archive?path=.&noOverwriteDirNonDir=true");
	check_names("new\n");
}
END_TEST

START_TEST(a_file_takes_the_place_of_another)
{
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
		{ "HEAD /containers/c/archive", NOTHING, FILE_THERE },
		{ "PUT /containers/c/archive", NOTHING, NULL } });
	run_in_dir("cp @/in/f c:/tmp/old");
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	cli_check_asked("PUT /", "PUT /containers/c/archive?path=/tmp&noOverwriteDirNonDir=true");
	check_names("old\n");
}
END_TEST

START_TEST(a_directory_goes_with_what_is_in_it_or_that_alone)
{
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
		{ "HEAD /containers/c/archive", NOTHING, DIR_THERE },
		{ "PUT /containers/c/archive", NOTHING, NULL } });
	run_in_dir("cp @/in/f.d c:/tmp");
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	check_names("f.d/\nf.d/x\n");
	run_in_dir("cp @/in/f.d/ c:/tmp");
	check_names("f.d/\nf.d/x\n");
	run_in_dir("cp @/in/f.d/. c:/tmp");
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	check_names("./\n./x\n");
}
END_TEST

START_TEST(a_directory_is_not_copied_over_a_file)
{
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
		{ "HEAD /containers/c/archive", NOTHING, FILE_THERE } });
	run_in_dir("cp @/in/f.d c:/tmp/old");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_str_eq(cli_err, "cannot copy directory\n");
}
END_TEST

START_TEST(a_file_for_a_directory_that_is_missing_is_refused)
{
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
		{ "HEAD /containers/c/archive", MISSING },
		{ "GET /containers/c/json", "{}", NULL, NULL } });
	run_in_dir("cp @/in/f c:/none/");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_str_eq(cli_err, "Error response from daemon: Could not find the file /none/ in "
				  "container c\n");
	run_in_dir("cp @/in/f c:/none/new");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_str_eq(cli_err, "Error response from daemon: Could not find the file /none in "
				  "container c\n");
}
END_TEST

START_TEST(a_container_that_is_missing_is_called_so)
{
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){ { "HEAD /containers/c/archive", MISSING },
							{ "GET /containers/c/json",
							  "{'message':'No such container: c'}",
							  "404 Not Found", NULL } });
	run_in_dir("cp @/in/f c:/none/");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_str_eq(cli_err, "Error response from daemon: No such container: c\n");
	run_in_dir("cp @/in/f c:/new");
	ck_assert_str_eq(cli_err, "Error response from daemon: No such container: c\n");
}
END_TEST

START_TEST(what_is_not_here_is_not_asked_of_the_daemon)
{
	run_in_dir("cp @/none c:/tmp");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_msg(strstr(cli_err, "/none: no such file or directory") != NULL, "%s", cli_err);
	ck_assert_uint_eq(web_count("HEAD "), 0);
}
END_TEST

START_TEST(an_archive_on_standard_input_is_sent_as_it_is)
{
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
		{ "PUT /containers/c/archive", NOTHING, NULL } });
	cli_type("not even an archive");
	run_in_dir("cp -a - c:/tmp");
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	cli_check_asked("PUT /", "PUT /containers/c/archive?path=/tmp&noOverwriteDirNonDir=true&"
				 "copyUIDGID=1");
	ck_assert_str_eq(bt_str_get(&web_last("PUT /")->body), "not even an archive");
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_file_comes_into_a_directory_by_its_own_name);
	tcase_add_test(tests, a_file_comes_by_the_name_that_is_asked_for);
	tcase_add_test(tests, a_name_with_tars_special_characters_is_taken_as_it_is);
	tcase_add_test(tests, what_has_no_directory_to_go_to_is_refused);
	tcase_add_test(tests, an_archive_that_breaks_off_is_a_failure);
	tcase_add_test(tests, between_two_containers_or_none_nothing_is_copied);
	tcase_add_test(tests, a_file_goes_into_a_directory_by_its_own_name);
	tcase_add_test(tests, a_file_that_is_not_there_yet_is_made_by_its_name);
	tcase_add_test(tests, a_name_without_a_slash_is_in_the_containers_root);
	tcase_add_test(tests, a_file_takes_the_place_of_another);
	tcase_add_test(tests, a_directory_goes_with_what_is_in_it_or_that_alone);
	tcase_add_test(tests, a_directory_is_not_copied_over_a_file);
	tcase_add_test(tests, a_file_for_a_directory_that_is_missing_is_refused);
	tcase_add_test(tests, a_container_that_is_missing_is_called_so);
	tcase_add_test(tests, what_is_not_here_is_not_asked_of_the_daemon);
	tcase_add_test(tests, an_archive_on_standard_input_is_sent_as_it_is);
}

int main(void)
{
	return run_suite("cli/cp", setup, teardown, add);
}
