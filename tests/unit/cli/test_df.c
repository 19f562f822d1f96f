/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define FORMAT "{{.Type}}|{{.TotalCount}}|{{.Active}}|{{.Size}}|{{.Reclaimable}}"
#define EMPTY                                      \
	"Images|0|0|0B|0B\nContainers|0|0|0B|0B\n" \
	"Local Volumes|0|0|0B|0B\nBuild Cache|0|0|0B|0B\n"

static void check_df(const char *answer, const char *want)
{
	cli_check(&(struct cli_case){ .line = "system df --format '" FORMAT "'",
				      .answers = { { "GET /system/df", answer, NULL, NULL } },
				      .out = want });
}

START_TEST(where_nothing_is_nothing_takes_space)
{
	check_df("{}", EMPTY);
	check_df("{'Images':null,'Containers':null,'Volumes':null,'BuildCache':null}", EMPTY);
	check_df("{'LayersSize':0,'Images':[],'Containers':[],'Volumes':[],'BuildCache':[]}",
		 EMPTY);
}
END_TEST

START_TEST(images_that_containers_use_are_not_reclaimable)
{
	check_df("{'LayersSize':1000,'Images':[{'Containers':1,'Size':700,'SharedSize':100},"
		 "{'Containers':0,'Size':400,'SharedSize':100}]}",
		 "Images|2|1|1kB|400B (40%)\nContainers|0|0|0B|0B\nLocal Volumes|0|0|0B|0B\n"
		 "Build Cache|0|0|0B|0B\n");
	/* One that was not counted takes nothing away; no more is reclaimable than there is. */
	check_df("{'LayersSize':1000,'Images':[{'Containers':1,'Size':-1,'SharedSize':-1},"
		 "{'Containers':-1,'Size':400,'SharedSize':0}]}",
		 "Images|2|1|1kB|1kB (100%)\nContainers|0|0|0B|0B\nLocal Volumes|0|0|0B|0B\n"
		 "Build Cache|0|0|0B|0B\n");
	check_df("{'LayersSize':1000,'Images':[{'Containers':1,'Size':5000,'SharedSize':0}]}",
		 "Images|1|1|1kB|0B (0%)\nContainers|0|0|0B|0B\nLocal Volumes|0|0|0B|0B\n"
		 "Build Cache|0|0|0B|0B\n");
}
END_TEST

START_TEST(containers_that_have_ended_are_reclaimable)
{
	check_df("{'Containers':[{'State':'running','SizeRw':100},{'State':'paused','SizeRw':100},"
		 "{'State':'restarting','SizeRw':100},{'State':'exited','SizeRw':50},"
		 "{'State':'created','SizeRw':50},{'SizeRw':0},{'State':'dead'}]}",
		 "Images|0|0|0B|0B\nContainers|7|3|400B|100B (25%)\nLocal Volumes|0|0|0B|0B\n"
		 "Build Cache|0|0|0B|0B\n");
}
END_TEST

START_TEST(volumes_that_nobody_counted_take_no_space)
{
	check_df("{'Volumes':[{'UsageData':{'Size':300,'RefCount':1}},{'UsageData':{'Size':100,"
		 "'RefCount':0}},{'UsageData':{'Size':-1,'RefCount':-1}},{'UsageData':null}]}",
		 "Images|0|0|0B|0B\nContainers|0|0|0B|0B\nLocal Volumes|4|1|400B|100B (25%)\n"
		 "Build Cache|0|0|0B|0B\n");
}
END_TEST

START_TEST(percents_of_more_than_64_bits_can_count_a_hundred_times_are_right)
{
	check_df("{'Volumes':[{'UsageData':{'Size':4000000000000000000,'RefCount':0}},"
		 "{'UsageData':{'Size':4000000000000000000,'RefCount':1}}]}",
		 "Images|0|0|0B|0B\nContainers|0|0|0B|0B\nLocal Volumes|2|1|8EB|4EB (50%)\n"
		 "Build Cache|0|0|0B|0B\n");
}
END_TEST

START_TEST(what_the_daemon_has_counted_is_shown_as_it_is)
{
	static const char want[] = "Images|3|1|1kB|500B (50%)\nContainers|0|0|0B|0B\n"
				   "Local Volumes|2|2|10B|0B (0%)\nBuild Cache|0|0|0B|0B\n";

	check_df(
		"{'ImageUsage':{'TotalCount':3,'ActiveCount':1,'TotalSize':1000,'Reclaimable':500},"
		"'ContainerUsage':{},'VolumeUsage':{'TotalCount':2,'ActiveCount':2,'TotalSize':10},"
		"'BuildCacheUsage':{}}",
		want);
	check_df(
		"{'ImagesUsage':{'TotalCount':3,'ActiveCount':1,'TotalSize':1000,'Reclaimable':500},"
		"'VolumesUsage':{'TotalCount':2,'ActiveCount':2,'TotalSize':10}}",
		want);
}
END_TEST

START_TEST(a_format_and_verbose_exclude_each_other)
{
	static const struct cli_case c = {
		.line = "system df -v --format x",
		.code = 1,
		.err = "the verbose and the format options conflict\n",
	};

	cli_check(&c);
	ck_assert_uint_eq(web_count("GET "), 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, where_nothing_is_nothing_takes_space);
	tcase_add_test(tests, images_that_containers_use_are_not_reclaimable);
	tcase_add_test(tests, containers_that_have_ended_are_reclaimable);
	tcase_add_test(tests, volumes_that_nobody_counted_take_no_space);
	tcase_add_test(tests, percents_of_more_than_64_bits_can_count_a_hundred_times_are_right);
	tcase_add_test(tests, what_the_daemon_has_counted_is_shown_as_it_is);
	tcase_add_test(tests, a_format_and_verbose_exclude_each_other);
}

int main(void)
{
	return cli_run_suite("cli/df", add);
}
