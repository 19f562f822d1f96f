/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define ID "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void check_rows(const char *line, const char *images, const char *want)
{
	cli_check(&(struct cli_case){ .line = line,
				      .answers = { { "GET /images/json", images, NULL, NULL } },
				      .out = want });
}

START_TEST(an_image_has_a_row_for_each_of_its_names)
{
	check_rows("images --format '{{.Repository}} {{.Tag}} {{.ID}}'",
		   "[{'Id':'" ID "','RepoTags':['a:1','localhost:5000/a:1','a:2']}]",
		   "a 1 0123456789ab\nlocalhost:5000/a 1 0123456789ab\na 2 0123456789ab\n");
}
END_TEST

START_TEST(an_image_without_a_name_has_a_row_of_none)
{
	static const char *const images[] = {
		"[{'Id':'" ID "'}]",
		"[{'Id':'" ID "','RepoTags':[],'RepoDigests':[]}]",
		"[{'Id':'" ID "','RepoTags':null,'RepoDigests':null}]",
		"[{'Id':'" ID "','RepoTags':['<none>:<none>'],'RepoDigests':['<none>@<none>']}]",
	};

	for (size_t i = 0; i < LENGTH(images); i++)
		check_rows("images --format '{{.Repository}} {{.Tag}} {{.Digest}}'", images[i],
			   "<none> <none> <none>\n");
}
END_TEST

START_TEST(names_that_are_no_text_are_passed_over)
{
	check_rows("images --digests --format '{{.Repository}} {{.Digest}}'",
		   "[{'Id':'" ID "','RepoTags':[null,5,'a:1'],'RepoDigests':[null,{},'a@sha256:d']"
		   "}]",
		   "a sha256:d\n");
	check_rows("images --digests --format '{{.Repository}} {{.Digest}}'",
		   "[{'Id':'" ID "','RepoDigests':[null,'a@sha256:d',[]]}]", "a sha256:d\n");
}
END_TEST

START_TEST(a_digest_goes_with_the_name_of_its_repository)
{
	check_rows("images --digests --format '{{.Repository}} {{.Digest}}'",
		   "[{'Id':'" ID "','RepoTags':['a:1','ab:1','c:1'],'RepoDigests':['ab@sha256:2',"
		   "'a@sha256:1']}]",
		   "a sha256:1\nab sha256:2\nc <none>\n");
}
END_TEST

START_TEST(one_that_was_pulled_by_digest_has_one_row_unless_digests_are_wanted)
{
	static const char images[] = "[{'Id':'" ID "','RepoDigests':['a@sha256:1','b@sha256:2']}]";

	check_rows("images --format '{{.Repository}} {{.Tag}}'", images, "a <none>\n");
	check_rows("images --digests --format '{{.Repository}} {{.Digest}}'", images,
		   "a sha256:1\nb sha256:2\n");
}
END_TEST

START_TEST(sizes_the_daemon_did_not_count_are_not_available)
{
	check_rows("images --format "
		   "'{{.Containers}}|{{.SharedSize}}|{{.UniqueSize}}|{{.Size}}|{{.VirtualSize}}'",
		   "[{'Containers':-1,'SharedSize':-1,'Size':1234567},"
		   "{'Containers':2,'SharedSize':1000,'Size':1234567}]",
		   "N/A|N/A|N/A|1.23MB|1.235MB\n2|1kB|1.234MB|1.23MB|1.235MB\n");
}
END_TEST

START_TEST(an_image_without_a_time_was_created_nobody_knows_when)
{
	check_rows("images --format '{{.CreatedSince}}'",
		   "[{'Created':0},{'Created':-62135596800}]", "N/A\nN/A\n");
	check_rows("images --format '{{.CreatedAt}}'", "[{'Created':1700000000}]",
		   "2023-11-14 22:13:20 +0000 UTC\n");
}
END_TEST

START_TEST(no_images_are_a_table_of_its_head_alone)
{
	check_rows("images", "[]", "REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n");
	check_rows("images --digests", "[]",
		   "REPOSITORY   TAG       DIGEST    IMAGE ID   CREATED   SIZE\n");
	check_rows("images -q", "[]", "");
}
END_TEST

START_TEST(flags_are_parameters_of_the_request)
{
	static const struct {
		const char *line, *asked;
	} cases[] = {
		{ "images", "GET /images/json" },
		{ "images -a", "GET /images/json?all=1" },
		{ "images alpine", "GET /images/json?filters=%7B%22reference%22:%7B%22alpine%22:"
				   "true%7D%7D" },
		{ "images -f dangling=true", "GET /images/json?filters=%7B%22dangling%22:%7B%22true"
					     "%22:true%7D%7D" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		check_rows(cases[i].line, "[]",
			   "REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n");
		cli_check_asked("GET /images", cases[i].asked);
	}
}
END_TEST

START_TEST(an_answer_that_is_no_list_is_a_failure)
{
	static const char *const answers[] = { "{'a':", "[{'Id':}]", "[", "x" };

	for (size_t i = 0; i < LENGTH(answers); i++) {
		cli_forget();
		cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
			{ "GET /images/json", answers[i], NULL, NULL } });
		cli_run_as("berth", "images");
		ck_assert_msg(cli_code == 1 && *cli_err, "%s ends with %d: %s", answers[i],
			      cli_code, cli_out);
	}
}
END_TEST

START_TEST(a_tree_is_refused_before_the_daemon_is_asked)
{
	cli_run_as("berth", "images --tree");
	ck_assert_int_eq(cli_code, 1);
	ck_assert_uint_eq(web_count("GET "), 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, an_image_has_a_row_for_each_of_its_names);
	tcase_add_test(tests, an_image_without_a_name_has_a_row_of_none);
	tcase_add_test(tests, names_that_are_no_text_are_passed_over);
	tcase_add_test(tests, a_digest_goes_with_the_name_of_its_repository);
	tcase_add_test(tests, one_that_was_pulled_by_digest_has_one_row_unless_digests_are_wanted);
	tcase_add_test(tests, sizes_the_daemon_did_not_count_are_not_available);
	tcase_add_test(tests, an_image_without_a_time_was_created_nobody_knows_when);
	tcase_add_test(tests, no_images_are_a_table_of_its_head_alone);
	tcase_add_test(tests, flags_are_parameters_of_the_request);
	tcase_add_test(tests, an_answer_that_is_no_list_is_a_failure);
	tcase_add_test(tests, a_tree_is_refused_before_the_daemon_is_asked);
}

int main(void)
{
	return cli_run_suite("cli/images", add);
}
