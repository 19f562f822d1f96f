/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_names.h"

#include "../suite.h"
#include "base/auto.h"
#include "base/io.h"
#include "common.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

/* The host's /etc/resolv.conf is what a test puts over it, in a mount namespace of its own. */
static char file[] = "/tmp/berth-names-test.XXXXXX";

static void setup(void)
{
	bt_auto_close bt_unused int fd = mkstemp(file);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount(file, "/etc/resolv.conf", NULL, MS_BIND, NULL), 0);
}

static void teardown(void)
{
	(void)umount2("/etc/resolv.conf", MNT_DETACH);
	(void)unlink(file);
}

/* Into the file itself: one that took its place would not be mounted. */
static void write_servers(const char *text)
{
	bt_auto_close int fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bt_io_write_all(fd, text, strlen(text)), 0);
}

static bool wanted(const char *endpoints, const char *host_config)
{
	json_auto_t *e = parse(endpoints), *hc = parse(host_config);

	return bt_network_names_wanted(e, hc);
}

#define BRIDGE_ONLY "{'bridge':{'Gateway':'10.1.0.1','DNSNames':null}}"

START_TEST(who_is_on_a_network_with_names_is_answered_whatever_the_host_has)
{
	static const struct {
		const char *endpoints;
		bool wanted;
	} cases[] = {
		{ "{'n':{'DNSNames':['web']}}", true },
		{ "{'n':{'DNSNames':[]}}", true },
		{ "{'bridge':{'DNSNames':null},'n':{'DNSNames':['web']}}", true },
		{ BRIDGE_ONLY, false },
		{ "{'none':{'DNSNames':null}}", false },
		{ "{}", false },
		{ "null", false },
		{ "{'n':{'DNSNames':'web'}}", false },
	};

	write_servers("nameserver 192.0.2.53\n");
	for (size_t i = 0; i < LENGTH(cases); i++)
		ck_assert_msg(wanted(cases[i].endpoints, "{}") == cases[i].wanted, "%s",
			      cases[i].endpoints);
}
END_TEST

START_TEST(on_the_default_bridge_it_is_where_the_hosts_servers_are_out_of_reach)
{
	static const struct {
		const char *resolv, *endpoints, *host_config;
		bool wanted;
	} cases[] = {
		{ "nameserver 127.0.0.53\n", BRIDGE_ONLY, "{}", true },
		{ "nameserver ::1\n", BRIDGE_ONLY, "{}", true },
		/* One that can be reached is enough. */
		{ "nameserver 127.0.0.53\nnameserver 192.0.2.53\n", BRIDGE_ONLY, "{}", false },
		{ "", BRIDGE_ONLY, "{}", false },
		/* Who has servers of its own asks them. */
		{ "nameserver 127.0.0.53\n", BRIDGE_ONLY, "{'Dns':['192.0.2.1']}", false },
		{ "nameserver 127.0.0.53\n", BRIDGE_ONLY, "{'Dns':[]}", true },
		/* Who gets nowhere cannot be helped. */
		{ "nameserver 127.0.0.53\n", "{'bridge':{'Gateway':'','IPv6Gateway':''}}", "{}",
		  false },
		{ "nameserver 127.0.0.53\n", "{'bridge':{'Gateway':'','IPv6Gateway':'fd00::1'}}",
		  "{}", true },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		write_servers(cases[i].resolv);
		ck_assert_msg(wanted(cases[i].endpoints, cases[i].host_config) == cases[i].wanted,
			      "%s with %s and %s", cases[i].resolv, cases[i].endpoints,
			      cases[i].host_config);
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, who_is_on_a_network_with_names_is_answered_whatever_the_host_has);
	tcase_add_test(tests, on_the_default_bridge_it_is_where_the_hosts_servers_are_out_of_reach);
}

int main(void)
{
	return run_suite("network_names", setup, teardown, add_tests);
}
