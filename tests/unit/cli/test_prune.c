/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"
#include "codec/query.h"

#define NOTHING "{'ContainersDeleted':null,'SpaceReclaimed':0}"

START_TEST(what_was_removed_is_listed_with_the_space_it_took)
{
	static const struct cli_case cases[] = {
		{ .line = "container prune -f",
		  .answers = { { "POST /containers/prune",
				 "{'ContainersDeleted':['aa','bb'],'SpaceReclaimed':1500}", NULL,
				 NULL } },
		  .out = "Deleted Containers:\naa\nbb\n\nTotal reclaimed space: 1.5kB\n" },
		{ .line = "volume prune -f",
		  .answers = { { "POST /volumes/prune",
				 "{'VolumesDeleted':['v'],'SpaceReclaimed':0}", NULL, NULL } },
		  .out = "Deleted Volumes:\nv\n\nTotal reclaimed space: 0B\n" },
		{ .line = "image prune -f",
		  .answers = { { "POST /images/prune",
				 "{'ImagesDeleted':[{'Untagged':'x:1'},{'Deleted':'sha256:a'},{}],"
				 "'SpaceReclaimed':2000000}",
				 NULL, NULL } },
		  .out = "Deleted Images:\nuntagged: x:1\ndeleted: sha256:a\n\n"
			 "Total reclaimed space: 2MB\n" },
		/* A network takes none. */
		{ .line = "network prune -f",
		  .answers = { { "POST /networks/prune", "{'NetworksDeleted':['n']}", NULL,
				 NULL } },
		  .out = "Deleted Networks:\nn\n\n" },
		{ .line = "container prune -f",
		  .answers = { { "POST /containers/prune", NOTHING, NULL, NULL } },
		  .out = "Total reclaimed space: 0B\n" },
	};

	cli_check_all(cases);
}
END_TEST

START_TEST(nothing_is_removed_without_a_yes)
{
	static const char *const answers[] = { "n\n", "\n", "", "no\n", "x\n" };

	for (size_t i = 0; i < LENGTH(answers); i++) {
		cli_forget();
		cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
			{ "POST /containers/prune", NOTHING, NULL, NULL } });
		cli_type(answers[i]);
		cli_run_as("berth", "container prune");
		ck_assert_msg(strstr(cli_out,
				     "WARNING! This will remove all stopped containers.") != NULL,
			      "%s", cli_out);
		ck_assert_uint_eq(web_count("POST "), 0);
	}
	cli_forget();
	cli_type("y\n");
	cli_run_as("berth", "container prune");
	ck_assert_int_eq(cli_code, 0);
	ck_assert_uint_eq(web_count("POST /containers/prune"), 1);
}
END_TEST

