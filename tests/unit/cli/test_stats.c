/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define CPU(now, before, cpus)                                                          \
	"'cpu_stats':{'cpu_usage':{'total_usage':" now "},'system_cpu_usage':2000" cpus \
	"},'precpu_stats':{'cpu_usage':{'total_usage':" before "},'system_cpu_usage':1000}"

static void check_sample(const char *field, const char *sample, const char *want)
{
	bt_auto_free char *line = bt_str_format("stats --no-stream --format {{.%s}} c", field);

	cli_check(&(struct cli_case){
		.line = line,
		.answers = { { "GET /containers/c/stats", sample, NULL, NULL } },
		.out = want });
}

START_TEST(processors_are_counted_since_the_sample_before)
{
	check_sample("CPUPerc", "{" CPU("600", "100", ",'online_cpus':4") "}", "200.00%\n");
	/* An old daemon tells only of each. */
	check_sample("CPUPerc",
		     "{'cpu_stats':{'cpu_usage':{'total_usage':500,'percpu_usage':[1,2]},"
		     "'system_cpu_usage':1000},'precpu_stats':{}}",
		     "100.00%\n");
	check_sample("CPUPerc", "{" CPU("100", "100", ",'online_cpus':4") "}", "0.00%\n");
}
END_TEST

START_TEST(a_container_that_began_again_has_used_nothing)
{
	check_sample("CPUPerc", "{" CPU("100", "600", ",'online_cpus':4") "}", "0.00%\n");
	check_sample("CPUPerc", "{}", "0.00%\n");
	check_sample("CPUPerc", "{'cpu_stats':null,'precpu_stats':[]}", "0.00%\n");
}
END_TEST

START_TEST(cache_that_can_be_given_back_is_no_memory_in_use)
{
	static const struct {
		const char *memory, *out;
	} cases[] = {
		{ "{'usage':3145728,'limit':4194304,'stats':{'inactive_file':1048576}}",
		  "2MiB / 4MiB\n" },
		{ "{'usage':3145728,'limit':4194304,'stats':{'total_inactive_file':1048576,"
		  "'inactive_file':7}}",
		  "2MiB / 4MiB\n" },
		/* More of it than is in use at all: counted at another moment. */
		{ "{'usage':1048576,'limit':4194304,'stats':{'inactive_file':3145728}}",
		  "1MiB / 4MiB\n" },
		{ "{'usage':1048576,'limit':4194304}", "1MiB / 4MiB\n" },
		{ "{}", "0B / 0B\n" },
		{ "null", "0B / 0B\n" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *sample = bt_str_format("{'memory_stats':%s}", cases[i].memory);

		check_sample("MemUsage", sample, cases[i].out);
	}
}
END_TEST

START_TEST(a_share_of_no_limit_is_none)
{
	check_sample("MemPerc", "{'memory_stats':{'usage':1,'limit':0}}", "0.00%\n");
	check_sample("MemPerc", "{'memory_stats':{'usage':1,'limit':4}}", "25.00%\n");
}
END_TEST

START_TEST(bytes_of_all_interfaces_and_all_disks_are_added)
{
	check_sample("NetIO",
		     "{'networks':{'eth0':{'rx_bytes':1000,'tx_bytes':1},'eth1':{'rx_bytes':500,"
		     "'tx_bytes':2}}}",
		     "1.5kB / 3B\n");
	check_sample("NetIO", "{'networks':null}", "0B / 0B\n");
	check_sample("BlockIO",
		     "{'blkio_stats':{'io_service_bytes_recursive':[{'op':'Read','value':1000},"
		     "{'op':'write','value':5},{'op':'read','value':500},{'op':'Total','value':9},"
		     "{'value':1},{'op':null}]}}",
		     "1.5kB / 5B\n");
	check_sample("BlockIO", "{'blkio_stats':{'io_service_bytes_recursive':null}}", "0B / 0B\n");
}
END_TEST

START_TEST(names_are_shown_without_the_slash_of_the_api)
{
	check_sample("Name", "{'name':'/web'}", "web\n");
	check_sample("Name", "{'name':''}", "\n");
	check_sample("Name", "{}", "\n");
	check_sample("Container", "{'name':'/web'}", "c\n");
	check_sample("PIDs", "{'pids_stats':{'current':7}}", "7\n");
}
END_TEST

START_TEST(all_that_run_are_asked_where_none_is_named)
{
	static const struct cli_case c = {
		.line = "stats --no-stream --format {{.ID}}",
		.answers = { { "GET /containers/json ", "[{'Id':'aa'},{'Id':'bb'},{'Id':null},{}]",
			       NULL, NULL },
			     { "GET /containers/aa/stats?stream=0 ", "{'id':'aa'}", NULL, NULL },
			     { "GET /containers/bb/stats?stream=0 ", "{'id':'bb'}", NULL, NULL } },
		.out = "aa\nbb\n",
	};

	cli_check(&c);
}
END_TEST

START_TEST(one_that_went_meanwhile_is_left_out_unless_it_was_named)
{
	static const struct cli_answer gone = { "GET /containers/aa/stats", "{'message':'No such'}",
						"404 Not Found", NULL };
	struct cli_case c = {
		.line = "stats --no-stream --format {{.ID}}",
		.answers = { { "GET /containers/json ", "[{'Id':'aa'},{'Id':'bb'}]", NULL, NULL },
			     gone,
			     { "GET /containers/bb/stats", "{'id':'bb'}", NULL, NULL } },
		.out = "bb\n",
	};

	cli_check(&c);
	c = (struct cli_case){ .line = "stats --no-stream aa",
			       .answers = { gone },
			       .code = 1,
			       .err = "Error response from daemon: No such\n" };
	cli_check(&c);
}
END_TEST

START_TEST(more_than_are_asked_at_once_are_all_shown)
{
	bt_auto_str struct bt_str line = { 0 };

	bt_str_puts(&line, "stats --no-stream --format {{.PIDs}}");
	for (int i = 0; i < 50; i++)
		bt_str_printf(&line, " c%d", i);
	cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
		{ "GET /containers/c", "{'pids_stats':{'current':1}}", NULL, NULL } });
	cli_run_as("berth", bt_str_get(&line));
	ck_assert_msg(cli_code == 0, "%s", cli_err);
	ck_assert_uint_eq(strlen(cli_out), 100);
	ck_assert_uint_eq(web_count("GET /containers/c"), 50);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, processors_are_counted_since_the_sample_before);
	tcase_add_test(tests, a_container_that_began_again_has_used_nothing);
	tcase_add_test(tests, cache_that_can_be_given_back_is_no_memory_in_use);
	tcase_add_test(tests, a_share_of_no_limit_is_none);
	tcase_add_test(tests, bytes_of_all_interfaces_and_all_disks_are_added);
	tcase_add_test(tests, names_are_shown_without_the_slash_of_the_api);
	tcase_add_test(tests, all_that_run_are_asked_where_none_is_named);
	tcase_add_test(tests, one_that_went_meanwhile_is_left_out_unless_it_was_named);
	tcase_add_test(tests, more_than_are_asked_at_once_are_all_shown);
}

int main(void)
{
	return cli_run_suite("cli/stats", add);
}
