/* SPDX-License-Identifier: Apache-2.0 */

/* One daemon leaves its rows, journals and directories, and the next one begins with them. */

#include "engine/restore.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/sock.h"
#include "engine/container_apply.h"
#include "engine/container_create.h"
#include "engine/exec_table.h"
#include "engine/monitor_link.h"
#include "lives_fixture.h"
#include "monitor/exec_file.h"
#include "monitor/journal.h"
#include "monitor/message.h"

static void begin(void)
{
	ck_well(bt_links_open(&bt_container_apply_events, &engine.links, &err), &err);
}

static void end(void)
{
	bt_links_close(engine.links);
	engine.links = NULL;
}

static void setup(void)
{
	setup_lives();
	begin();
}

static void teardown(void)
{
	end();
	teardown_lives();
}

/* The daemon ends, and the next one finds what there is. */
static void restart(void)
{
	end();
	bt_container_index_destroy(engine.containers);
	bt_exec_table_destroy(engine.execs);
	bt_events_destroy(engine.events);
	engine.containers = bt_container_index_create();
	engine.execs = bt_exec_table_create(root);
	engine.events = bt_events_create();
	begin();
	ck_well(bt_restore_containers(&engine, &err), &err);
}

/* A whole container; borrowed from the index. */
static struct bt_container *create(const char *name, const char *host_config)
{
	bt_auto_free char *text = bt_str_format("{'Cmd':['true'],'HostConfig':%s}", host_config);
	json_auto_t *body = parse(text), *answer = NULL;
	struct bt_container *c = NULL;

	ck_well(bt_container_create(&engine, name, NULL, body, &answer, &err), &err);
	ck_well(bt_container_get(&engine, name, &c, &err), &err);
	bt_container_unref(c);
	return c;
}

/* It has been in this state when the daemon ended. */
static void leave_as(struct bt_container *c, enum bt_container_status status, uint64_t seq)
{
	c->state.status = status;
	c->state.pid = status == BT_CONTAINER_RUNNING ? 4194304 : 0; /* more than there can be */
	c->state.started_ns = status == BT_CONTAINER_CREATED ? 0 : 1000;
	c->state.journal_seq = seq;
	ck_well(bt_container_row_state(c, &err), &err);
}

/* Its monitor has its directory, and wrote this. */
static void journal(const struct bt_container *c, const struct bt_journal_record *record)
{
	bt_auto_free char *path = bt_container_files_journal(&engine, c->id);
	bt_auto_close int fd = bt_journal_open(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bt_journal_append(fd, record), 0);
}

/* The directory of a run, which ends with the machine. */
static char *have_run_dir(const struct bt_container *c)
{
	char *dir = bt_container_files_run_dir(&engine, c->id);

	ck_assert_int_eq(bt_io_mkdir_p(dir, 0700), 0);
	return dir;
}

/* The container as the new daemon has it. The caller drops the reference. */
static struct bt_container *found(const char *name)
{
	struct bt_container *c = NULL;

	ck_well(bt_container_get(&engine, name, &c, &err), &err);
	return c;
}

static int64_t count_rows(const char *id)
{
	bt_auto_free char *sql =
		bt_str_format("SELECT (SELECT count(*) FROM containers WHERE id = '%s') +"
			      " (SELECT count(*) FROM rw_layers WHERE id = '%s')",
			      id, id);

	return query_int(sql);
}

static void check_swept(const char *id)
{
	ck_assert(!is_there(id));
	ck_assert(!has_dir(id));
	ck_assert_int_eq(count_rows(id), 0);
}

/* ---- what is found as it was ------------------------------------------------------------- */

