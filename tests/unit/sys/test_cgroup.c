/* SPDX-License-Identifier: Apache-2.0 */

/* On the machine's real hierarchies, in a group of its own. */

#include "sys/cgroup.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "sys/cgroup_files.h"
#include "sys/cgroup_stats.h"
#include "sys/cgroup_v2.h"
#include "sys/clone.h"

static struct bt_cgroup_host host;
static struct bt_cgroup cg;
static char path[64];
static char top[32]; /* its parent, also made by the test */

static void setup(void)
{
	(void)snprintf(top, sizeof(top), "berth-unit-%d", (int)getpid());
	(void)snprintf(path, sizeof(path), "/%s/c", top);
	ck_assert_int_eq(bt_cgroup_host_open(&host), 0);
	if (host.n == 0)
		return;
	ck_assert_int_eq(bt_cgroup_create(&host, path, &cg), 0);
}

static void teardown(void)
{
	if (cg.path) {
		ck_assert_int_eq(bt_cgroup_kill(&cg, SIGKILL), 0);
		while (wait(NULL) > 0)
			;
		ck_assert_int_eq(bt_cgroup_remove(&cg, 2000), 0);
	}
	for (unsigned i = 0; i < host.n; i++)
		(void)unlinkat(host.v[i].fd, top, AT_REMOVEDIR);
	bt_cgroup_host_done(&host);
}

/* Tests that need a hierarchy end here where the machine has none that can be written. */
static bool have(enum bt_cgroup_controller c)
{
	return cg.path && bt_cgroup_dir(&cg, c) >= 0;
}

/* The content of a file, whichever version's name exists. */
static const char *content(enum bt_cgroup_controller c, const char *v1, const char *v2)
{
	static char text[4096];
	int dir = bt_cgroup_dir(&cg, c);

	ck_assert_int_ge(bt_cgroup_files_read(dir, bt_cgroup_dir_is_v2(&cg, c) ? v2 : v1, text,
					      sizeof(text)),
			 0);
	return text;
}

/* A child that does nothing until it is killed. */
static pid_t idle_child(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		for (;;)
			(void)pause();
	return pid;
}

START_TEST(a_group_is_made_in_every_hierarchy_and_removed_from_all)
{
	struct bt_cgroup again;

	if (!cg.path)
		return;
	ck_assert_uint_eq(cg.ndirs, host.n);
	for (unsigned i = 0; i < host.n; i++)
		ck_assert_int_ge(cg.dirs[i], 0);
	ck_assert_int_eq(bt_cgroup_open(&host, path, &again), 0);
	bt_cgroup_done(&again);
	ck_assert_int_eq(bt_cgroup_remove(&cg, 1000), 0);
	ck_assert_ptr_null(cg.path);
	ck_assert_int_eq(bt_cgroup_open(&host, path, &again), -ENOENT);
}
END_TEST

START_TEST(a_path_that_could_leave_the_hierarchy_is_refused)
{
	static const char *const bad[] = { "x", "/", "", "/a/../b", "/..", "/a/", "//a", "/a/./b" };
	struct bt_cgroup other;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(bt_cgroup_create(&host, bad[i], &other), -EINVAL);
}
END_TEST

