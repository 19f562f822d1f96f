/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/journal.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"

static char path[] = "/tmp/test_journal.XXXXXX";

static void set_up(void)
{
	bt_auto_close int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
}

static void tear_down(void)
{
	ck_assert_int_eq(unlink(path), 0);
	strcpy(path + strlen(path) - 6, "XXXXXX");
}

struct seen {
	struct bt_journal_record v[16];
	unsigned n;
};

static int collect(void *data, const struct bt_journal_record *record)
{
	struct seen *seen = data;

	seen->v[seen->n++] = *record;
	return 0;
}

static struct seen read_after(uint64_t seq)
{
	struct seen seen = { .n = 0 };
	struct bt_err err;

	ck_assert_int_eq(bt_journal_read(path, seq, collect, &seen, &err), 0);
	return seen;
}

static void append(const struct bt_journal_record *record)
{
	bt_auto_close int fd = bt_journal_open(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bt_journal_append(fd, record), 0);
}

static void append_text(const char *text)
{
	bt_auto_close int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static const struct bt_journal_record started = { .kind = BT_JOURNAL_STARTED,
						  .seq = 1,
						  .at_ns = 1700000000123456789,
						  .pid = 42,
						  .monitor = 41,
						  .restarts = 3 };
static const struct bt_journal_record exited = { .kind = BT_JOURNAL_EXITED,
						 .seq = 2,
						 .at_ns = 1700000001000000000,
						 .code = 137,
						 .oom = true,
						 .stopped = true,
						 .restarts = 3,
						 .again_in_ms = 800 };

START_TEST(records_are_read_as_they_were_written)
{
	struct bt_journal_record failed = {
		.kind = BT_JOURNAL_START_FAILED, .seq = 3, .at_ns = 5, .code = 127, .final = true
	};
	struct seen seen;

	bt_err_set(&failed.error, BT_ERR_INVALID, ENOENT, "exec \"a b\": 100%% gone\nline two");
	append(&started);
	append(&exited);
	append(&failed);
	append(&(struct bt_journal_record){ .kind = BT_JOURNAL_OOM, .seq = 4, .at_ns = 6 });
	append(&(struct bt_journal_record){ .kind = BT_JOURNAL_RESTARTED, .seq = 5, .at_ns = 7 });
	seen = read_after(0);
	ck_assert_uint_eq(seen.n, 5);
	ck_assert_int_eq(seen.v[3].kind, BT_JOURNAL_OOM);
	ck_assert_int_eq(seen.v[3].at_ns, 6);
	ck_assert_int_eq(seen.v[4].kind, BT_JOURNAL_RESTARTED);
	ck_assert_int_eq(seen.v[4].at_ns, 7);
	ck_assert_int_eq(seen.v[0].kind, BT_JOURNAL_STARTED);
	ck_assert_int_eq(seen.v[0].at_ns, started.at_ns);
	ck_assert_int_eq(seen.v[0].pid, 42);
	ck_assert_int_eq(seen.v[0].monitor, 41);
	ck_assert_int_eq(seen.v[1].code, 137);
	ck_assert(seen.v[1].oom && seen.v[1].stopped && !seen.v[1].final);
	ck_assert_int_eq(seen.v[1].again_in_ms, 800);
	ck_assert_int_eq(seen.v[2].error.kind, BT_ERR_INVALID);
	ck_assert_int_eq(seen.v[2].error.errnum, ENOENT);
	ck_assert_str_eq(seen.v[2].error.msg, failed.error.msg);
	ck_assert_uint_eq(read_after(2).n, 3);
	ck_assert_uint_eq(read_after(5).n, 0);
}
END_TEST

START_TEST(a_record_torn_at_any_byte_is_no_record)
{
	static const char line[] = "1 2 exited 1700000001000000000 137 1 0 1 3 800 ;\n";

	for (size_t len = 0; len < sizeof(line) - 1; len++) {
		struct seen seen;
		char torn[sizeof(line)] = { 0 };

		ck_assert_int_eq(truncate(path, 0), 0);
		append(&started);
		memcpy(torn, line, len);
		append_text(torn);
		ck_assert_uint_eq(read_after(0).n, 1);
		append(&exited);
		seen = read_after(0);
		/* Only when nothing but the line's end was missing is the torn one whole. */
		ck_assert_uint_eq(seen.n, len == sizeof(line) - 2 ? 3 : 2);
		ck_assert_uint_eq(seen.v[seen.n - 1].seq, 2);
	}
}
END_TEST

START_TEST(other_versions_kinds_and_rubbish_are_skipped)
{
	append_text("2 1 started 1 2 3 4 ;\n1 1 vanished 1 ;\n\n;\nstarted\n1 -5 x\n"
		    "1 9 start-failed 1 127 1 99 2 0 x ;\n1 1 started 1 2 3 4 ; more\n"
		    "1 2 oom ;\n1 3 restarted x ;\n1 4 oom 1\n");
	append(&started);
	ck_assert_uint_eq(read_after(0).n, 1);
}
END_TEST

static int stop(void *data, const struct bt_journal_record *record bt_unused)
{
	++*(int *)data;
	return 7;
}

START_TEST(the_callback_can_end_the_reading)
{
	struct bt_err err;
	int calls = 0;

	append(&started);
	append(&exited);
	ck_assert_int_eq(bt_journal_read(path, 0, stop, &calls, &err), 7);
	ck_assert_int_eq(calls, 1);
}
END_TEST

START_TEST(a_missing_journal_is_empty)
{
	struct bt_err err;
	int calls = 0;

	ck_assert_int_eq(bt_journal_read("/tmp/no/such", 0, stop, &calls, &err), 0);
	ck_assert_int_eq(calls, 0);
}
END_TEST

START_TEST(what_a_daemon_has_told_is_marked_and_what_came_after_is_not)
{
	bt_auto_close int fd = bt_journal_open(path);
	struct bt_journal_record second = started;
	struct seen seen;

	second.seq = 2;
	append(&started);
	ck_assert_int_eq(bt_journal_append_told(fd, 1), 0);
	append(&second);
	append_text("1 2 told\n1 2 told ; \n9 2 told ;\n1 2 told ;");
	seen = read_after(0);
	ck_assert_uint_eq(seen.n, 2);
	ck_assert(seen.v[0].kept && seen.v[0].told);
	ck_assert(seen.v[1].kept && !seen.v[1].told);
	ck_assert_int_eq(bt_journal_append_told(-EBADF, 1), -EBADF);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor/journal");
	TCase *tc = tcase_create("journal");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, records_are_read_as_they_were_written);
	tcase_add_test(tc, a_record_torn_at_any_byte_is_no_record);
	tcase_add_test(tc, other_versions_kinds_and_rubbish_are_skipped);
	tcase_add_test(tc, the_callback_can_end_the_reading);
	tcase_add_test(tc, a_missing_journal_is_empty);
	tcase_add_test(tc, what_a_daemon_has_told_is_marked_and_what_came_after_is_not);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
