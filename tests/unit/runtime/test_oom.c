/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run_tests.h"
#include "base/auto.h"
#include "base/io.h"

static struct bt_err err;
static char warning[BT_SYNC_WARNING_LEN];

static int set(pid_t pid, int64_t value)
{
	const struct bt_oci_i64 score = { .value = value, .set = true };

	return bt_oom_set_score(pid, &score, warning, &err);
}

static int score_of(const char *path)
{
	bt_auto_free char *text = NULL;

	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, path, 64, &text, NULL), 0);
	return atoi(text);
}

START_TEST(score_is_set_of_oneself_and_of_another)
{
	char path[48];
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			(void)pause();
	}
	ck_assert_int_eq(set(0, 700), 0);
	ck_assert_int_eq(score_of("/proc/self/oom_score_adj"), 700);
	ck_assert_int_eq(set(pid, 800), 0);
	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	ck_assert_int_eq(score_of(path), 800);
	ck_assert_str_eq(warning, "");
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(one_that_is_not_given_changes_nothing)
{
	const struct bt_oci_i64 none = { .value = 5 };
	int before = score_of("/proc/self/oom_score_adj");

	ck_assert_int_eq(bt_oom_set_score(0, &none, warning, &err), 0);
	ck_assert_int_eq(score_of("/proc/self/oom_score_adj"), before);
}
END_TEST

START_TEST(score_out_of_range_is_refused_by_the_fields_name)
{
	ck_assert_int_eq(set(0, 1001), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "process.oomScoreAdj: 1001"));
	ck_assert_int_eq(set(0, -1001), -EINVAL);
}
END_TEST

/* As on a machine whose bounding set lacks it. */
static void lose_the_right(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	ck_assert_int_eq((int)syscall(SYS_capget, &head, data), 0);
	data[0].effective &= ~(1u << CAP_SYS_RESOURCE);
	data[0].permitted &= ~(1u << CAP_SYS_RESOURCE);
	ck_assert_int_eq((int)syscall(SYS_capset, &head, data), 0);
}

START_TEST(score_lower_than_allowed_stays_what_it_is_and_a_warning_says_so)
{
	int least;

	ck_assert_int_eq(set(0, 300), 0);
	lose_the_right();
	/* Down to the lowest that somebody with the right has set. */
	least = score_of("/proc/self/oom_score_adj");
	ck_assert_int_eq(set(0, -999), 0);
	/* Who started the tests may have been allowed that. */
	if (score_of("/proc/self/oom_score_adj") == -999)
		return;
	ck_assert_int_eq(score_of("/proc/self/oom_score_adj"), least);
	ck_assert_str_eq(warning, "process.oomScoreAdj: -999 is not allowed here, it stays 300");
	ck_assert_int_eq(set(0, 400), 0);
	ck_assert_int_eq(score_of("/proc/self/oom_score_adj"), 400);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, score_is_set_of_oneself_and_of_another);
	tcase_add_test(tests, one_that_is_not_given_changes_nothing);
	tcase_add_test(tests, score_out_of_range_is_refused_by_the_fields_name);
	tcase_add_test(tests, score_lower_than_allowed_stays_what_it_is_and_a_warning_says_so);
}

int main(void)
{
	return run_tests("runtime/oom", add);
}