START_TEST(what_was_at_rest_is_as_it_was)
{
	struct bt_container *fresh = create("made", "{}"), *ended = create("ended", "{}");
	bt_auto_container struct bt_container *c = NULL, *e = NULL;

	ended->state.exit_code = 7;
	ended->state.finished_ns = 2000;
	leave_as(ended, BT_CONTAINER_EXITED, 4);
	leave_as(fresh, BT_CONTAINER_CREATED, 0);
	restart();
	c = found("made");
	e = found("ended");
	ck_assert_int_eq(c->state.status, BT_CONTAINER_CREATED);
	ck_assert_int_eq(e->state.status, BT_CONTAINER_EXITED);
	ck_assert_int_eq(e->state.exit_code, 7);
	ck_assert_int_eq(e->state.finished_ns, 2000);
	ck_assert_uint_eq(e->state.journal_seq, 4);
	ck_assert(has_dir(c->id) && has_dir(e->id));
	bt_auto_free char *said = told();

	ck_assert_str_eq(said, "");
}
END_TEST

/* ---- what a crash left ---------------------------------------------------------------------- */

START_TEST(a_creation_that_was_cut_off_is_swept_and_its_name_free)
{
	struct bt_container *c = create("web", "{}");
	bt_auto_free char *id = strdup(c->id);
	bt_auto_container struct bt_container *again = NULL;

	ck_well(bt_db_run(engine.db, &err, "DELETE FROM rw_layers WHERE id = ?1", 1, id), &err);
	end();
	bt_layers_close(engine.layers);
	ck_well(bt_layers_open(root, engine.db, &engine.layers, &err), &err);
	begin();
	restart();
	check_swept(id);
	ck_assert_ptr_ne(create("web", "{}"), NULL);
	again = found("web");
	ck_assert_str_ne(again->id, id);
}
END_TEST

START_TEST(a_removal_that_was_cut_off_is_finished)
{
	static const enum bt_container_status states[] = { BT_CONTAINER_REMOVING,
							   BT_CONTAINER_DEAD };
	char ids[LENGTH(states)][BT_RAND_ID_LEN + 1];

	for (size_t i = 0; i < LENGTH(states); i++) {
		bt_auto_free char *name = bt_str_format("web%zu", i);
		struct bt_container *c = create(name, "{}");

		(void)strcpy(ids[i], c->id);
		leave_as(c, states[i], 0);
	}
	restart();
	for (size_t i = 0; i < LENGTH(states); i++)
		check_swept(ids[i]);
}
END_TEST

START_TEST(directories_that_no_row_speaks_of_are_removed_and_no_others)
{
	static const char *const strays[] = { "containers/0123456789ab", "containers/x y" };
	struct bt_container *c = create("web", "{}");
	bt_auto_free char *hidden = bt_str_format("%s/containers/.keep", root);
	bt_auto_free char *id = strdup(c->id);

	ck_assert_int_eq(bt_io_mkdir_p(hidden, 0700), 0);
	for (size_t i = 0; i < LENGTH(strays); i++) {
		bt_auto_free char *deep = bt_str_format("%s/%s/a/b", root, strays[i]);

		ck_assert_int_eq(bt_io_mkdir_p(deep, 0700), 0);
	}
	restart();
	for (size_t i = 0; i < LENGTH(strays); i++) {
		bt_auto_free char *path = bt_str_format("%s/%s", root, strays[i]);

		ck_assert_msg(access(path, F_OK) == -1, "%s", path);
	}
	ck_assert(has_dir(id));
	ck_assert_int_eq(access(hidden, F_OK), 0);
}
END_TEST

/* ---- what went on without a daemon -------------------------------------------------------- */

START_TEST(an_end_that_the_journal_has_is_known_and_told)
{
	struct bt_container *c = create("web", "{}");
	bt_auto_free char *run_dir = have_run_dir(c);
	bt_auto_container struct bt_container *now = NULL;

	leave_as(c, BT_CONTAINER_RUNNING, 1);
	journal(c, &(struct bt_journal_record){
			   .kind = BT_JOURNAL_STARTED, .seq = 1, .at_ns = 1000, .pid = 5 });
	journal(c, &(struct bt_journal_record){ .kind = BT_JOURNAL_EXITED,
						.seq = 2,
						.at_ns = 3000,
						.code = 42,
						.final = true });
	restart();
	now = found("web");
	ck_assert_int_eq(now->state.status, BT_CONTAINER_EXITED);
	ck_assert_int_eq(now->state.exit_code, 42);
	ck_assert_int_eq(now->state.finished_ns, 3000);
	ck_assert_int_eq(now->state.pid, 0);
	ck_assert_uint_eq(now->state.journal_seq, 2);
	/* And the database has it, for the daemon after this one. */
	bt_auto_container struct bt_container *later = NULL;

	restart();
	later = found("web");
	ck_assert_int_eq(later->state.exit_code, 42);
}
END_TEST