START_TEST(an_empty_group_is_removed_without_opening_it_and_a_full_one_stays)
{
	struct stat st;
	pid_t pid;

	if (!cg.path)
		return;
	pid = idle_child();
	ck_assert_int_eq(bt_cgroup_add(&cg, pid), 0);
	ck_assert_int_eq(bt_cgroup_remove_empty(&host, path), -EBUSY);
	for (unsigned i = 0; i < host.n; i++)
		ck_assert_int_eq(fstatat(host.v[i].fd, path + 1, &st, 0), 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(bt_cgroup_remove_empty(&host, path), 0);
	for (unsigned i = 0; i < host.n; i++)
		ck_assert_int_eq(fstatat(host.v[i].fd, path + 1, &st, 0), -1);
	ck_assert_int_eq(bt_cgroup_remove_empty(&host, path), 0);
	ck_assert_int_eq(bt_cgroup_remove_empty(&host, "/a/../b"), -EINVAL);
}
END_TEST

START_TEST(one_controller_is_opened_without_the_others)
{
	bt_auto_cgroup struct bt_cgroup one = { 0 }, none = { 0 };

	if (!have(BT_CGROUP_MEMORY))
		return;
	ck_assert_int_eq(bt_cgroup_open_one(&host, path, BT_CGROUP_MEMORY, &one), 0);
	for (unsigned i = 0; i < one.ndirs; i++)
		ck_assert_int_eq(one.dirs[i] >= 0, (int)i == host.where[BT_CGROUP_MEMORY]);
	ck_assert_int_eq(bt_cgroup_open_one(&host, "/no-such-group", BT_CGROUP_MEMORY, &none),
			 -ENOENT);
	ck_assert_ptr_null(none.path);
}
END_TEST

START_TEST(a_group_stands_for_one_below_it_in_one_hierarchy_only)
{
	bt_auto_cgroup struct bt_cgroup other = { 0 };
	struct stat below, is;
	int first, before[BT_CGROUP_HIERARCHIES_MAX];

	if (!cg.path)
		return;
	first = (int)host.n - 1;
	ck_assert_int_eq(bt_cgroup_open(&host, path, &other), 0);
	memcpy(before, other.dirs, sizeof(before));
	ck_assert_int_eq(mkdirat(cg.dirs[first], "below", 0755), 0);
	ck_assert_int_eq(fstatat(cg.dirs[first], "below", &below, 0), 0);
	ck_assert_int_eq(bt_cgroup_descend(&other, (unsigned)first, "//below/"), 0);
	ck_assert_int_eq(fstat(other.dirs[first], &is), 0);
	ck_assert_uint_eq(is.st_ino, below.st_ino);
	ck_assert_mem_eq(other.dirs, before, (size_t)first * sizeof(int));
}
END_TEST

START_TEST(no_way_down_leads_up_or_to_what_is_not_there)
{
	static const char *const up[] = { "..", "/..", "a/..", "../a", "a/../b", "..//" };
	static const char *const itself[] = { "", "/", "///" };
	int before;

	if (!cg.path)
		return;
	before = cg.dirs[0];
	for (size_t i = 0; i < sizeof(up) / sizeof(up[0]); i++)
		ck_assert_int_eq(bt_cgroup_descend(&cg, 0, up[i]), -EINVAL);
	for (size_t i = 0; i < sizeof(itself) / sizeof(itself[0]); i++)
		ck_assert_int_eq(bt_cgroup_descend(&cg, 0, itself[i]), 0);
	ck_assert_int_eq(bt_cgroup_descend(&cg, 0, "..a"), -ENOENT);
	ck_assert_int_eq(bt_cgroup_descend(&cg, 0, "cgroup.procs"), -ENOTDIR);
	ck_assert_int_eq(bt_cgroup_descend(&cg, host.n, "/"), -ENOENT);
	ck_assert_int_eq(cg.dirs[0], before);
}
END_TEST

START_TEST(a_new_cpuset_has_processors)
{
	if (!have(BT_CGROUP_CPUSET))
		return;
	ck_assert_str_ne(content(BT_CGROUP_CPUSET, "cpuset.cpus", "cpuset.cpus.effective"), "");
}
END_TEST

static bool is_member(const char *proc)
{
	char own[80];
	bt_auto_free char *text = NULL;
	unsigned lines = 0, found = 0;
	char *save = NULL;

	(void)snprintf(own, sizeof(own), ":%s", path);
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, proc, 65536, &text, NULL), 0);
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		lines++;
		found += strstr(l, own) != NULL;
	}
	return lines > 0 && found == host.n;
}

START_TEST(add_moves_a_process_everywhere)
{
	char proc[64];
	pid_t pid;

	if (!cg.path)
		return;
	pid = idle_child();
	ck_assert_int_eq(bt_cgroup_pids_any(&cg), 0);
	ck_assert_int_eq(bt_cgroup_add(&cg, pid), 0);
	(void)snprintf(proc, sizeof(proc), "/proc/%d/cgroup", (int)pid);
	ck_assert(is_member(proc));
	ck_assert_int_eq(bt_cgroup_pids_any(&cg), 1);
}
END_TEST

