/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/seccomp_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/io.h"
#include "common.h"

static struct bt_seccomp_cache *cache;
static struct bt_err err;
static char file[] = "/tmp/berth-seccomp-test.XXXXXX";

static void setup(void)
{
	bt_auto_close bt_unused int fd = mkstemp(file);

	ck_assert_int_ge(fd, 0);
	ck_well(bt_seccomp_cache_create(NULL, &cache, &err), &err);
}

static void teardown(void)
{
	bt_seccomp_cache_destroy(cache);
	(void)unlink(file);
}

/* The daemon is another one, with this profile. */
static int open_with(const char *profile)
{
	bt_seccomp_cache_destroy(bt_take(cache));
	err = (struct bt_err){ 0 };
	return bt_seccomp_cache_create(profile, &cache, &err);
}

static void write_profile(const char *text)
{
	ck_assert_int_eq(bt_io_write_file(AT_FDCWD, file, text), 0);
}

static int get(const char *host_config, int *ret_fd)
{
	json_auto_t *hc = parse(host_config);

	err = (struct bt_err){ 0 };
	return bt_seccomp_cache_get(cache, hc, ret_fd, &err);
}

/* Which file a filter is in; 0: there is none. */
static ino_t inode(const char *host_config)
{
	bt_auto_close int fd = -EBADF;
	struct stat st;

	ck_well(get(host_config, &fd), &err);
	if (fd < 0)
		return 0;
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_gt(st.st_size, 0);
	return st.st_ino;
}

#define KILL_ALL   "{\"defaultAction\":\"SCMP_ACT_KILL\"}"
#define ALLOW_ALL  "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}"
#define WITH(text) "{'SecurityOpt':['seccomp=" text "']}"
/* Profiles in a HostConfig that is written with single quotes. */
#define ERRNO_ALL \
	"{'SecurityOpt':['seccomp={\\u0022defaultAction\\u0022:\\u0022SCMP_ACT_ERRNO\\u0022}']}"
#define LOG_ALL \
	"{'SecurityOpt':['seccomp={\\u0022defaultAction\\u0022:\\u0022SCMP_ACT_LOG\\u0022}']}"

START_TEST(who_asks_twice_for_the_same_gets_the_same_filter_in_descriptors_of_their_own)
{
	int a, b;

	ck_well(get("{}", &a), &err);
	ck_well(get("{}", &b), &err);
	ck_assert_int_ne(a, b);
	ck_assert_int_eq(fcntl(a, F_GETFD), FD_CLOEXEC);
	close(a);
	close(b);
	ck_assert_uint_eq(inode("{}"), inode("{'SecurityOpt':[]}"));
	ck_assert_uint_ne(inode("{}"), 0);
}
END_TEST

START_TEST(capabilities_and_profiles_make_a_filter_another)
{
	const ino_t plain = inode("{}");

	ck_assert_uint_ne(inode("{'CapAdd':['SYS_ADMIN']}"), plain);
	ck_assert_uint_ne(inode(ERRNO_ALL), plain);
	ck_assert_uint_ne(inode(ERRNO_ALL), inode(LOG_ALL));
	ck_assert_uint_eq(inode("{'CapAdd':['CAP_SYS_ADMIN']}"), inode("{'CapAdd':['SYS_ADMIN']}"));
	ck_assert_uint_eq(inode("{}"), plain);
}
END_TEST