START_TEST(what_the_journal_does_not_tell_went_with_the_machine)
{
	struct bt_container *c = create("web", "{}");
	bt_auto_container struct bt_container *now = NULL;

	leave_as(c, BT_CONTAINER_RUNNING, 1);
	restart();
	now = found("web");
	ck_assert_int_eq(now->state.status, BT_CONTAINER_EXITED);
	ck_assert_int_eq(now->state.exit_code, 255);
	ck_assert(!now->state.manually_stopped);
}
END_TEST

START_TEST(one_that_waited_for_its_restart_without_a_monitor_waits_no_more)
{
	struct bt_container *c = create("web", "{}");
	bt_auto_container struct bt_container *now = NULL;

	leave_as(c, BT_CONTAINER_RESTARTING, 3);
	restart();
	now = found("web");
	ck_assert_int_eq(now->state.status, BT_CONTAINER_EXITED);
}
END_TEST

START_TEST(one_that_removes_itself_is_removed_when_its_end_is_found)
{
	struct bt_container *c = create("web", "{'AutoRemove':true}");
	bt_auto_free char *id = strdup(c->id);

	leave_as(c, BT_CONTAINER_RUNNING, 1);
	restart();
	/* By the second thread, which ends with the engine. */
	end();
	check_swept(id);
	begin();
}
END_TEST

/* ---- who lives on -----------------------------------------------------------------------------
 */

START_TEST(a_monitor_that_lives_is_listened_to_from_where_the_journal_ends)
{
	struct bt_container *c = create("web", "{}");
	bt_auto_free char *run_dir = have_run_dir(c);
	bt_auto_free char *path = bt_str_format("%s/monitor.sock", run_dir);
	bt_auto_close int listener = bt_sock_listen(path, SOCK_SEQPACKET, 0600), monitor = -EBADF;
	bt_auto_container struct bt_container *now = NULL;
	bt_auto_message struct bt_message ack = { 0 }, second = { 0 };
	json_auto_t *event = NULL;

	ck_assert_int_ge(listener, 0);
	leave_as(c, BT_CONTAINER_RUNNING, 1);
	journal(c, &(struct bt_journal_record){ .kind = BT_JOURNAL_OOM, .seq = 2, .at_ns = 2000 });
	restart();
	monitor = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(monitor, 0);
	ck_assert_int_eq(bt_message_recv(monitor, 0, &ack), 1);
	assert_json(ack.json, "{'op':'ack','seq':2,'stored':true}");
	now = found("web");
	ck_assert_int_eq(now->state.status, BT_CONTAINER_RUNNING);
	ck_assert(now->state.oom_killed);
	bt_auto_link struct bt_link *link = bt_link_get(now);

	ck_assert_ptr_nonnull(link);
	/* What it tells from now on is heard: this answer says that it was stored. */
	event = parse("{'ev':'exited','seq':3,'code':9,'final':true,'at':5000,'kept':false}");
	ck_assert_int_eq(bt_message_send(monitor, event, NULL, 0), 0);
	ck_assert_int_eq(bt_message_recv(monitor, 0, &second), 1);
	assert_json(second.json, "{'op':'ack','seq':3,'stored':true}");
	ck_assert_int_eq(now->state.exit_code, 9);
}
END_TEST

