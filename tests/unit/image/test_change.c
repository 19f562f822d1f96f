/* SPDX-License-Identifier: Apache-2.0 */

#include "image/change.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

/* What the lines make of a configuration, as JSON with sorted names. */
static void expect(const char *before, const char *const *lines, const char *want)
{
	json_auto_t *config = json_loads(before, 0, NULL), *wanted = json_loads(want, 0, NULL);
	bt_auto_free char *got = NULL;
	struct bt_err err = { 0 };

	ck_assert(config && wanted);
	ck_assert_msg(bt_change_apply_all(config, lines, &err) == 0, "%s: %s", lines[0], err.msg);
	got = json_dumps(config, JSON_SORT_KEYS | JSON_COMPACT);
	ck_assert_msg(json_equal(config, wanted), "%s: %s", lines[0], got);
}

#define EXPECT(before, want, ...) expect(before, (const char *const[]){ __VA_ARGS__, NULL }, want)

static void refuse(const char *line)
{
	json_auto_t *config = json_object();
	struct bt_err err = { 0 };

	ck_assert_msg(bt_change_apply(config, line, &err) < 0, "%s", line);
	ck_assert_msg(err.kind == BT_ERR_INVALID && err.msg[0] != '\0', "%s: %s", line, err.msg);
}

START_TEST(commands_are_an_array_or_the_shells)
{
	EXPECT("{}", "{\"Cmd\":[\"a\",\"b c\"]}", "CMD [\"a\", \"b c\"]");
	EXPECT("{}", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"a b\"]}", "cmd a b");
	EXPECT("{\"Shell\":[\"/s\"]}", "{\"Shell\":[\"/s\"],\"Entrypoint\":[\"/s\",\"a\"]}",
	       "ENTRYPOINT a");
	EXPECT("{}", "{\"Entrypoint\":[\"/e\"]}", "ENTRYPOINT [\"/e\"]");
}
END_TEST

START_TEST(the_environment_grows_and_is_used_by_what_follows)
{
	EXPECT("{\"Env\":[\"A=1\"]}", "{\"Env\":[\"A=2\",\"B=x y\"]}", "ENV A=2 B=\"x y\"");
	EXPECT("{}", "{\"Env\":[\"A=the rest of it\"]}", "ENV A the rest of it");
	EXPECT("{}", "{\"Env\":[\"D=/d\"],\"WorkingDir\":\"/d/e\"}", "ENV D=/d", "WORKDIR $D/e");
}
END_TEST

START_TEST(labels_volumes_and_ports_are_sets)
{
	EXPECT("{\"Labels\":{\"a\":\"1\"}}", "{\"Labels\":{\"a\":\"2\",\"b\":\"\"}}",
	       "LABEL a=2 b=\"\"");
	EXPECT("{}", "{\"Volumes\":{\"/a\":{},\"/b\":{}}}", "VOLUME [\"/a\",\"/b\"]");
	EXPECT("{}", "{\"Volumes\":{\"/a\":{},\"/b\":{}}}", "VOLUME /a /b");
	EXPECT("{}", "{\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}}}", "EXPOSE 80 53/udp");
}
END_TEST

START_TEST(a_range_of_ports_is_each_of_them_and_what_is_none_exposes_nothing)
{
	static const char *const wrong[] = {
		"0",       "65536",   "-80",  "80-",        "8002-8000", "80-90-100",
		"80/icmp", "80/",     "/tcp", "80/tcp/udp", "80:80",     "+80",
		"80-0",    "1-70000", "0x50", "80 65536",   "80/tcp-9",  "99999999999999999999",
	};
	char line[64];

	EXPECT("{}", "{\"ExposedPorts\":{\"8000/udp\":{},\"8001/udp\":{},\"8002/udp\":{}}}",
	       "EXPOSE 8000-8002/udp");
	EXPECT("{}", "{\"ExposedPorts\":{\"1/tcp\":{},\"65535/sctp\":{}}}",
	       "EXPOSE 1-1 65535/sctp");
	/* Twice is once, and what was there stays. */
	EXPECT("{\"ExposedPorts\":{\"9/tcp\":{}}}",
	       "{\"ExposedPorts\":{\"9/tcp\":{},\"80/tcp\":{}}}", "EXPOSE 80 80/tcp 9");
	EXPECT("{\"Env\":[\"P=80\"]}", "{\"Env\":[\"P=80\"],\"ExposedPorts\":{\"80/tcp\":{}}}",
	       "EXPOSE $P");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)snprintf(line, sizeof(line), "EXPOSE %s", wrong[i]);
		refuse(line);
	}
}
END_TEST

