/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define DONE "POST /containers/", "{'Warnings':null}", NULL, NULL

/* `update` with these flags sends this body. */
static void check_sends(const char *flags, const char *body)
{
	bt_auto_free char *line = bt_str_format("update %s web", flags);

	cli_check(&(struct cli_case){ .line = line, .answers = { { DONE } }, .out = "web\n" });
	cli_check_asked("POST /containers/", "POST /containers/web/update");
	cli_check_body("POST /containers/", body);
}

/* `update` with these flags is refused so, and nobody is asked. */
static void check_refuses(const char *flags, int code, const char *words)
{
	bt_auto_free char *line = bt_str_format("update %s web", flags);
	size_t before = web_count("POST ");

	cli_forget();
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){ { DONE } });
	cli_run_as("berth", line);
	ck_assert_msg(cli_code == code && strstr(cli_err, words), "%s ends with %d: %s", flags,
		      cli_code, cli_err);
	ck_assert_uint_eq(web_count("POST "), before);
}

START_TEST(each_limit_is_the_member_of_its_name_and_no_other_is_sent)
{
	static const struct {
		const char *flags, *body;
	} cases[] = {
		{ "--blkio-weight 300", "{'BlkioWeight':300}" },
		{ "--cpu-period 50000", "{'CpuPeriod':50000}" },
		{ "--cpu-quota -1", "{'CpuQuota':-1}" },
		{ "--cpu-rt-period 1", "{'CpuRealtimePeriod':1}" },
		{ "--cpu-rt-runtime 2", "{'CpuRealtimeRuntime':2}" },
		{ "-c 512", "{'CpuShares':512}" },
		{ "--pids-limit -1", "{'PidsLimit':-1}" },
		{ "-m 64m", "{'Memory':67108864}" },
		{ "--memory-reservation 1k", "{'MemoryReservation':1024}" },
		{ "--memory-swap -1", "{'MemorySwap':-1}" },
		{ "--cpuset-cpus 0-1", "{'CpusetCpus':'0-1'}" },
		{ "--cpuset-mems 0", "{'CpusetMems':'0'}" },
		{ "--cpus 1.5", "{'NanoCpus':1500000000}" },
		{ "-m 64m --memory-swap 64m --cpus 2",
		  "{'Memory':67108864,'MemorySwap':67108864,'NanoCpus':2000000000}" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		check_sends(cases[i].flags, cases[i].body);
}
END_TEST

START_TEST(a_policy_has_a_count_or_none)
{
	check_sends("--restart no", "{'RestartPolicy':{'Name':'no','MaximumRetryCount':0}}");
	check_sends("--restart on-failure:7",
		    "{'RestartPolicy':{'Name':'on-failure','MaximumRetryCount':7}}");
	/* What it means is for the daemon to say. */
	check_sends("--restart sometimes",
		    "{'RestartPolicy':{'Name':'sometimes','MaximumRetryCount':0}}");
	check_refuses("--restart on-failure:often", 1, "maximum retry count must be an integer");
	check_refuses("--restart on-failure:", 1, "maximum retry count must be an integer");
}
END_TEST

START_TEST(ports_are_added_and_taken_away_in_the_order_they_were_named)
{
	check_sends("--publish-add 8080:80 --publish-add 53:53/udp",
		    "{'PublishAdd':['8080:80','53:53/udp']}");
	check_sends("--publish-rm 8080:80", "{'PublishRm':['8080:80']}");
}
END_TEST

START_TEST(what_is_no_limit_is_refused_here)
{
	check_refuses("--blkio-weight 70000", 125, "value out of range");
	check_refuses("--cpu-shares many", 125, "invalid syntax");
	check_refuses("-m -1", 125, "invalid");
	check_refuses("--cpus 0.1.2", 125, "invalid");
}
END_TEST

START_TEST(nothing_to_change_is_a_mistake)
{
	check_refuses("", 1, "you must provide one or more flags when using this command\n");
}
END_TEST

START_TEST(each_container_is_asked_and_a_failure_leaves_the_others_alone)
{
	static const struct cli_case c = {
		.line = "update -m 8m a b c",
		.answers = { { "POST /containers/b", "{'message':'No such container: b'}",
			       "404 Not Found", NULL },
			     { DONE } },
		.code = 1,
		.out = "a\nc\n",
		.err = "Error response from daemon: No such container: b\n",
	};

	cli_check(&c);
}
END_TEST

START_TEST(warnings_are_shown_and_what_is_none_is_not)
{
	static const struct cli_case c = {
		.line = "update -m 8m a",
		.answers = { { "POST /containers/",
			       "{'Warnings':['no swap here',7,null,'\\u001b[2Jowned']}", NULL,
			       NULL } },
		.out = "a\n",
		.err = "no swap here\n\x1b[2Jowned\n",
	};

	cli_check(&c);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, each_limit_is_the_member_of_its_name_and_no_other_is_sent);
	tcase_add_test(tests, a_policy_has_a_count_or_none);
	tcase_add_test(tests, ports_are_added_and_taken_away_in_the_order_they_were_named);
	tcase_add_test(tests, what_is_no_limit_is_refused_here);
	tcase_add_test(tests, nothing_to_change_is_a_mistake);
	tcase_add_test(tests, each_container_is_asked_and_a_failure_leaves_the_others_alone);
	tcase_add_test(tests, warnings_are_shown_and_what_is_none_is_not);
}

int main(void)
{
	return cli_run_suite("cli/update", add);
}
