/* SPDX-License-Identifier: Apache-2.0 */

/* On directories that look like hierarchies: what is decided, not what the kernel makes of it. */

#include "runtime/exec_cgroup.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Version 2 without controllers beside version 1, and a hierarchy with a name. */
static const char mixed[] = "24 1 0:20 / /g/memory rw - cgroup cgroup rw,memory\n"
			    "25 1 0:21 / /g/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
			    "26 1 0:22 / /g/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
			    "27 1 0:23 / /g/unified rw - cgroup2 cgroup2 rw\n";
static const char pure[] = "27 1 0:23 / /g rw - cgroup2 cgroup2 rw\n";

static struct bt_cgroup_host host;
static struct bt_cgroup cg;
static struct bt_err err;
static char top[32];

/* A directory for each hierarchy, with the container's group in it and `below` below that. */
static void make(const char *mountinfo, const char *below)
{
	ck_assert_int_eq(bt_cgroup_host_parse(mountinfo, &host), 0);
	for (unsigned i = 0; i < host.n; i++) {
		char name[96];

		(void)snprintf(name, sizeof(name), "%s/%u", top, i);
		ck_assert_int_eq(mkdir(name, 0755), 0);
		host.v[i].fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(host.v[i].fd, 0);
		ck_assert_int_eq(mkdirat(host.v[i].fd, "c", 0755), 0);
		if (below == NULL)
			continue;
		(void)snprintf(name, sizeof(name), "c/%s", below);
		ck_assert_int_eq(mkdirat(host.v[i].fd, name, 0755), 0);
	}
	ck_assert_int_eq(bt_cgroup_open(&host, "/c", &cg), 0);
}