START_TEST(a_change_that_fails_names_what_it_was_and_comes_behind_those_before_it)
{
	json_auto_t *config = json_object();
	struct bt_err err = { 0 };
	static const char *const lines[] = { "USER u", "EXPOSE x", "USER v", NULL };

	ck_assert_int_lt(bt_change_apply_all(config, lines, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "Invalid containerPort: x"));
	ck_assert_str_eq(json_string_value(json_object_get(config, "User")), "u");
}
END_TEST

START_TEST(odd_members_of_a_configuration_are_replaced_and_crash_nobody)
{
	EXPECT("{\"Env\":7}", "{\"Env\":[\"A=1\"]}", "ENV A=1");
	EXPECT("{\"Labels\":null}", "{\"Labels\":{\"a\":\"1\"}}", "LABEL a=1");
	EXPECT("{\"ExposedPorts\":[]}", "{\"ExposedPorts\":{\"80/tcp\":{}}}", "EXPOSE 80");
	EXPECT("{\"Env\":[7,null,\"B=2\"]}", "{\"Env\":[7,null,\"B=3\"]}", "ENV B=3");
	EXPECT("{\"WorkingDir\":7}", "{\"WorkingDir\":\"/a\"}", "WORKDIR a");
}
END_TEST

START_TEST(texts_and_directories_take_the_place_of_those_before)
{
	EXPECT("{\"User\":\"a\"}", "{\"User\":\"1:2\"}", "USER 1:2");
	EXPECT("{\"WorkingDir\":\"/a\"}", "{\"WorkingDir\":\"/a/b\"}", "WORKDIR b");
	EXPECT("{\"WorkingDir\":\"/a\"}", "{\"WorkingDir\":\"/c\"}", "WORKDIR /c");
	EXPECT("{}", "{\"StopSignal\":\"SIGINT\"}", "STOPSIGNAL SIGINT");
	EXPECT("{}", "{\"OnBuild\":[\"RUN x\"]}", "ONBUILD RUN x");
}
END_TEST

START_TEST(health_checks_have_options_or_are_none)
{
	EXPECT("{}", "{\"Healthcheck\":{\"Test\":[\"NONE\"]}}", "HEALTHCHECK NONE");
	EXPECT("{}",
	       "{\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"x y\"],\"Interval\":5000000000,"
	       "\"Retries\":2}}",
	       "HEALTHCHECK --interval=5s --retries=2 CMD x y");
	EXPECT("{}", "{\"Healthcheck\":{\"Test\":[\"CMD\",\"x\"]}}", "HEALTHCHECK CMD [\"x\"]");
}
END_TEST

START_TEST(what_is_no_instruction_or_lacks_its_arguments_is_refused)
{
	static const char *const wrong[] = {
		"RUN x",        "FROM x",        "COPY a b",
		"NOSUCH",       "ENV",           "ENV A",
		"LABEL",        "EXPOSE",        "EXPOSE x",
		"EXPOSE 70000", "VOLUME",        "USER",
		"WORKDIR",      "STOPSIGNAL",    "STOPSIGNAL NOSUCH",
		"ENV A=\"open", "HEALTHCHECK",   "HEALTHCHECK --nosuch=1 CMD x",
		"ONBUILD",      "ONBUILD FROM x"
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refuse(wrong[i]);
}
END_TEST

START_TEST(several_lines_in_one_text_are_several_changes)
{
	EXPECT("{}", "{\"User\":\"u\",\"Env\":[\"A=1\"]}", "USER u\nENV A=1");
	EXPECT("{}", "{\"Env\":[\"A=1\",\"B=2\"]}", "# a comment\nENV A=1 \\\n B=2");
	EXPECT("{}", "{\"Env\":[\"A=1\",\"B=2\"]}", "ENV A=1 \\  \n  # within\nB=2\n\n \n");
	EXPECT("{}", "{\"User\":\"u\"}", "USER u \\");
	EXPECT("{}", "{}", "# nothing");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image/change");
	TCase *tests = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, commands_are_an_array_or_the_shells);
	tcase_add_test(tests, the_environment_grows_and_is_used_by_what_follows);
	tcase_add_test(tests, labels_volumes_and_ports_are_sets);
	tcase_add_test(tests, a_range_of_ports_is_each_of_them_and_what_is_none_exposes_nothing);
	tcase_add_test(tests,
		       a_change_that_fails_names_what_it_was_and_comes_behind_those_before_it);
	tcase_add_test(tests, odd_members_of_a_configuration_are_replaced_and_crash_nobody);
	tcase_add_test(tests, texts_and_directories_take_the_place_of_those_before);
	tcase_add_test(tests, health_checks_have_options_or_are_none);
	tcase_add_test(tests, what_is_no_instruction_or_lacks_its_arguments_is_refused);
	tcase_add_test(tests, several_lines_in_one_text_are_several_changes);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
