/* SPDX-License-Identifier: Apache-2.0 */

#include "create_fixture.h"

START_TEST(a_ulimit_has_a_hard_limit_of_its_own_or_the_soft_one)
{
	GIVES("HostConfig.Ulimits",
	      "[{'Name':'nofile','Soft':1024,'Hard':2048},{'Name':'core','Soft':0,'Hard':0}]",
	      "--ulimit", "nofile=1024:2048", "--ulimit", "core=0");
	GIVES("HostConfig.Ulimits", "[{'Name':'memlock','Soft':-1,'Hard':-1}]", "--ulimit",
	      "memlock=-1");
	GIVES("HostConfig.Ulimits", "[{'Name':'cpu','Soft':5,'Hard':-1}]", "--ulimit", "cpu=5:-1");
	GIVES("HostConfig.Ulimits", NULL, "--rm");
}
END_TEST

START_TEST(a_ulimit_that_makes_no_sense_is_refused)
{
	REFUSES("invalid argument \"nofile\" for \"--ulimit\" flag: invalid ulimit argument: nofile",
		"--ulimit", "nofile");
	REFUSES("invalid argument \"files=1\" for \"--ulimit\" flag: invalid ulimit type: files",
		"--ulimit", "files=1");
	REFUSES("invalid argument \"nofile=2:1\" for \"--ulimit\" flag: ulimit soft limit must be "
		"less than or equal to hard limit: 2 > 1",
		"--ulimit", "nofile=2:1");
	REFUSES("invalid argument \"nofile=-1:1\" for \"--ulimit\" flag: ulimit soft limit must be "
		"less than or equal to hard limit: -1 > 1",
		"--ulimit", "nofile=-1:1");
	REFUSES("invalid argument \"nofile=1:2:3\" for \"--ulimit\" flag: strconv.ParseInt: "
		"parsing \"2:3\": invalid syntax",
		"--ulimit", "nofile=1:2:3");
	REFUSES("invalid argument \"nofile=\" for \"--ulimit\" flag: strconv.ParseInt: parsing "
		"\"\": invalid syntax",
		"--ulimit", "nofile=");
}
END_TEST

START_TEST(a_device_has_a_path_inside_and_rights_of_its_own_or_all)
{
	GIVES("HostConfig.Devices",
	      "[{'PathOnHost':'/dev/fuse','PathInContainer':'/dev/fuse','CgroupPermissions':'rwm'}]",
	      "--device", "/dev/fuse");
	GIVES("HostConfig.Devices",
	      "[{'PathOnHost':'/dev/a','PathInContainer':'/dev/b','CgroupPermissions':'rwm'}]",
	      "--device", "/dev/a:/dev/b");
	GIVES("HostConfig.Devices",
	      "[{'PathOnHost':'/dev/a','PathInContainer':'/dev/a','CgroupPermissions':'r'}]",
	      "--device", "/dev/a:r");
	GIVES("HostConfig.Devices",
	      "[{'PathOnHost':'/dev/a','PathInContainer':'/dev/b','CgroupPermissions':'mw'}]",
	      "--device", "/dev/a:/dev/b:mw");
	REFUSES("bad mode specified: x", "--device", "/dev/a:/dev/b:x");
	REFUSES("bad mode specified: rwmr", "--device", "/dev/a:/dev/b:rwmr");
	REFUSES("bad format for path: /a:/b:r:w", "--device", "/a:/b:r:w");
	REFUSES("bad format for path: :/b", "--device", ":/b");
}
END_TEST

START_TEST(devices_of_a_vendor_are_one_request)
{
	GIVES("HostConfig.DeviceRequests",
	      "[{'Driver':'cdi','DeviceIDs':['v.com/c=a','v.com/c=b']}]", "--device", "v.com/c=a",
	      "--device", "v.com/c=b");
	GIVES("HostConfig.Devices", NULL, "--device", "v.com/c=a");
}
END_TEST

START_TEST(weights_and_rates_are_of_one_device)
{
	GIVES("HostConfig.BlkioWeightDevice", "[{'Path':'/dev/sda','Weight':100}]",
	      "--blkio-weight-device", "/dev/sda:100");
	GIVES("HostConfig.BlkioDeviceReadBps", "[{'Path':'/dev/sda','Rate':1048576}]",
	      "--device-read-bps", "/dev/sda:1mb");
	GIVES("HostConfig.BlkioDeviceWriteBps", "[{'Path':'/dev/sda','Rate':512}]",
	      "--device-write-bps", "/dev/sda:512");
	GIVES("HostConfig.BlkioDeviceReadIOps", "[{'Path':'/dev/sda','Rate':7}]",
	      "--device-read-iops", "/dev/sda:7");
	GIVES("HostConfig.BlkioDeviceWriteIOps",
	      "[{'Path':'/dev/a','Rate':1},{'Path':'/dev/b','Rate':2}]", "--device-write-iops",
	      "/dev/a:1", "--device-write-iops", "/dev/b:2");
}
END_TEST