START_TEST(each_kind_says_what_it_would_remove)
{
	static const struct {
		const char *line, *words;
	} cases[] = {
		{ "image prune", "all dangling images." },
		{ "image prune -a",
		  "all images without at least one container associated to them." },
		{ "network prune", "all custom networks not used by at least one container." },
		{ "volume prune", "anonymous local volumes not used by at least one container." },
		{ "volume prune -a", "all local volumes not used by at least one container." },
		{ "system prune", "- all dangling images\n" },
		{ "system prune -a", "- all images without at least one container associated" },
		{ "system prune --volumes", "- all anonymous volumes not used by at least one" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		cli_forget();
		cli_type("n\n");
		cli_run_as("berth", cases[i].line);
		ck_assert_msg(strstr(cli_out, cases[i].words) != NULL, "%s: %s", cases[i].line,
			      cli_out);
		ck_assert_uint_eq(web_count("POST "), 0);
	}
}
END_TEST

START_TEST(filters_and_what_all_means_are_sent)
{
	static const struct {
		const char *line, *asked;
	} cases[] = {
		{ "container prune -f", "POST /containers/prune" },
		{ "image prune -f", "POST /images/prune?filters={\"dangling\":{\"true\":true}}" },
		{ "image prune -af", "POST /images/prune?filters={\"dangling\":{\"false\":true}}" },
		{ "volume prune -f", "POST /volumes/prune" },
		{ "volume prune -af", "POST /volumes/prune?filters={\"all\":{\"true\":true}}" },
		{ "network prune -f --filter until=24h",
		  "POST /networks/prune?filters={\"until\":{\"24h\":true}}" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		const struct web_request *request;
		bt_auto_free char *line = NULL;

		cli_forget();
		cli_serve(
			(struct cli_answer[CLI_ANSWERS_MAX]){ { "POST /", NOTHING, NULL, NULL } });
		cli_run_as("berth", cases[i].line);
		ck_assert_msg(cli_code == 0, "%s: %s", cases[i].line, cli_err);
		request = web_last("POST /");
		line = strndup(request->line, strlen(request->line));
		*strrchr(line, ' ') = '\0';
		ck_assert_int_eq(bt_query_unescape(line, false), 0);
		ck_assert_str_eq(line, cases[i].asked);
	}
}
END_TEST

START_TEST(the_system_is_pruned_of_containers_first_and_of_volumes_if_told)
{
	static const struct cli_case c = {
		.line = "system prune -f --volumes",
		.answers = { { "POST /containers/prune",
			       "{'ContainersDeleted':['c'],'SpaceReclaimed':1}", NULL, NULL },
			     { "POST /networks/prune", "{'NetworksDeleted':['n']}", NULL, NULL },
			     { "POST /volumes/prune",
			       "{'VolumesDeleted':['v'],'SpaceReclaimed':10}", NULL, NULL },
			     { "POST /images/prune",
			       "{'ImagesDeleted':[{'Deleted':'i'}],'SpaceReclaimed':100}", NULL,
			       NULL } },
		.out = "Deleted Containers:\nc\n\nDeleted Networks:\nn\n\nDeleted Volumes:\nv\n\n"
		       "Deleted Images:\ndeleted: i\n\nTotal reclaimed space: 111B\n",
	};
	static const struct cli_case without = {
		.line = "system prune -f",
		.answers = { { "POST /", NOTHING, NULL, NULL } },
		.out = "Total reclaimed space: 0B\n",
	};

	cli_check(&c);
	cli_check(&without);
	ck_assert_uint_eq(web_count("POST /volumes/prune"), 1);
	ck_assert_uint_eq(web_count("POST /"), 4 + 3);
}
END_TEST

START_TEST(volumes_have_no_time_to_be_filtered_by)
{
	static const struct cli_case c = {
		.line = "system prune -f --volumes --filter until=1h",
		.code = 1,
		.err = "ERROR: The \"until\" filter is not supported with \"--volumes\"\n",
	};

	cli_check(&c);
	ck_assert_uint_eq(web_count("POST "), 0);
}
END_TEST

START_TEST(the_first_failure_ends_it_and_nothing_further_is_removed)
{
	static const struct cli_case c = {
		.line = "system prune -f",
		.answers = { { "POST /containers/prune", NOTHING, NULL, NULL },
			     { "POST /networks/prune", "{'message':'a prune is running'}",
			       "409 Conflict", NULL },
			     { "POST /images/prune", NOTHING, NULL, NULL } },
		.code = 1,
		.err = "Error response from daemon: a prune is running\n",
	};

	cli_check(&c);
	ck_assert_uint_eq(web_count("POST /images/prune"), 0);
}
END_TEST

START_TEST(an_answer_of_any_shape_is_no_crash)
{
	static const char *const bodies[] = { "{}",
					      "[]",
					      "null",
					      "{'ContainersDeleted':7}",
					      "{'ContainersDeleted':[7,null,{},[]]}",
					      "{'SpaceReclaimed':'much'}" };

	for (size_t i = 0; i < LENGTH(bodies); i++) {
		cli_forget();
		cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
			{ "POST /containers/prune", bodies[i], NULL, NULL } });
		cli_run_as("berth", "container prune -f");
		ck_assert_msg(strstr(cli_out, "Total reclaimed space: 0B\n") != NULL, "%s: %s%s",
			      bodies[i], cli_out, cli_err);
	}
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, what_was_removed_is_listed_with_the_space_it_took);
	tcase_add_test(tests, nothing_is_removed_without_a_yes);
	tcase_add_test(tests, each_kind_says_what_it_would_remove);
	tcase_add_test(tests, filters_and_what_all_means_are_sent);
	tcase_add_test(tests, the_system_is_pruned_of_containers_first_and_of_volumes_if_told);
	tcase_add_test(tests, volumes_have_no_time_to_be_filtered_by);
	tcase_add_test(tests, the_first_failure_ends_it_and_nothing_further_is_removed);
	tcase_add_test(tests, an_answer_of_any_shape_is_no_crash);
}

int main(void)
{
	return cli_run_suite("cli/prune", add);
}
