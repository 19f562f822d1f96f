/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "create_fixture.h"

static char path[64];

static void write_file(const char *text)
{
	snprintf(path, sizeof(path), "/tmp/test_create_host.%d", (int)getpid());
	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, 0600, text, strlen(text)), 0);
}

static void remove_file(void)
{
	if (path[0])
		unlink(path);
}

START_TEST(a_restart_policy_is_a_name_and_a_count)
{
	GIVES("HostConfig.RestartPolicy", "{'Name':'always','MaximumRetryCount':0}", "--restart",
	      "always");
	GIVES("HostConfig.RestartPolicy", "{'Name':'on-failure','MaximumRetryCount':3}",
	      "--restart", "on-failure:3");
	GIVES("HostConfig.RestartPolicy", NULL, "--rm");
	GIVES("HostConfig.RestartPolicy", NULL, "--restart", "");
	GIVES("HostConfig.RestartPolicy.Name", "'no'", "--rm", "--restart", "no");
}
END_TEST

START_TEST(a_restart_policy_that_makes_no_sense_is_refused)
{
	REFUSES("invalid restart policy format: no policy provided before colon", "--restart",
		":3");
	REFUSES("invalid restart policy format: maximum retry count must be an integer",
		"--restart", "on-failure:x");
	REFUSES("invalid restart policy format: maximum retry count must be an integer",
		"--restart", "on-failure:1:2");
	REFUSES("conflicting options: cannot specify both --restart and --rm", "--restart",
		"always", "--rm");
}
END_TEST

START_TEST(a_log_driver_has_its_options)
{
	GIVES("HostConfig.LogConfig", "{'Type':'json-file','Config':{'max-size':'1m','tag':''}}",
	      "--log-driver", "json-file", "--log-opt", "max-size=1m", "--log-opt", "tag");
	GIVES("HostConfig.LogConfig", "{'Type':'','Config':{'a':'b=c'}}", "--log-opt", "a=b=c");
	GIVES("HostConfig.LogConfig", NULL, "--rm");
	REFUSES("invalid logging opts for driver none", "--log-driver", "none", "--log-opt", "a=b");
}
END_TEST

START_TEST(modes_of_namespaces_are_checked_here_where_docker_does)
{
	GIVES("HostConfig.PidMode", "'host'", "--pid", "host");
	GIVES("HostConfig.PidMode", "'container:x'", "--pid", "container:x");
	GIVES("HostConfig.CgroupnsMode", "'private'", "--cgroupns", "private");
	GIVES("HostConfig.IpcMode", "'anything'", "--ipc", "anything");
	GIVES("HostConfig.PidMode", NULL, "--pid", "");
	REFUSES("--pid: invalid PID mode", "--pid", "container:");
	REFUSES("--pid: invalid PID mode", "--pid", "private");
	REFUSES("--uts: invalid UTS mode", "--uts", "container:x");
	REFUSES("--userns: invalid USER mode", "--userns", "x");
	REFUSES("--cgroupns: invalid CGROUP mode", "--cgroupns", "x");
}
END_TEST

START_TEST(capabilities_have_the_kernels_spelling_and_stand_once)
{
	GIVES("HostConfig.CapAdd", "['ALL','CAP_NET_ADMIN','CAP_SYS_ADMIN']", "--cap-add",
	      "sys_admin", "--cap-add", "CAP_NET_ADMIN", "--cap-add", "net_admin", "--cap-add",
	      "all");
	GIVES("HostConfig.CapDrop", "['CAP_CHOWN']", "--cap-drop", "cap_chown");
}
END_TEST

START_TEST(a_further_host_has_a_colon_and_no_brackets)
{
	GIVES("HostConfig.ExtraHosts", "['a:1.2.3.4','b:::1','c:::1','d:host-gateway']",
	      "--add-host", "a=1.2.3.4", "--add-host", "b:::1", "--add-host", "c=[::1]",
	      "--add-host", "d:host-gateway");
	REFUSES("invalid argument \"a\" for \"--add-host\" flag: bad format for add-host: \"a\"",
		"--add-host", "a");
	REFUSES("invalid argument \"a:x\" for \"--add-host\" flag: invalid IP address in add-host: "
		"\"x\"",
		"--add-host", "a:x");
	REFUSES("invalid argument \":1.2.3.4\" for \"--add-host\" flag: bad format for add-host: "
		"\":1.2.3.4\"",
		"--add-host", ":1.2.3.4");
}
END_TEST