START_TEST(a_monitor_that_died_is_found_dead_and_its_execs_with_it)
{
	struct bt_container *c = create("web", "{}");
	bt_auto_free char *run_dir = have_run_dir(c);
	bt_auto_free char *path = bt_str_format("%s/monitor.sock", run_dir);
	bt_auto_container struct bt_container *now = NULL;
	bt_auto_exec struct bt_exec *ran = NULL, *ended = NULL;
	struct bt_exec_table_status status;
	char ids[2][BT_RAND_ID_LEN + 1];
	int listener = bt_sock_listen(path, SOCK_SEQPACKET, 0600);

	bt_close(&listener);
	for (size_t i = 0; i < LENGTH(ids); i++) {
		bt_auto_exec struct bt_exec *exec = NULL;

		ck_well(bt_exec_table_add(engine.execs, c->id, "{}", &exec, &err), &err);
		(void)strcpy(ids[i], exec->id);
		ck_assert_int_eq(bt_exec_file_started(run_dir, exec->id, 10, 77), 0);
	}
	ck_assert_int_eq(bt_exec_file_ended(run_dir, ids[1], 20, 3), 0);
	leave_as(c, BT_CONTAINER_RUNNING, 1);
	restart();
	now = found("web");
	ck_assert_int_eq(now->state.status, BT_CONTAINER_EXITED);
	ck_assert_int_eq(now->state.exit_code, 255);
	ck_well(bt_exec_table_get(engine.execs, ids[0], &ran, &err), &err);
	ck_well(bt_exec_table_get(engine.execs, ids[1], &ended, &err), &err);
	bt_exec_table_status(engine.execs, ran, &status);
	ck_assert(status.ended);
	ck_assert_int_eq(status.code, 137);
	bt_exec_table_status(engine.execs, ended, &status);
	ck_assert(status.ended);
	ck_assert_int_eq(status.code, 3);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(of_many_each_finds_its_own)
{
	enum {
		MANY = 12
	};

	for (int i = 0; i < MANY; i++) {
		bt_auto_free char *name = bt_str_format("web%d", i);
		struct bt_container *c = create(name, "{}");

		c->state.exit_code = i;
		leave_as(c, i % 3 == 0 ? BT_CONTAINER_RUNNING : BT_CONTAINER_EXITED, 1);
		if (i % 3 != 0)
			continue;
		bt_auto_free char *run_dir = have_run_dir(c);

		journal(c, &(struct bt_journal_record){ .kind = BT_JOURNAL_EXITED,
							.seq = 2,
							.at_ns = 3000,
							.code = 100 + i,
							.final = true });
	}
	restart();
	for (int i = 0; i < MANY; i++) {
		bt_auto_free char *name = bt_str_format("web%d", i);
		bt_auto_container struct bt_container *c = found(name);

		ck_assert_int_eq(c->state.status, BT_CONTAINER_EXITED);
		ck_assert_int_eq(c->state.exit_code, i % 3 == 0 ? 100 + i : i);
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, what_was_at_rest_is_as_it_was);
	tcase_add_test(tests, a_creation_that_was_cut_off_is_swept_and_its_name_free);
	tcase_add_test(tests, a_removal_that_was_cut_off_is_finished);
	tcase_add_test(tests, directories_that_no_row_speaks_of_are_removed_and_no_others);
	tcase_add_test(tests, an_end_that_the_journal_has_is_known_and_told);
	tcase_add_test(tests, what_the_journal_does_not_tell_went_with_the_machine);
	tcase_add_test(tests, one_that_waited_for_its_restart_without_a_monitor_waits_no_more);
	tcase_add_test(tests, one_that_removes_itself_is_removed_when_its_end_is_found);
	tcase_add_test(tests, a_monitor_that_lives_is_listened_to_from_where_the_journal_ends);
	tcase_add_test(tests, a_monitor_that_died_is_found_dead_and_its_execs_with_it);
	tcase_add_test(tests, of_many_each_finds_its_own);
}

int main(void)
{
	return run_suite("engine/restore", setup, teardown, add_tests);
}
