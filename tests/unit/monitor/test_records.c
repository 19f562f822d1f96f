/* SPDX-License-Identifier: Apache-2.0 */

/* monitor/records.c, whose manual is monitor/monitor_private.h, with a disk that fills up and has
 * room again. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/path.h"
#include "monitor/monitor_private.h"

#define READ_MAX 32

static char path[] = "/tmp/test_records.XXXXXX";
static struct bt_monitor m;
static int disk, full; /* descriptors of which one is the monitor's */
static struct bt_journal_record got[READ_MAX];
static size_t ngot;

static void setup(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	disk = bt_journal_open(path);
	full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	ck_assert(disk >= 0 && full >= 0);
	m = (struct bt_monitor){ .journal_fd = disk,
				 .state = BT_MONITOR_RUNNING,
				 .listen_fd = -EBADF };
	ck_assert_int_eq(bt_loop_init(&m.loop), 0);
	bt_list_init(&m.conns);
	bt_list_init(&m.execs);
	bt_list_init(&m.old_runs);
	bt_records_init(&m);
}

static void teardown(void)
{
	bt_close(&m.loop.fd);
	ck_assert_int_eq(close(disk) | close(full) | unlink(path), 0);
}

static bool add_record(enum bt_journal_kind kind)
{
	struct bt_journal_record record = { .kind = kind, .at_ns = 1000, .pid = 7, .monitor = 8 };

	bt_records_add(&m, &record);
	return record.kept;
}

static int note(void *data, const struct bt_journal_record *record)
{
	(void)data;
	ck_assert_uint_lt(ngot, READ_MAX);
	got[ngot++] = *record;
	return 0;
}

/* The journal holds exactly the records with these numbers, in this order. */
static void check_journal(size_t n, const uint64_t *want)
{
	struct bt_err err = { 0 };

	ngot = 0;
	ck_well(bt_journal_read(path, 0, note, NULL, &err), &err);
	ck_assert_uint_eq(ngot, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(got[i].seq == want[i], "record %zu has the number %llu", i,
			      (unsigned long long)got[i].seq);
}

#define check_numbers(...)                                                    \
	check_journal(sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t), \
		      (const uint64_t[]){ __VA_ARGS__ })

START_TEST(each_record_gets_the_next_number_and_is_in_the_journal)
{
	m.seq = 41;
	ck_assert(add_record(BT_JOURNAL_STARTED));
	ck_assert(add_record(BT_JOURNAL_OOM));
	ck_assert(add_record(BT_JOURNAL_EXITED));
	check_numbers(42, 43, 44);
	ck_assert_int_eq(got[0].kind, BT_JOURNAL_STARTED);
	ck_assert_int_eq(got[0].pid, 7);
	ck_assert_int_eq(got[0].monitor, 8);
	ck_assert_int_eq(got[2].kind, BT_JOURNAL_EXITED);
	ck_assert_uint_eq(m.nunwritten, 0);
}
END_TEST

START_TEST(on_a_full_disk_a_record_waits_and_is_not_called_kept)
{
	m.journal_fd = full;
	ck_assert(!add_record(BT_JOURNAL_STARTED));
	ck_assert_uint_eq(m.nunwritten, 1);
	ck_assert_uint_eq(m.unwritten[0].seq, 1);
}
END_TEST

START_TEST(what_waited_is_written_before_what_comes_next)
{
	m.journal_fd = full;
	add_record(BT_JOURNAL_STARTED);
	add_record(BT_JOURNAL_EXITED);
	m.journal_fd = disk;
	ck_assert(add_record(BT_JOURNAL_STARTED));
	check_numbers(1, 2, 3);
	ck_assert_uint_eq(m.nunwritten, 0);
}
END_TEST

START_TEST(of_more_than_can_wait_the_oldest_is_given_up)
{
	m.journal_fd = full;
	for (int i = 0; i < BT_RECORDS_UNWRITTEN_MAX + 2; i++)
		add_record(i % 2 ? BT_JOURNAL_EXITED : BT_JOURNAL_STARTED);
	ck_assert_uint_eq(m.nunwritten, BT_RECORDS_UNWRITTEN_MAX);
	m.journal_fd = disk;
	add_record(BT_JOURNAL_STARTED);
	check_numbers(3, 4, 5, 6, 7);
}
END_TEST

START_TEST(none_that_says_how_it_stands_is_given_up_for_one_that_does_not)
{
	m.journal_fd = full;
	for (int i = 0; i < BT_RECORDS_UNWRITTEN_MAX; i++)
		add_record(i % 2 ? BT_JOURNAL_EXITED : BT_JOURNAL_STARTED);
	ck_assert(!add_record(BT_JOURNAL_OOM));
	ck_assert(!add_record(BT_JOURNAL_RESTARTED));
	ck_assert_uint_eq(m.unwritten[0].seq, 1);
	m.journal_fd = disk;
	add_record(BT_JOURNAL_EXITED);
	/* Their numbers are not used again. */
	check_numbers(1, 2, 3, 4, 7);
}
END_TEST

