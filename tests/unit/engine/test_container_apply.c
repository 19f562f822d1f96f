/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_apply.h"

#include "common.h"

static void done(struct bt_container_state *s)
{
	free(s->error);
}

START_TEST(a_life_runs_through_its_states)
{
	struct bt_container_state s = { .status = BT_CONTAINER_CREATED };

	ck_assert(bt_container_apply_to_state(
		&s, &(struct bt_journal_record){
			    .kind = BT_JOURNAL_STARTED, .seq = 1, .at_ns = 10, .pid = 42 }));
	ck_assert_int_eq(s.status, BT_CONTAINER_RUNNING);
	ck_assert_int_eq(s.pid, 42);
	ck_assert_int_eq(s.started_ns, 10);
	ck_assert(bt_container_apply_to_state(
		&s, &(struct bt_journal_record){ .kind = BT_JOURNAL_EXITED,
						 .seq = 2,
						 .at_ns = 20,
						 .code = 3,
						 .oom = true,
						 .final = true,
						 .stopped = true }));
	ck_assert_int_eq(s.status, BT_CONTAINER_EXITED);
	ck_assert_int_eq(s.pid, 0);
	ck_assert_int_eq(s.exit_code, 3);
	ck_assert_int_eq(s.finished_ns, 20);
	ck_assert(s.oom_killed);
	ck_assert(s.manually_stopped);
	ck_assert_uint_eq(s.journal_seq, 2);
}
END_TEST

START_TEST(a_record_is_applied_once)
{
	struct bt_container_state s = { .status = BT_CONTAINER_RUNNING, .journal_seq = 5 };

	ck_assert(!bt_container_apply_to_state(
		&s, &(struct bt_journal_record){
			    .kind = BT_JOURNAL_EXITED, .seq = 5, .code = 9, .final = true }));
	ck_assert_int_eq(s.status, BT_CONTAINER_RUNNING);
	ck_assert_int_eq(s.exit_code, 0);
}
END_TEST

START_TEST(an_end_that_is_not_final_waits_for_the_restart)
{
	struct bt_container_state s = { .status = BT_CONTAINER_RUNNING, .pid = 1 };

	ck_assert(bt_container_apply_to_state(
		&s, &(struct bt_journal_record){ .kind = BT_JOURNAL_EXITED, .seq = 1, .code = 1 }));
	ck_assert_int_eq(s.status, BT_CONTAINER_RESTARTING);
	ck_assert(bt_container_apply_to_state(
		&s, &(struct bt_journal_record){
			    .kind = BT_JOURNAL_STARTED, .seq = 2, .pid = 2, .restarts = 1 }));
	ck_assert_int_eq(s.status, BT_CONTAINER_RUNNING);
	ck_assert_int_eq(s.restart_count, 1);
}
END_TEST

START_TEST(the_end_of_a_wait_changes_nothing_of_how_the_program_ended)
{
	struct bt_container_state s = { .status = BT_CONTAINER_RUNNING, .pid = 1 };
	const struct bt_journal_record end = {
		.kind = BT_JOURNAL_EXITED, .seq = 1, .at_ns = 10, .code = 3, .again_in_ms = 100
	};
	const struct bt_journal_record given_up = { .kind = BT_JOURNAL_EXITED,
						    .seq = 2,
						    .at_ns = 20,
						    .code = 137,
						    .final = true,
						    .stopped = true };

	ck_assert(!bt_container_apply_gives_up(&s, &end));
	ck_assert(!bt_container_apply_gives_up(&s, &given_up));
	ck_assert(bt_container_apply_to_state(&s, &end));
	ck_assert(!bt_container_apply_gives_up(&s, &end));
	ck_assert(bt_container_apply_gives_up(&s, &given_up));
	ck_assert(bt_container_apply_to_state(&s, &given_up));
	ck_assert_int_eq(s.status, BT_CONTAINER_EXITED);
	ck_assert_int_eq(s.exit_code, 3);
	ck_assert_int_eq(s.finished_ns, 10);
	ck_assert(s.manually_stopped);
	ck_assert(!bt_container_apply_gives_up(&s, &given_up));
}
END_TEST

START_TEST(a_restart_by_the_policy_counts_from_the_end_on_and_one_by_hand_does_not)
{
	struct bt_container_state s = { .status = BT_CONTAINER_RUNNING, .pid = 1 };
	struct bt_journal_record end = { .kind = BT_JOURNAL_EXITED, .seq = 1, .restarts = 4 };

	ck_assert(bt_container_apply_to_state(&s, &end));
	ck_assert_int_eq(s.restart_count, 0);
	end.seq = 2;
	end.again_in_ms = 100;
	ck_assert(bt_container_apply_to_state(&s, &end));
	ck_assert_int_eq(s.restart_count, 5);
}
END_TEST