START_TEST(weights_and_rates_out_of_range_are_refused)
{
	struct bt_err err = { 0 };
	static const char *const weights[] = { "/dev/sda",   ":100",          "sda:100",
					       "/dev/sda:9", "/dev/sda:1001", "/dev/sda:-1",
					       "/dev/sda:",  "/dev/sda:1x" };

	for (size_t i = 0; i < sizeof(weights) / sizeof(weights[0]); i++)
		ck_assert_msg(bt_create_resources_check_weight(weights[i], &err) < 0, "%s",
			      weights[i]);
	ck_assert_int_eq(bt_create_resources_check_weight("/dev/sda:0", &err), 0);
	ck_assert_int_eq(bt_create_resources_check_weight("/dev/sda:10", &err), 0);
	ck_assert_int_eq(bt_create_resources_check_weight("/dev/sda:1000", &err), 0);
	ck_assert_int_lt(bt_create_resources_check_bps("/dev/sda:1xb", &err), 0);
	ck_assert_int_lt(bt_create_resources_check_bps("/dev/sda:-1", &err), 0);
	ck_assert_int_lt(bt_create_resources_check_iops("/dev/sda:1k", &err), 0);
	ck_assert_int_lt(bt_create_resources_check_iops("/dev/sda:9223372036854775808", &err), 0);
	ck_assert_int_eq(bt_create_resources_check_iops("/dev/sda:9223372036854775807", &err), 0);
}
END_TEST

START_TEST(a_rule_for_devices_is_a_type_two_numbers_and_rights)
{
	static const char *const good[] = { "c 1:3 rwm", "b 8:* r", "a *:* m", "c *:3 wr" };
	static const char *const bad[] = { "",         "c",        "x 1:3 r",    "c 1:3",
					   "c 1:3 ",   "c 1:3 rx", "c 1:3 rwmr", "c 1 r",
					   "c  1:3 r", "c :3 r",   "c 1: r",     "c 1:3 r ",
					   "c -1:3 r", "c1:3 r",   "c 1:** r" };
	struct bt_err err = { 0 };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(bt_create_resources_check_rule(good[i], &err) == 0, "%s", err.msg);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(bt_create_resources_check_rule(bad[i], &err) == -EINVAL,
			      "'%s' was taken", bad[i]);
	ck_assert_str_eq(err.msg, "invalid device cgroup format 'c 1:** r'");
}
END_TEST

START_TEST(sizes_are_sent_in_bytes_and_processors_in_billionths)
{
	GIVES("HostConfig.Memory", "536870912", "-m", "512m");
	GIVES("HostConfig.MemorySwap", "-1", "--memory-swap", "-1");
	GIVES("HostConfig.MemorySwap", "2147483648", "--memory-swap", "2g");
	GIVES("HostConfig.MemoryReservation", "1024", "--memory-reservation", "1k");
	GIVES("HostConfig.NanoCpus", "1500000000", "--cpus", "1.5");
	GIVES("HostConfig.PidsLimit", "-1", "--pids-limit", "-1");
	GIVES("HostConfig.PidsLimit", "0", "--pids-limit", "0");
	GIVES("HostConfig.CpuShares", "2", "-c", "2");
	GIVES("HostConfig.OomKillDisable", "true", "--oom-kill-disable");
}
END_TEST

START_TEST(a_swappiness_of_minus_one_is_none)
{
	GIVES("HostConfig.MemorySwappiness", "0", "--memory-swappiness", "0");
	GIVES("HostConfig.MemorySwappiness", "100", "--memory-swappiness", "100");
	GIVES("HostConfig.MemorySwappiness", NULL, "--memory-swappiness", "-1");
	REFUSES("invalid value: 101. Valid memory swappiness range is 0-100", "--memory-swappiness",
		"101");
	REFUSES("invalid value: -2. Valid memory swappiness range is 0-100", "--memory-swappiness",
		"-2");
}
END_TEST

START_TEST(limits_that_are_not_given_are_not_sent)
{
	static const char *const names[] = { "Memory",    "MemorySwap",      "NanoCpus",
					     "CpuShares", "PidsLimit",       "BlkioWeight",
					     "Devices",   "MemorySwappiness" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bt_auto_free char *path = bt_str_format("HostConfig.%s", names[i]);

		GIVES(path, NULL, "--rm");
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, a_ulimit_has_a_hard_limit_of_its_own_or_the_soft_one);
	tcase_add_test(tc, a_ulimit_that_makes_no_sense_is_refused);
	tcase_add_test(tc, a_device_has_a_path_inside_and_rights_of_its_own_or_all);
	tcase_add_test(tc, devices_of_a_vendor_are_one_request);
	tcase_add_test(tc, weights_and_rates_are_of_one_device);
	tcase_add_test(tc, weights_and_rates_out_of_range_are_refused);
	tcase_add_test(tc, a_rule_for_devices_is_a_type_two_numbers_and_rights);
	tcase_add_test(tc, sizes_are_sent_in_bytes_and_processors_in_billionths);
	tcase_add_test(tc, a_swappiness_of_minus_one_is_none);
	tcase_add_test(tc, limits_that_are_not_given_are_not_sent);
}

int main(void)
{
	return run_tests("cli/create_resources", add);
}