START_TEST(nobody_can_write_into_a_filter_that_others_use)
{
	bt_auto_close int fd = -EBADF;

	ck_well(get("{}", &fd), &err);
	ck_assert_int_eq(pwrite(fd, "x", 1, 0), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(ftruncate(fd, 0), -1);
}
END_TEST

START_TEST(who_is_unconfined_or_privileged_has_none)
{
	ck_assert_uint_eq(inode(WITH("unconfined")), 0);
	ck_assert_uint_eq(inode("{'Privileged':true}"), 0);
	/* "builtin" is a wish, whatever the daemon has. */
	ck_well(open_with("unconfined"), &err);
	ck_assert_uint_eq(inode("{}"), 0);
	ck_assert_uint_ne(inode(WITH("builtin")), 0);
	ck_assert_uint_ne(inode(ERRNO_ALL), 0);
}
END_TEST

START_TEST(the_daemons_profile_is_for_those_that_name_none)
{
	const ino_t builtin = inode("{}");
	json_auto_t *hc = parse("{}"), *text = NULL;

	ck_assert_uint_ne(builtin, 0);
	write_profile(KILL_ALL);
	ck_well(open_with(file), &err);
	ck_assert_uint_eq(inode("{}"), inode("{}"));
	ck_assert_uint_ne(inode("{}"), inode(WITH("builtin")));
	ck_well(bt_seccomp_cache_text(cache, hc, &text, &err), &err);
	ck_assert_str_eq(json_string_value(json_object_get(text, "defaultAction")),
			 "SCMP_ACT_KILL");
	/* It was read once. */
	write_profile(ALLOW_ALL);
	ck_assert_uint_ne(inode("{}"), 0);
}
END_TEST

START_TEST(a_daemon_with_a_wrong_profile_does_not_begin)
{
	static const struct {
		const char *text;
		int kind;
	} cases[] = {
		{ "", BT_ERR_INVALID },
		{ "nonsense", BT_ERR_INVALID },
		{ "[]", BT_ERR_INVALID },
		{ "{\"defaultAction\":\"SCMP_ACT_NOSUCH\"}", BT_ERR_INVALID },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		write_profile(cases[i].text);
		ck_assert_msg(open_with(file) < 0, "%s", cases[i].text);
		ck_assert_ptr_null(cache);
		ck_assert_msg(strstr(err.msg, file) != NULL, "%s", err.msg);
	}
	ck_assert_int_eq(open_with("/nosuch/profile"), -ENOENT);
	check_err(&err, BT_ERR_SYSTEM, "read the seccomp profile /nosuch/profile");
	ck_well(open_with("builtin"), &err);
	ck_assert_uint_ne(inode("{}"), 0);
}
END_TEST

START_TEST(a_wrong_profile_of_a_container_is_an_error_each_time_and_takes_no_place)
{
	int fd = 77;

	for (int i = 0; i < 40; i++) {
		ck_assert_int_lt(get(WITH("{nonsense"), &fd), 0);
		ck_assert_int_eq(err.kind, BT_ERR_INVALID);
	}
	ck_assert_uint_ne(inode("{}"), 0);
	ck_assert_int_lt(get("{'CapAdd':['NOSUCH']}", &fd), 0);
	ck_assert_int_eq(err.kind, BT_ERR_INVALID);
}
END_TEST

START_TEST(of_many_filters_the_one_used_longest_ago_gives_way)
{
	static const char *const caps[] = {
		"AUDIT_CONTROL", "BLOCK_SUSPEND",   "DAC_READ_SEARCH", "IPC_LOCK",     "IPC_OWNER",
		"LEASE",         "LINUX_IMMUTABLE", "MAC_ADMIN",       "MAC_OVERRIDE", "NET_ADMIN",
		"NET_BROADCAST", "SYSLOG",          "SYS_ADMIN",       "SYS_BOOT",     "SYS_MODULE",
		"SYS_NICE",      "SYS_PACCT",       "SYS_PTRACE",      "SYS_RAWIO",    "SYS_TIME",
	};
	bt_auto_close int kept = -EBADF;
	const ino_t plain = inode("{}");
	char hc[64];
	struct stat st;

	ck_well(get("{'CapAdd':['AUDIT_CONTROL']}", &kept), &err);
	for (size_t i = 0; i < LENGTH(caps); i++) {
		(void)snprintf(hc, sizeof(hc), "{'CapAdd':['%s']}", caps[i]);
		ck_assert_uint_ne(inode(hc), plain);
		/* Used all the time. */
		ck_assert_uint_eq(inode("{}"), plain);
	}
	/* Who has one keeps it though the cache has not. */
	ck_assert_int_eq(fstat(kept, &st), 0);
	ck_assert_uint_ne(inode("{'CapAdd':['AUDIT_CONTROL']}"), 0);
}
END_TEST

START_TEST(the_filter_as_text_is_the_profile_for_this_machine)
{
	json_auto_t *plain = parse("{}"), *none = parse(WITH("unconfined")),
		    *own = parse(ERRNO_ALL);
	json_auto_t *text = NULL, *mine = NULL;
	json_t *nothing = plain;

	ck_well(bt_seccomp_cache_text(cache, plain, &text, &err), &err);
	ck_assert_str_eq(json_string_value(json_object_get(text, "defaultAction")),
			 "SCMP_ACT_ERRNO");
	ck_assert_uint_gt(json_array_size(json_object_get(text, "syscalls")), 1);
	ck_well(bt_seccomp_cache_text(cache, own, &mine, &err), &err);
	ck_assert_uint_eq(json_array_size(json_object_get(mine, "syscalls")), 0);
	ck_well(bt_seccomp_cache_text(cache, none, &nothing, &err), &err);
	ck_assert_ptr_null(nothing);
	bt_seccomp_cache_destroy(NULL);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(
		tests,
		who_asks_twice_for_the_same_gets_the_same_filter_in_descriptors_of_their_own);
	tcase_add_test(tests, capabilities_and_profiles_make_a_filter_another);
	tcase_add_test(tests, nobody_can_write_into_a_filter_that_others_use);
	tcase_add_test(tests, who_is_unconfined_or_privileged_has_none);
	tcase_add_test(tests, the_daemons_profile_is_for_those_that_name_none);
	tcase_add_test(tests, a_daemon_with_a_wrong_profile_does_not_begin);
	tcase_add_test(tests,
		       a_wrong_profile_of_a_container_is_an_error_each_time_and_takes_no_place);
	tcase_add_test(tests, of_many_filters_the_one_used_longest_ago_gives_way);
	tcase_add_test(tests, the_filter_as_text_is_the_profile_for_this_machine);
}

int main(void)
{
	return run_suite("seccomp_cache", setup, teardown, add_tests);
}