START_TEST(what_a_daemon_has_stored_need_not_wait_for_the_disk)
{
	m.journal_fd = full;
	add_record(BT_JOURNAL_STARTED);
	add_record(BT_JOURNAL_EXITED);
	add_record(BT_JOURNAL_STARTED);
	bt_records_acknowledged(&m, 2, true);
	ck_assert_uint_eq(m.nunwritten, 1);
	ck_assert_uint_eq(m.unwritten[0].seq, 3);
	/* Again, and of an older one: nothing changes. */
	bt_records_acknowledged(&m, 2, true);
	bt_records_acknowledged(&m, 1, true);
	ck_assert_uint_eq(m.nunwritten, 1);
	bt_records_acknowledged(&m, 100, true);
	ck_assert_uint_eq(m.nunwritten, 0);
}
END_TEST

START_TEST(what_is_only_told_still_waits_and_is_marked_where_it_is_written)
{
	add_record(BT_JOURNAL_STARTED);
	add_record(BT_JOURNAL_EXITED);
	bt_records_acknowledged(&m, 1, false);
	check_numbers(1, 2);
	ck_assert(got[0].told && !got[1].told);
	m.journal_fd = full;
	add_record(BT_JOURNAL_STARTED);
	bt_records_acknowledged(&m, 3, false);
	ck_assert_uint_eq(m.nunwritten, 1);
}
END_TEST

START_TEST(a_monitor_whose_container_has_ended_stays_until_its_records_are_safe)
{
	m.journal_fd = full;
	add_record(BT_JOURNAL_EXITED);
	m.state = BT_MONITOR_ENDED;
	bt_monitor_check_done(&m);
	ck_assert(!m.loop.stop);
	bt_records_acknowledged(&m, 1, false);
	ck_assert(!m.loop.stop);
	bt_records_acknowledged(&m, 1, true);
	ck_assert(m.loop.stop);
}
END_TEST

START_TEST(its_name_goes_with_the_last_end_and_not_before_that_is_written)
{
	char dir[] = "/tmp/berth-records-XXXXXX";
	bt_auto_free char *sock = NULL;
	struct bt_journal_record end = { .kind = BT_JOURNAL_EXITED, .at_ns = 1000 };

	ck_assert_ptr_nonnull(mkdtemp(dir));
	sock = bt_path_join(dir, "monitor.sock");
	m.spawn.dir = dir;
	ck_assert_int_eq(bt_control_listen(&m), 0);
	bt_records_add(&m, &end);
	ck_assert_int_eq(access(sock, F_OK), 0);
	/* The journal alone would not tell the next daemon of it. */
	m.journal_fd = full;
	m.state = BT_MONITOR_ENDED;
	end.final = true;
	bt_records_add(&m, &end);
	bt_monitor_check_done(&m);
	ck_assert_int_eq(access(sock, F_OK), 0);
	bt_records_acknowledged(&m, end.seq, true);
	ck_assert_int_eq(access(sock, F_OK), -1);
	/* The next monitor's is not this one's to remove. */
	ck_assert_int_eq(close(open(sock, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	bt_control_done(&m);
	ck_assert_int_eq(unlink(sock) | rmdir(dir), 0);
}
END_TEST

START_TEST(it_tries_again_by_itself_until_there_is_room)
{
	m.journal_fd = full;
	add_record(BT_JOURNAL_STARTED);
	add_record(BT_JOURNAL_EXITED);
	m.state = BT_MONITOR_ENDED;
	m.journal_fd = disk;
	/* Ends when nothing waits any more. */
	ck_assert_int_eq(bt_loop_run(&m.loop), 0);
	check_numbers(1, 2);
	ck_assert_uint_eq(m.nunwritten, 0);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, each_record_gets_the_next_number_and_is_in_the_journal);
	tcase_add_test(tests, on_a_full_disk_a_record_waits_and_is_not_called_kept);
	tcase_add_test(tests, what_waited_is_written_before_what_comes_next);
	tcase_add_test(tests, of_more_than_can_wait_the_oldest_is_given_up);
	tcase_add_test(tests, none_that_says_how_it_stands_is_given_up_for_one_that_does_not);
	tcase_add_test(tests, what_a_daemon_has_stored_need_not_wait_for_the_disk);
	tcase_add_test(tests, what_is_only_told_still_waits_and_is_marked_where_it_is_written);
	tcase_add_test(tests, a_monitor_whose_container_has_ended_stays_until_its_records_are_safe);
	tcase_add_test(tests, its_name_goes_with_the_last_end_and_not_before_that_is_written);
	tcase_add_test(tests, it_tries_again_by_itself_until_there_is_room);
}

int main(void)
{
	return run_suite("monitor/records", setup, teardown, add);
}