START_TEST(a_first_start_that_failed_leaves_it_created_with_the_reason)
{
	struct bt_container_state s = { .status = BT_CONTAINER_CREATED };
	struct bt_journal_record rec = {
		.kind = BT_JOURNAL_START_FAILED, .seq = 1, .code = 127, .final = true
	};

	strcpy(rec.error.msg, "no such program");
	ck_assert(bt_container_apply_to_state(&s, &rec));
	ck_assert_int_eq(s.status, BT_CONTAINER_CREATED);
	ck_assert_int_eq(s.exit_code, 127);
	ck_assert_str_eq(s.error, "no such program");
	/* The next start that works takes it away. */
	ck_assert(bt_container_apply_to_state(
		&s, &(struct bt_journal_record){ .kind = BT_JOURNAL_STARTED, .seq = 2, .pid = 2 }));
	ck_assert_ptr_null(s.error);
	done(&s);
}
END_TEST

START_TEST(a_container_being_removed_stays_so)
{
	struct bt_container_state s = { .status = BT_CONTAINER_REMOVING, .pid = 1 };

	ck_assert(bt_container_apply_to_state(
		&s,
		&(struct bt_journal_record){ .kind = BT_JOURNAL_EXITED, .seq = 1, .final = true }));
	ck_assert_int_eq(s.status, BT_CONTAINER_REMOVING);
	ck_assert_int_eq(s.pid, 0);
}
END_TEST

START_TEST(a_kill_for_want_of_memory_or_a_restart_changes_no_status)
{
	struct bt_container_state s = { .status = BT_CONTAINER_RUNNING, .pid = 7 };
	struct bt_container_state removing = { .status = BT_CONTAINER_REMOVING, .pid = 7 };
	const struct bt_journal_record oom = { .kind = BT_JOURNAL_OOM, .seq = 1 };
	const struct bt_journal_record restarted = { .kind = BT_JOURNAL_RESTARTED, .seq = 2 };

	ck_assert(bt_container_apply_to_state(&s, &restarted));
	ck_assert(!s.oom_killed);
	ck_assert(!bt_container_apply_to_state(&s, &oom));
	s.journal_seq = 0;
	ck_assert(bt_container_apply_to_state(&s, &oom));
	ck_assert(s.oom_killed);
	ck_assert_int_eq(s.status, BT_CONTAINER_RUNNING);
	ck_assert_int_eq(s.pid, 7);
	ck_assert(bt_container_apply_to_state(&removing, &oom));
	ck_assert_int_eq(removing.pid, 7);
}
END_TEST

START_TEST(what_the_journal_keeps_is_stored_later_unless_something_hangs_on_it)
{
	struct bt_container c = { 0 };
	struct bt_journal_record rec = { .kind = BT_JOURNAL_STARTED, .seq = 1, .kept = true };

	ck_assert(!bt_container_apply_stores(&c, &rec));
	rec.restarts = 1; /* a loop of restarts must not have to be read from its beginning */
	ck_assert(bt_container_apply_stores(&c, &rec));
	rec = (struct bt_journal_record){ .kind = BT_JOURNAL_EXITED, .final = true, .kept = true };
	ck_assert(bt_container_apply_stores(&c, &rec));
	c.auto_remove = true; /* its row goes in a moment */
	ck_assert(!bt_container_apply_stores(&c, &rec));
	rec.final = false;
	ck_assert(bt_container_apply_stores(&c, &rec));
}
END_TEST

START_TEST(what_no_journal_keeps_is_stored_at_once)
{
	struct bt_container c = { .auto_remove = true };
	struct bt_journal_record rec = { .kind = BT_JOURNAL_STARTED, .seq = 1 };

	ck_assert(bt_container_apply_stores(&c, &rec));
	rec.kind = BT_JOURNAL_EXITED;
	rec.final = true;
	ck_assert(bt_container_apply_stores(&c, &rec));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_life_runs_through_its_states);
	tcase_add_test(tests, a_record_is_applied_once);
	tcase_add_test(tests, an_end_that_is_not_final_waits_for_the_restart);
	tcase_add_test(tests, the_end_of_a_wait_changes_nothing_of_how_the_program_ended);
	tcase_add_test(tests,
		       a_restart_by_the_policy_counts_from_the_end_on_and_one_by_hand_does_not);
	tcase_add_test(tests, a_first_start_that_failed_leaves_it_created_with_the_reason);
	tcase_add_test(tests, a_container_being_removed_stays_so);
	tcase_add_test(tests, a_kill_for_want_of_memory_or_a_restart_changes_no_status);
	tcase_add_test(tests, what_the_journal_keeps_is_stored_later_unless_something_hangs_on_it);
	tcase_add_test(tests, what_no_journal_keeps_is_stored_at_once);
}

int main(void)
{
	return run_tests("engine/container_apply", add);
}