static void set_up(void)
{
	(void)snprintf(top, sizeof(top), "/tmp/berth-unit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void tear_down(void)
{
	bt_cgroup_done(&cg);
	bt_cgroup_host_done(&host);
	ck_assert_int_eq(nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Does the group stand for c/`below` in the hierarchy of this name in mountinfo? */
static bool stands_for(const char *mount_point, const char *below)
{
	for (unsigned i = 0; i < host.n; i++) {
		struct stat is, wanted;
		char name[64];

		if (strcmp(host.v[i].mount_point, mount_point) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "c/%s", below);
		ck_assert_int_eq(fstatat(host.v[i].fd, name, &wanted, 0), 0);
		ck_assert_int_eq(fstat(cg.dirs[i], &is), 0);
		return is.st_ino == wanted.st_ino;
	}
	ck_abort_msg("no hierarchy at %s", mount_point);
	return false;
}

static int descend(const char *first, const char *second)
{
	char *texts[2] = { strdup(first), second != NULL ? strdup(second) : NULL };
	const struct bt_oci_strings subs = { .v = texts, .n = second != NULL ? 2 : 1 };
	int r = bt_exec_cgroup_descend(&cg, &subs, &err);

	free(texts[0]);
	free(texts[1]);
	return r;
}

START_TEST(nothing_that_is_named_is_the_containers_own)
{
	const struct bt_oci_strings none = { 0 };

	make(mixed, "sub");
	ck_assert_int_eq(bt_exec_cgroup_descend(&cg, &none, &err), 0);
	ck_assert(stands_for("/g/memory", "."));
	ck_assert(stands_for("/g/unified", "."));
}
END_TEST

START_TEST(one_path_is_for_every_hierarchy)
{
	make(mixed, "sub");
	ck_assert_int_eq(descend("/sub", NULL), 0);
	ck_assert(stands_for("/g/memory", "sub"));
	ck_assert(stands_for("/g/cpu", "sub"));
	ck_assert(stands_for("/g/systemd", "sub"));
	ck_assert(stands_for("/g/unified", "sub"));
}
END_TEST

START_TEST(one_path_need_not_be_where_nothing_is_limited)
{
	make(mixed, NULL);
	ck_assert_int_eq(mkdirat(host.v[0].fd, "c/sub", 0755), 0);
	ck_assert_int_eq(mkdirat(host.v[1].fd, "c/sub", 0755), 0);
	ck_assert_int_eq(descend("sub", NULL), 0);
	ck_assert(stands_for("/g/cpu", "sub"));
	ck_assert(stands_for("/g/systemd", "."));
	ck_assert(stands_for("/g/unified", "."));
}
END_TEST

START_TEST(one_path_must_be_where_something_is_limited)
{
	make(mixed, NULL);
	ck_assert_int_eq(mkdirat(host.v[0].fd, "c/sub", 0755), 0);
	ck_assert_int_eq(descend("sub", NULL), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "/c/sub of /g/cpu"));
}
END_TEST

START_TEST(one_path_must_be_there_on_version_2_alone)
{
	make(pure, NULL);
	ck_assert_int_eq(descend("sub", NULL), -ENOENT);
	ck_assert_int_eq(mkdirat(host.v[0].fd, "c/sub", 0755), 0);
	ck_assert_int_eq(descend("sub", NULL), 0);
	ck_assert(stands_for("/g", "sub"));
}
END_TEST

START_TEST(a_controllers_path_is_for_its_hierarchy_and_taken_once)
{
	make(mixed, "sub");
	/* Twice down would be c/sub/sub, which is not there. */
	ck_assert_int_eq(descend("cpu,cpuacct:sub", "name=systemd:/sub"), 0);
	ck_assert(stands_for("/g/cpu", "sub"));
	ck_assert(stands_for("/g/systemd", "sub"));
	ck_assert(stands_for("/g/memory", "."));
	ck_assert(stands_for("/g/unified", "."));
}
END_TEST

static const struct {
	const char *mountinfo, *first, *second, *says;
	int r;
} bad[] = {
	{ mixed, "..", NULL, ".. is not a sub cgroup path", -EINVAL },
	{ mixed, "sub/../../d", NULL, "is not a sub cgroup path", -EINVAL },
	{ mixed, "memory:../d", NULL, "../d is not a sub cgroup path", -EINVAL },
	{ mixed, "pids:sub", NULL, "unknown controller pids", -EINVAL },
	{ mixed, "memory,:sub", NULL, "unknown controller  (", -EINVAL },
	{ mixed, "mem:sub", NULL, "unknown controller mem ", -EINVAL },
	{ mixed, "name=:sub", NULL, "unknown controller name= ", -EINVAL },
	{ mixed, "name=system:sub", NULL, "unknown controller name=system ", -EINVAL },
	{ mixed, "systemd:sub", NULL, "unknown controller systemd", -EINVAL },
	{ mixed, "memory:sub:sub", NULL, "is not [controller:]path", -EINVAL },
	{ mixed, "sub", "memory:sub", "\"sub\" lacks its controller", -EINVAL },
	{ mixed, "memory:nosuch", NULL, "/c/nosuch of /g/memory", -ENOENT },
	{ pure, "memory:sub", NULL, "unknown controller memory", -EINVAL },
	{ pure, ":sub", NULL, "unknown controller", -EINVAL },
};

START_TEST(what_is_no_group_below_is_refused_in_words)
{
	make(bad[_i].mountinfo, "sub");
	ck_assert_int_eq(descend(bad[_i].first, bad[_i].second), bad[_i].r);
	ck_assert_msg(strstr(err.msg, bad[_i].says) != NULL, "%s", err.msg);
}
END_TEST

START_TEST(a_container_without_a_group_has_none_below)
{
	ck_assert_int_eq(descend("sub", NULL), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "no control group of its own"));
}
END_TEST

static const struct {
	const char *text, *group, *below;
} inits[] = {
	{ "0::/c/init\n", "/c", "/init" },
	{ "4:memory:/x\n0::/docker/1/a/b\n", "/docker/1", "/a/b" },
	{ "0::/c\n", "/c", "" },
	{ "0::/c", "/c", "" },
	{ "0::/cc/init\n", "/c", NULL },
	{ "0::/\n", "/c", NULL },
	{ "0::/../c/init\n", "/c", NULL },
	{ "10::/c/init\n", "/c", NULL },
	{ "1:name=systemd:/c/init\n", "/c", NULL },
	{ "", "/c", NULL },
	{ "\n\n", "/c", NULL },
};

START_TEST(only_a_group_below_the_containers_is_one_to_follow_to)
{
	char text[64];
	const char *below;

	(void)snprintf(text, sizeof(text), "%s", inits[_i].text);
	below = bt_exec_cgroup_below(text, inits[_i].group);
	if (inits[_i].below == NULL)
		ck_assert_ptr_null(below);
	else
		ck_assert_str_eq(below, inits[_i].below);
}
END_TEST

START_TEST(an_init_elsewhere_or_gone_is_not_followed)
{
	make(pure, NULL);
	ck_assert_int_eq(bt_exec_cgroup_follow(&cg, getpid()), -EPERM);
	ck_assert_int_eq(bt_exec_cgroup_follow(&cg, 0x7ffffffe), -ENOENT);
	ck_assert(stands_for("/g", "."));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/exec_cgroup");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, nothing_that_is_named_is_the_containers_own);
	tcase_add_test(all, one_path_is_for_every_hierarchy);
	tcase_add_test(all, one_path_need_not_be_where_nothing_is_limited);
	tcase_add_test(all, one_path_must_be_where_something_is_limited);
	tcase_add_test(all, one_path_must_be_there_on_version_2_alone);
	tcase_add_test(all, a_controllers_path_is_for_its_hierarchy_and_taken_once);
	tcase_add_loop_test(all, what_is_no_group_below_is_refused_in_words, 0,
			    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(all, a_container_without_a_group_has_none_below);
	tcase_add_loop_test(all, only_a_group_below_the_containers_is_one_to_follow_to, 0,
			    sizeof(inits) / sizeof(inits[0]));
	tcase_add_test(all, an_init_elsewhere_or_gone_is_not_followed);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