START_TEST(enter_moves_the_caller_everywhere)
{
	int status;
	pid_t pid;

	if (!cg.path)
		return;
	pid = fork();
	if (pid == 0)
		_exit(bt_cgroup_enter(&cg, false) == 0 && is_member("/proc/self/cgroup") ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(who_is_born_into_a_group_that_was_begun_enters_it_when_it_is_complete)
{
	struct bt_clone how = { 0 };
	struct bt_cgroup later = { 0 };
	int go[2], status, pidfd = -EBADF;
	char below[80];
	pid_t pid;

	if (!cg.path)
		return;
	(void)snprintf(below, sizeof(below), "%s/later", path);
	ck_assert_int_eq(bt_cgroup_begin(&host, below, &later), 0);
	for (unsigned i = 0; i < host.n; i++)
		ck_assert_int_eq(later.dirs[i] >= 0, host.v[i].v2);
	ck_assert_int_eq(pipe(go), 0);
	how.cgroup_fd = bt_cgroup_clone_fd(&later);
	pid = bt_clone(&how, &pidfd);
	if (pid == 0) {
		close(go[1]);
		if (read(go[0], &(char){ 0 }, 1) != 0)
			_exit(2);
		if (bt_cgroup_host_is_v2(&host))
			_exit(is_member("/proc/self/cgroup") ? 0 : 1);
		_exit(bt_cgroup_enter_made(&later) == 0 && is_member("/proc/self/cgroup") ? 0 : 1);
	}
	ck_assert_int_eq(bt_cgroup_complete(&later), 0);
	for (unsigned i = 0; i < host.n; i++)
		ck_assert_int_ge(later.dirs[i], 0);
	close(go[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(go[0]);
	bt_close(&pidfd);
	ck_assert_int_eq(bt_cgroup_remove(&later, 2000), 0);
}
END_TEST

START_TEST(a_group_that_cannot_be_completed_is_as_it_was_begun)
{
	struct bt_cgroup begun = { 0 };
	char below[80];

	if (!cg.path || !bt_cgroup_host_has_v1(&host))
		return;
	(void)snprintf(below, sizeof(below), "%s/half", path);
	ck_assert_int_eq(bt_cgroup_begin(&host, below, &begun), 0);
	/* A file has no directories. */
	free(begun.path);
	begun.path = strdup("/cgroup.procs/half");
	ck_assert_int_lt(bt_cgroup_complete(&begun), 0);
	for (unsigned i = 0; i < host.n; i++)
		ck_assert_int_eq(begun.dirs[i] >= 0, host.v[i].v2);
	free(begun.path);
	begun.path = strdup(below);
	ck_assert_int_eq(bt_cgroup_remove(&begun, 2000), 0);
}
END_TEST

START_TEST(memory_limits_are_written_in_any_order)
{
	struct bt_cgroup_limits l = { 0 };
	const char *what = NULL;

	if (!have(BT_CGROUP_MEMORY))
		return;
	l.memory_limit = (struct bt_cgroup_num){ 64 << 20, true };
	l.memory_swap = (struct bt_cgroup_num){ 96 << 20, true };
	ck_assert_msg(bt_cgroup_limit(&cg, &l, &what) == 0, "%s", what);
	ck_assert_str_eq(content(BT_CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max"),
			 "67108864");
	/* Above the old limit of both: swap has to go first. */
	l.memory_limit.value = 128 << 20;
	l.memory_swap.value = 128 << 20;
	ck_assert_msg(bt_cgroup_limit(&cg, &l, &what) == 0, "%s", what);
	ck_assert_str_eq(content(BT_CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max"),
			 "134217728");
	/* And down again, where memory has to. */
	l.memory_limit.value = 32 << 20;
	l.memory_swap.value = 32 << 20;
	ck_assert_msg(bt_cgroup_limit(&cg, &l, &what) == 0, "%s", what);
	l.memory_limit.value = -1;
	l.memory_swap.value = -1;
	ck_assert_msg(bt_cgroup_limit(&cg, &l, &what) == 0, "%s", what);
}
END_TEST

START_TEST(cpu_limits_are_written)
{
	struct bt_cgroup_limits l = { .cpu_shares = { 512, true },
				      .cpu_quota = { 50000, true },
				      .cpu_period = { 200000, true } };
	const char *what = NULL;

	if (!have(BT_CGROUP_CPU))
		return;
	ck_assert_msg(bt_cgroup_limit(&cg, &l, &what) == 0, "%s", what);
	ck_assert_str_eq(content(BT_CGROUP_CPU, "cpu.shares", "cpu.weight"),
			 bt_cgroup_dir_is_v2(&cg, BT_CGROUP_CPU) ? "20" : "512");
	ck_assert_str_eq(content(BT_CGROUP_CPU, "cpu.cfs_quota_us", "cpu.max"),
			 bt_cgroup_dir_is_v2(&cg, BT_CGROUP_CPU) ? "50000 200000" : "50000");
	l = (struct bt_cgroup_limits){ .cpu_quota = { -1, true } };
	ck_assert_int_eq(bt_cgroup_limit(&cg, &l, &what), 0);
	ck_assert_str_eq(content(BT_CGROUP_CPU, "cpu.cfs_quota_us", "cpu.max"),
			 bt_cgroup_dir_is_v2(&cg, BT_CGROUP_CPU) ? "max 200000" : "-1");
}
END_TEST

START_TEST(quota_and_period_stay_when_the_other_changes)
{
	struct bt_cgroup_limits l = { .cpu_quota = { 50000, true },
				      .cpu_period = { 200000, true } };
	bool v2 = bt_cgroup_dir_is_v2(&cg, BT_CGROUP_CPU);

	if (!have(BT_CGROUP_CPU))
		return;
	ck_assert_int_eq(bt_cgroup_limit(&cg, &l, NULL), 0);
	l = (struct bt_cgroup_limits){ .cpu_quota = { 40000, true } };
	ck_assert_int_eq(bt_cgroup_limit(&cg, &l, NULL), 0);
	ck_assert_str_eq(content(BT_CGROUP_CPU, "cpu.cfs_period_us", "cpu.max"),
			 v2 ? "40000 200000" : "200000");
	l = (struct bt_cgroup_limits){ .cpu_period = { 100000, true } };
	ck_assert_int_eq(bt_cgroup_limit(&cg, &l, NULL), 0);
	ck_assert_str_eq(content(BT_CGROUP_CPU, "cpu.cfs_quota_us", "cpu.max"),
			 v2 ? "40000 100000" : "40000");
}
END_TEST

START_TEST(processors_pids_and_throttles_are_written)
{
	struct bt_cgroup_limits l = { .cpus = "0", .mems = "0", .pids = { 17, true } };
	const char *what = NULL;

	if (!have(BT_CGROUP_CPUSET) || !have(BT_CGROUP_PIDS))
		return;
	ck_assert_msg(bt_cgroup_limit(&cg, &l, &what) == 0, "%s", what);
	ck_assert_str_eq(content(BT_CGROUP_CPUSET, "cpuset.cpus", "cpuset.cpus"), "0");
	ck_assert_str_eq(content(BT_CGROUP_PIDS, "pids.max", "pids.max"), "17");
	l = (struct bt_cgroup_limits){ .pids = { -1, true } };
	ck_assert_int_eq(bt_cgroup_limit(&cg, &l, &what), 0);
	ck_assert_str_eq(content(BT_CGROUP_PIDS, "pids.max", "pids.max"), "max");
	l = (struct bt_cgroup_limits){ .cpus = "9999" };
	ck_assert_int_lt(bt_cgroup_limit(&cg, &l, &what), 0);
	ck_assert_str_eq(what, "cpu.cpus");
}
END_TEST

START_TEST(a_limit_without_its_controller_is_named)
{
	struct bt_cgroup_limits l = { .net_class_id = { 1, true } };
	const char *what = NULL;

	if (!cg.path || host.where[BT_CGROUP_NET_CLS] >= 0)
		return;
	ck_assert_int_eq(bt_cgroup_limit(&cg, &l, &what), -EOPNOTSUPP);
	ck_assert_str_eq(what, "network.classID");
}
END_TEST

START_TEST(the_pids_limit_stops_forks)
{
	struct bt_cgroup_limits l = { .pids = { 1, true } };
	int status;
	pid_t pid;

	if (!have(BT_CGROUP_PIDS))
		return;
	ck_assert_int_eq(bt_cgroup_limit(&cg, &l, NULL), 0);
	pid = fork();
	if (pid == 0) {
		if (bt_cgroup_enter(&cg, false) < 0)
			_exit(2);
		_exit(fork() < 0 && errno == EAGAIN ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* Opens /dev/null and /dev/zero in the group. Returns bits: 1 null read, 2 null write, 4 zero. */
static int devices_that_open(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int bits = 0;

		if (bt_cgroup_enter(&cg, false) < 0)
			_exit(64);
		bits |= open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0 ? 1 : 0;
		bits |= open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0 ? 2 : 0;
		bits |= open("/dev/zero", O_RDONLY | O_CLOEXEC) >= 0 ? 4 : 0;
		_exit(bits);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static const struct bt_cgroup_device_rule null_only[] = {
	{ .type = 'a', .major = -1, .minor = -1, .access = 7 },
	{ .allow = true, .type = 'c', .major = 1, .minor = 3, .access = 7 },
};
static const struct bt_cgroup_device_rule null_read_only[] = {
	{ .type = 'a', .major = -1, .minor = -1, .access = 7 },
	{ .allow = true, .type = 'c', .major = 1, .minor = -1, .access = 7 },
	{ .type = 'c', .major = 1, .minor = 5, .access = BT_CGROUP_ACCESS_READ },
	{ .type = 'c', .major = 1, .minor = 3, .access = BT_CGROUP_ACCESS_WRITE },
};
static const struct bt_cgroup_device_rule all[] = {
	{ .allow = true, .type = 'a', .major = -1, .minor = -1, .access = 7 },
};

/* Each rule but the third and fifth changes something; the end is read and write of null. */
static const struct bt_cgroup_device_rule back_and_forth[] = {
	{ .type = 'a', .major = -1, .minor = -1, .access = 7 },
	{ .allow = true, .type = 'c', .major = 1, .minor = 3, .access = 7 },
	{ .type = 'c', .major = 10, .minor = 229, .access = 7 },
	{ .allow = true, .type = 'c', .major = -1, .minor = -1, .access = 4 },
	{ .allow = true, .type = 'c', .major = 1, .minor = 3, .access = 7 },
	{ .type = 'c', .major = 1, .minor = 3, .access = BT_CGROUP_ACCESS_WRITE },
	{ .allow = true, .type = 'c', .major = 1, .minor = 3, .access = BT_CGROUP_ACCESS_WRITE },
};

START_TEST(device_rules_decide_what_opens)
{
	struct bt_cgroup_limits l = { .devices = null_only, .ndevices = 2 };

	if (!have(BT_CGROUP_DEVICES))
		return;
	ck_assert_int_eq(bt_cgroup_limit(&cg, &l, NULL), 0);
	ck_assert_int_eq(devices_that_open(), 3);
	for (size_t n = 5; n <= 7; n++) {
		l = (struct bt_cgroup_limits){ .devices = back_and_forth, .ndevices = n };
		ck_assert_int_eq(bt_cgroup_limit(&cg, &l, NULL), 0);
		ck_assert_int_eq(devices_that_open(), n == 6 ? 1 : 3);
	}
	l.devices = all;
	l.ndevices = 1;
	ck_assert_int_eq(bt_cgroup_limit(&cg, &l, NULL), 0);
	ck_assert_int_eq(devices_that_open(), 7);
}
END_TEST

START_TEST(device_rules_as_a_program_decide_what_opens)
{
	struct bt_cgroup_limits l = { .devices = null_only, .ndevices = 2 };
	const char *what;
	int dir = bt_cgroup_clone_fd(&cg);
	int r;

	if (dir < 0)
		return;
	r = bt_cgroup_v2_devices(dir, &l, &what);
	if (r == -EOPNOTSUPP || r == -EINVAL)
		return; /* a kernel without CONFIG_CGROUP_BPF */
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(devices_that_open(), 3);
	/* Replaced, not added: what the first program denied opens under the next. */
	l = (struct bt_cgroup_limits){ .devices = all, .ndevices = 1 };
	ck_assert_int_eq(bt_cgroup_v2_devices(dir, &l, &what), 0);
	ck_assert_int_eq(devices_that_open(), 7);
	/* The last rule for each access counts. */
	l = (struct bt_cgroup_limits){ .devices = null_read_only, .ndevices = 4 };
	ck_assert_int_eq(bt_cgroup_v2_devices(dir, &l, &what), 0);
	ck_assert_int_eq(devices_that_open(), 1);
}
END_TEST

START_TEST(frozen_processes_stand_still_and_still_die)
{
	pid_t pid, *pids;
	size_t n;

	if (!have(BT_CGROUP_FREEZER))
		return;
	pid = idle_child();
	ck_assert_int_eq(bt_cgroup_add(&cg, pid), 0);
	ck_assert_int_eq(bt_cgroup_freeze_is_on(&cg), 0);
	ck_assert_int_eq(bt_cgroup_freeze(&cg), 0);
	ck_assert_int_eq(bt_cgroup_freeze_is_on(&cg), 1);
	ck_assert_int_eq(bt_cgroup_freeze_end(&cg), 0);
	ck_assert_int_eq(bt_cgroup_freeze_is_on(&cg), 0);
	ck_assert_int_eq(bt_cgroup_pids(&cg, &pids, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(pids[0], pid);
	free(pids);
	ck_assert_int_eq(bt_cgroup_freeze(&cg), 0);
	ck_assert_int_eq(bt_cgroup_kill(&cg, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(kill_reaches_children_of_the_group_and_remove_takes_them_along)
{
	struct bt_cgroup child;
	char below[80];
	pid_t pid;

	if (!cg.path)
		return;
	(void)snprintf(below, sizeof(below), "%s/a/b", path);
	ck_assert_int_eq(bt_cgroup_create(&host, below, &child), 0);
	pid = idle_child();
	ck_assert_int_eq(bt_cgroup_add(&child, pid), 0);
	ck_assert_int_eq(bt_cgroup_pids_any(&cg), 1);
	ck_assert_int_eq(bt_cgroup_remove(&cg, 20), -EBUSY);
	ck_assert_int_eq(bt_cgroup_kill(&cg, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(bt_cgroup_remove(&cg, 2000), 0);
	bt_cgroup_done(&child);
}
END_TEST

START_TEST(running_out_of_memory_is_noticed)
{
	struct bt_cgroup_limits l = { .memory_limit = { 8 << 20, true },
				      .memory_swap = { 8 << 20, true } };
	struct bt_cgroup_oom oom;
	uint64_t kills = 0;
	int status;
	pid_t pid;

	if (!have(BT_CGROUP_MEMORY))
		return;
	ck_assert_int_eq(bt_cgroup_limit(&cg, &l, NULL), 0);
	ck_assert_int_eq(bt_cgroup_oom_open(&cg, &oom), 0);
	ck_assert_int_eq(bt_cgroup_oom_read(&oom), 0);
	pid = fork();
	if (pid == 0) {
		char *p = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		if (bt_cgroup_enter(&cg, false) < 0 || p == MAP_FAILED)
			_exit(1);
		memset(p, 1, 64 << 20);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert_int_eq(poll(&(struct pollfd){ .fd = oom.fd, .events = POLLIN }, 1, 1000), 1);
	ck_assert_int_eq(bt_cgroup_oom_read(&oom), 1);
	ck_assert_int_eq(bt_cgroup_oom_read(&oom), 0);
	ck_assert_int_eq(bt_cgroup_oom_kills(&cg, &kills), 0);
	ck_assert_uint_eq(kills, 1);
	bt_cgroup_oom_done(&oom);
}
END_TEST

START_TEST(statistics_show_the_process)
{
	struct bt_cgroup_stats s;
	int spun[2];
	pid_t pid;
	char byte;

	if (!have(BT_CGROUP_MEMORY) || !have(BT_CGROUP_PIDS) || !have(BT_CGROUP_CPUACCT))
		return;
	ck_assert_int_eq(pipe(spun), 0);
	pid = fork();
	if (pid == 0) {
		volatile unsigned spin = 0;
		char *p = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		if (bt_cgroup_enter(&cg, false) < 0 || p == MAP_FAILED)
			_exit(1);
		memset(p, 1, 4 << 20);
		while (spin < 20000000)
			spin = spin + 1;
		if (write(spun[1], "x", 1) == 1)
			(void)pause();
		_exit(1);
	}
	ck_assert_int_eq((int)read(spun[0], &byte, 1), 1);
	ck_assert_int_eq(bt_cgroup_stats_read(&cg, &s), 0);
	ck_assert_uint_gt(s.cpu_total_ns, 1000000);
	ck_assert_uint_eq(s.pids_current, 1);
	ck_assert_uint_eq(s.pids_limit, BT_CGROUP_UNLIMITED);
	ck_assert_uint_eq(s.memory_limit, BT_CGROUP_UNLIMITED);
	ck_assert_uint_gt(s.nmemory_stat, 10);
	ck_assert_uint_ge(s.memory_usage, 4 << 20);
	ck_assert_str_eq(s.memory_stat[0].name, s.v2 ? "anon" : "cache");
	if (!bt_cgroup_dir_is_v2(&cg, BT_CGROUP_CPUACCT))
		ck_assert_uint_ge(s.npercpu, 1);
	bt_cgroup_stats_done(&s);
}
END_TEST

START_TEST(shares_and_weights_convert_as_runc_does)
{
	int64_t swap = 99;

	ck_assert_uint_eq(bt_cgroup_v2_weight(0), 0);
	ck_assert_uint_eq(bt_cgroup_v2_weight(2), 1);
	ck_assert_uint_eq(bt_cgroup_v2_weight(1024), 39);
	ck_assert_uint_eq(bt_cgroup_v2_weight(262144), 10000);
	ck_assert_uint_eq(bt_cgroup_v2_weight(1 << 30), 10000);
	ck_assert_uint_eq(bt_cgroup_v2_io_weight(10), 1);
	ck_assert_uint_eq(bt_cgroup_v2_io_weight(1000), 10000);
	ck_assert_int_eq(bt_cgroup_v2_swap(0, -1, &swap), 0);
	ck_assert_int_eq(swap, -1);
	ck_assert_int_eq(bt_cgroup_v2_swap(300, 100, &swap), 0);
	ck_assert_int_eq(swap, 200);
	ck_assert_int_eq(bt_cgroup_v2_swap(-1, 100, &swap), 0);
	ck_assert_int_eq(swap, -1);
	ck_assert_int_eq(bt_cgroup_v2_swap(99, 100, &swap), -EINVAL);
	ck_assert_int_eq(bt_cgroup_v2_swap(99, 0, &swap), -EINVAL);
}
END_TEST

static const char mixed[] =
	"23 1 0:21 / / rw - ext4 /dev/vda rw\n"
	"31 23 0:28 / /sys/fs/cgroup rw shared:9 - tmpfs tmpfs rw,mode=755\n"
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:10 master:1 - cgroup cgroup rw,cpu,cpuacct\n"
	"33 31 0:30 / /a\\040b rw - cgroup cgroup rw,xattr,name=systemd\n"
	"34 31 0:31 / /second rw - cgroup none rw,cpu,cpuacct\n"
	"35 31 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n"
	"36 31 0:33 / /short - cgroup\n";

START_TEST(mountinfo_gives_each_hierarchy_once)
{
	struct bt_cgroup_host h;

	ck_assert_int_eq(bt_cgroup_host_parse(mixed, &h), 0);
	ck_assert_uint_eq(h.n, 3);
	ck_assert_str_eq(h.v[0].mount_point, "/sys/fs/cgroup/cpu,cpuacct");
	ck_assert_uint_eq(h.v[0].controllers, 3);
	ck_assert_int_eq(h.where[BT_CGROUP_CPUACCT], 0);
	ck_assert_int_eq(h.where[BT_CGROUP_MEMORY], -1);
	ck_assert_str_eq(h.v[1].mount_point, "/a b");
	ck_assert_str_eq(h.v[1].name, "systemd");
	ck_assert_int_eq(h.unified, 2);
	ck_assert(!bt_cgroup_host_is_v2(&h));
	bt_cgroup_host_done(&h);
}
END_TEST

START_TEST(statistics_files_parse)
{
	char text[] = "cache 1\nbad\nrss 2\nneg -1\nbig 18446744073709551615\n";
	struct bt_cgroup_io_list bytes, ops;
	struct bt_cgroup_counter *list;
	size_t n;

	ck_assert_int_eq(bt_cgroup_stats_parse_counters(text, &list, &n), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(list[1].name, "rss");
	ck_assert_uint_eq(list[2].value, UINT64_MAX);
	free(list);
	ck_assert_int_eq(bt_cgroup_stats_parse_blkio(
				 "8:0 Read 4096\n8:0 Write 1\n8:0 Odd 3\nTotal 4097\n", &bytes),
			 0);
	ck_assert_uint_eq(bytes.n, 2);
	ck_assert_str_eq(bytes.v[0].op, "Read");
	ck_assert_uint_eq(bytes.v[0].value, 4096);
	free(bytes.v);
	ck_assert_int_eq(
		bt_cgroup_stats_parse_io("8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n",
					 &bytes, &ops),
		0);
	ck_assert_uint_eq(bytes.n, 3);
	ck_assert_uint_eq(ops.n, 3);
	ck_assert_uint_eq(ops.v[1].minor, 16);
	ck_assert_uint_eq(ops.v[1].value, 4);
	free(bytes.v);
	free(ops.v);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("sys/cgroup");
	TCase *real = tcase_create("real"), *text = tcase_create("text");

	tcase_set_timeout(real, 20);
	tcase_add_checked_fixture(real, setup, teardown);
	tcase_add_test(real, a_group_is_made_in_every_hierarchy_and_removed_from_all);
	tcase_add_test(real, a_path_that_could_leave_the_hierarchy_is_refused);
	tcase_add_test(real, an_empty_group_is_removed_without_opening_it_and_a_full_one_stays);
	tcase_add_test(real, one_controller_is_opened_without_the_others);
	tcase_add_test(real, a_group_stands_for_one_below_it_in_one_hierarchy_only);
	tcase_add_test(real, no_way_down_leads_up_or_to_what_is_not_there);
	tcase_add_test(real, a_new_cpuset_has_processors);
	tcase_add_test(real, add_moves_a_process_everywhere);
	tcase_add_test(real, enter_moves_the_caller_everywhere);
	tcase_add_test(real, who_is_born_into_a_group_that_was_begun_enters_it_when_it_is_complete);
	tcase_add_test(real, a_group_that_cannot_be_completed_is_as_it_was_begun);
	tcase_add_test(real, memory_limits_are_written_in_any_order);
	tcase_add_test(real, cpu_limits_are_written);
	tcase_add_test(real, quota_and_period_stay_when_the_other_changes);
	tcase_add_test(real, processors_pids_and_throttles_are_written);
	tcase_add_test(real, a_limit_without_its_controller_is_named);
	tcase_add_test(real, the_pids_limit_stops_forks);
	tcase_add_test(real, device_rules_decide_what_opens);
	tcase_add_test(real, device_rules_as_a_program_decide_what_opens);
	tcase_add_test(real, frozen_processes_stand_still_and_still_die);
	tcase_add_test(real, kill_reaches_children_of_the_group_and_remove_takes_them_along);
	tcase_add_test(real, running_out_of_memory_is_noticed);
	tcase_add_test(real, statistics_show_the_process);
	suite_add_tcase(suite, real);
	tcase_add_test(text, shares_and_weights_convert_as_runc_does);
	tcase_add_test(text, mountinfo_gives_each_hierarchy_once);
	tcase_add_test(text, statistics_files_parse);
	suite_add_tcase(suite, text);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