START_TEST(a_seccomp_profile_is_read_here_and_sent_without_blanks)
{
	char option[96], want[160];

	write_file("{ \"defaultAction\" :\n \"SCMP_ACT_ALLOW\" }");
	snprintf(option, sizeof(option), "seccomp=%s", path);
	GIVES("HostConfig.SecurityOpt",
	      "['seccomp={\\\"defaultAction\\\":\\\"SCMP_ACT_ALLOW\\\"}']", "--security-opt",
	      option);
	write_file("{");
	snprintf(want, sizeof(want), "compacting json for seccomp profile (%s) failed: ", path);
	{
		const char *const words[] = { "--security-opt", option, "image", NULL };
		struct bt_err err = { 0 };

		ck_assert_ptr_null(body_of(words, NULL, &err));
		ck_assert_msg(strncmp(err.msg, want, strlen(want)) == 0, "%s", err.msg);
	}
	REFUSES("opening seccomp profile (/nowhere) failed: open /nowhere: no such file or directory",
		"--security-opt", "seccomp=/nowhere");
}
END_TEST

START_TEST(options_of_security_that_name_no_file_are_sent_as_they_are)
{
	GIVES("HostConfig.SecurityOpt",
	      "['seccomp=unconfined','no-new-privileges','label:disable','apparmor=x']",
	      "--security-opt", "seccomp=unconfined", "--security-opt", "no-new-privileges",
	      "--security-opt", "label:disable", "--security-opt", "apparmor=x");
	REFUSES("Invalid --security-opt: \"nonsense\"", "--security-opt", "nonsense");
}
END_TEST

START_TEST(unconfined_system_paths_are_two_empty_lists)
{
	GIVES("HostConfig.MaskedPaths", "[]", "--security-opt", "systempaths=unconfined");
	GIVES("HostConfig.ReadonlyPaths", "[]", "--security-opt", "systempaths=unconfined");
	GIVES("HostConfig.SecurityOpt", NULL, "--security-opt", "systempaths=unconfined");
	GIVES("HostConfig.MaskedPaths", NULL, "--rm");
}
END_TEST

START_TEST(maps_are_cut_at_the_first_equals_sign)
{
	GIVES("HostConfig.Sysctls", "{'net.core.somaxconn':'1=2'}", "--sysctl",
	      "net.core.somaxconn=1=2");
	GIVES("HostConfig.Annotations", "{'a':'b','c':''}", "--annotation", "a=b", "--annotation",
	      "c");
	GIVES("HostConfig.StorageOpt", "{'size':'1g'}", "--storage-opt", "size=1g");
	REFUSES("invalid storage option", "--storage-opt", "size");
	REFUSES("invalid argument \"vm.swappiness=1\" for \"--sysctl\" flag: sysctl "
		"'vm.swappiness=1' is not allowed",
		"--sysctl", "vm.swappiness=1");
}
END_TEST

START_TEST(an_init_that_is_denied_is_sent_and_one_that_is_not_mentioned_is_not)
{
	GIVES("HostConfig.Init", "true", "--init");
	GIVES("HostConfig.Init", "false", "--init=false");
	GIVES("HostConfig.Init", NULL, "--rm");
}
END_TEST

START_TEST(what_cannot_be_carried_out_is_refused_by_its_name)
{
	REFUSES("--kernel-memory is not supported", "--kernel-memory", "1g");
	REFUSES("--use-api-socket is not supported", "--use-api-socket");
}
END_TEST

START_TEST(lists_keep_their_order)
{
	GIVES("HostConfig.Dns", "['9.9.9.9','1.1.1.1']", "--dns", "9.9.9.9", "--dns", "1.1.1.1");
	GIVES("HostConfig.GroupAdd", "['audio','7']", "--group-add", "audio", "--group-add", "7");
	GIVES("HostConfig.VolumesFrom", "['a:ro']", "--volumes-from", "a:ro");
	REFUSES("invalid argument \"x\" for \"--dns\" flag: IP address is not correctly formatted: x",
		"--dns", "x");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, NULL, remove_file);
	tcase_add_test(tc, a_restart_policy_is_a_name_and_a_count);
	tcase_add_test(tc, a_restart_policy_that_makes_no_sense_is_refused);
	tcase_add_test(tc, a_log_driver_has_its_options);
	tcase_add_test(tc, modes_of_namespaces_are_checked_here_where_docker_does);
	tcase_add_test(tc, capabilities_have_the_kernels_spelling_and_stand_once);
	tcase_add_test(tc, a_further_host_has_a_colon_and_no_brackets);
	tcase_add_test(tc, a_seccomp_profile_is_read_here_and_sent_without_blanks);
	tcase_add_test(tc, options_of_security_that_name_no_file_are_sent_as_they_are);
	tcase_add_test(tc, unconfined_system_paths_are_two_empty_lists);
	tcase_add_test(tc, maps_are_cut_at_the_first_equals_sign);
	tcase_add_test(tc, an_init_that_is_denied_is_sent_and_one_that_is_not_mentioned_is_not);
	tcase_add_test(tc, what_cannot_be_carried_out_is_refused_by_its_name);
	tcase_add_test(tc, lists_keep_their_order);
}

int main(void)
{
	return run_tests("cli/create_host", add);
}
