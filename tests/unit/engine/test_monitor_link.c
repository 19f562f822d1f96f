/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/monitor_link.h"

#include <poll.h>

#include "engine/exec_table.h"
#include "link_fixture.h"

static int listener = -EBADF, monitor = -EBADF;

static void setup(void)
{
	setup_links();
	listener = play_monitor(web);
	set_status(web, BT_CONTAINER_RUNNING);
}

static void teardown(void)
{
	bt_close(&monitor);
	bt_close(&listener);
	teardown_links();
}

/* ---- links that end ------------------------------------------------------------- */

static sem_t begun, may_end;

static void stand_still(struct bt_container *c)
{
	(void)c;
	ck_assert_int_eq(sem_post(&begun), 0);
	take_semaphore(&may_end);
}

static bool somebody_connects(void)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Whoever waits with it is behind: a start has given the container its next monitor by then. */
START_TEST(what_is_tried_again_later_leaves_the_link_alone_that_has_come_meanwhile)
{
	bt_auto_link struct bt_link *old = link_to(web, listener, &monitor), *next = NULL;
	bt_auto_close int next_monitor = -EBADF;

	ck_assert_int_eq(sem_init(&begun, 0, 0) | sem_init(&may_end, 0, 0), 0);
	bt_links_later(beside[0].c, stand_still);
	take_semaphore(&begun);
	bt_close(&monitor);
	await_end(old);
	ck_assert(has_link(web, old));
	next = link_to(web, listener, &next_monitor);
	ck_assert_int_eq(sem_post(&may_end), 0);
	work_is_done();
	ck_assert(has_link(web, next));
	ck_assert(!somebody_connects());
	ck_assert_int_eq(heard.behind, 0);
	ck_assert_int_eq(heard.gone, 0);
}
END_TEST

START_TEST(the_end_of_a_link_that_is_not_the_containers_any_more_says_nothing_of_it)
{
	bt_auto_link struct bt_link *old = link_to(web, listener, &monitor), *next = NULL;
	bt_auto_close int next_monitor = -EBADF;

	say(monitor, "{'ev':'oom','at':1}");
	next = link_to(web, listener, &next_monitor);
	bt_close(&monitor);
	await_end(old);
	work_is_done();
	ck_assert_int_eq(heard.ooms, 1);
	ck_assert(has_link(web, next));
	ck_assert(!somebody_connects());
}
END_TEST

START_TEST(the_link_of_a_container_that_has_ended_goes_with_its_monitor_and_nobody_looks_for_it)
{
	bt_auto_link struct bt_link *link = link_to(web, listener, &monitor);

	set_status(web, BT_CONTAINER_EXITED);
	bt_close(&monitor);
	await_end(link);
	work_is_done();
	ck_assert(has_link(web, NULL));
	ck_assert(!somebody_connects());
	ck_assert_int_eq(heard.gone, 0);
}
END_TEST

START_TEST(a_monitor_that_hung_up_and_still_listens_is_connected_to_again_and_what_it_told_is_read)
{
	bt_auto_link struct bt_link *old = link_to(web, listener, &monitor);
	bt_auto_close int again = -EBADF;

	say(monitor, "{'ev':'oom','at':1}");
	settle();
	bt_close(&monitor);
	again = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(again, 0);
	await_end(old);
	ck_assert_int_eq(heard.behind, 1);
	ck_assert(!has_link(web, old) && !has_link(web, NULL));
	/* It is heard by the new one. */
	say(again, "{'ev':'restarted','at':2}");
	take_semaphore(&restarted);
	ck_assert_int_eq(heard.gone, 0);
}
END_TEST

START_TEST(one_that_never_said_a_word_is_tried_again_later_and_not_at_once)
{
	bt_auto_link struct bt_link *old = link_to(web, listener, &monitor);
	bt_auto_close int again = -EBADF;

	ck_assert_int_eq(sem_init(&begun, 0, 0) | sem_init(&may_end, 0, 0), 0);
	bt_links_later(beside[0].c, stand_still);
	take_semaphore(&begun);
	bt_close(&monitor);
	await_end(old);
	ck_assert(!somebody_connects());
	ck_assert_int_eq(sem_post(&may_end), 0);
	work_is_done();
	again = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	ck_assert_int_ge(again, 0);
	ck_assert_int_eq(heard.behind, 1);
	ck_assert(!has_link(web, old) && !has_link(web, NULL));
}
END_TEST

START_TEST(a_monitor_that_nobody_can_reach_any_more_has_gone)
{
	bt_auto_link struct bt_link *link = link_to(web, listener, &monitor);

	say(monitor, "{'ev':'oom','at':1}");
	settle();
	bt_close(&listener);
	bt_close(&monitor);
	await_end(link);
	ck_assert_int_eq(heard.gone, 1);
	ck_assert(has_link(web, NULL));
	work_is_done();
	ck_assert_int_eq(heard.gone, 1);
}
END_TEST

START_TEST(of_a_link_that_was_forgotten_the_end_is_not_told)
{
	bt_auto_link struct bt_link *link = link_to(web, listener, &monitor);

	bt_link_forget(web);
	bt_close(&listener);
	bt_close(&monitor);
	await_end(link);
	work_is_done();
	ck_assert_int_eq(heard.gone, 0);
	ck_assert(has_link(web, NULL));
}
END_TEST

/* ---- who is connected to ---------------------------------------------------------- */

START_TEST(nobody_is_told_from_a_monitor_that_has_died)
{
	struct bt_container *other = add_container("other", "{}");
	struct bt_link *link = NULL;
	int there;

	ck_assert_int_eq(bt_link_connect(other, &link, &err), -ENOENT);
	there = play_monitor(other);
	bt_close(&there);
	ck_assert_int_eq(bt_link_connect(other, &link, &err), -ECONNREFUSED);
	ck_assert_ptr_null(link);
	ck_assert(has_link(other, NULL));
}
END_TEST

START_TEST(what_a_monitor_tells_waits_until_it_is_watched)
{
	bt_auto_link struct bt_link *link = NULL;

	ck_well(bt_link_connect(web, &link, &err), &err);
	monitor = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	say(monitor, "{'ev':'oom','at':1}");
	settle();
	ck_assert_int_eq(heard.ooms, 0);
	ck_assert(has_link(web, NULL));
	ck_well(bt_link_watch(link, &err), &err);
	settle();
	ck_assert_int_eq(heard.ooms, 1);
	ck_assert(has_link(web, link));
}
END_TEST

START_TEST(what_a_monitor_told_before_it_died_is_heard_first)
{
	bt_auto_link struct bt_link *link = link_to(web, listener, &monitor);

	for (int i = 0; i < 50; i++)
		say(monitor, "{'ev':'oom','at':1}");
	bt_close(&listener);
	bt_close(&monitor);
	await_end(link);
	ck_assert_int_eq(heard.ooms, 50);
	ck_assert_int_eq(heard.gone, 1);
}
END_TEST

/* ---- what is told --------------------------------------------------------------- */

/* What one of them says, with the exec's id in the text. */
static void say_of(const struct bt_exec *exec, const char *before, const char *behind)
{
	bt_auto_free char *text = bt_str_format("%s%s%s", before, exec->id, behind);

	say(monitor, text);
	settle();
}

START_TEST(what_is_told_of_execs_is_in_their_table)
{
	bt_auto_exec struct bt_exec *ran = NULL, *failed = NULL;
	struct bt_exec_table_status status;
	bt_auto_link struct bt_link *link = link_to(web, listener, &monitor);

	ck_well(bt_exec_table_add(engine.execs, web->id, "{}", &ran, &err), &err);
	ck_well(bt_exec_table_add(engine.execs, web->id, "{}", &failed, &err), &err);
	ck_well(bt_exec_table_claim(engine.execs, ran, &err), &err);
	ck_well(bt_exec_table_claim(engine.execs, failed, &err), &err);
	say_of(ran, "{'ev':'exec-started','exec':'", "','pid':77}");
	bt_exec_table_status(engine.execs, ran, &status);
	ck_assert(status.running && !status.ended);
	ck_assert_int_eq(status.pid, 77);
	say_of(ran, "{'ev':'exec-exited','exec':'", "','code':9,'at':5}");
	bt_exec_table_status(engine.execs, ran, &status);
	ck_assert(status.ended && !status.running);
	ck_assert_int_eq(status.code, 9);
	say_of(failed, "{'ev':'exec-failed','exec':'", "','code':127,'error':{}}");
	bt_exec_table_status(engine.execs, failed, &status);
	ck_assert(status.ended);
	ck_assert_int_eq(status.code, 127);
	/* Of one that nobody knows there is nothing to know. */
	say(monitor, "{'ev':'exec-exited','exec':'nobody','code':1,'at':5}");
	settle();
	ck_assert(has_link(web, link));
}
END_TEST

START_TEST(what_is_stored_or_in_no_journal_is_acknowledged_and_nothing_else)
{
	static const struct {
		const char *text;
		bool refused;
		const char *answer; /* NULL: none */
	} records[] = {
		{ "{'ev':'exited','seq':1,'code':0,'final':true,'at':1,'kept':false}", false,
		  "{'op':'ack','seq':1,'stored':true}" },
		{ "{'ev':'exited','seq':2,'code':0,'final':true,'at':1,'kept':true}", false, NULL },
		{ "{'ev':'exited','seq':3,'code':0,'final':true,'at':1,'kept':true}", true, NULL },
		{ "{'ev':'started','seq':4,'pid':9,'at':1,'kept':true}", false, NULL },
		{ "{'ev':'started','seq':5,'pid':9,'at':1,'kept':true}", true,
		  "{'op':'ack','seq':5,'stored':false}" },
		{ "{'ev':'started','seq':6,'pid':9,'at':1,'kept':false}", true,
		  "{'op':'ack','seq':6,'stored':false}" },
	};
	bt_auto_link struct bt_link *link = link_to(web, listener, &monitor);

	for (size_t i = 0; i < LENGTH(records); i++) {
		bt_auto_message struct bt_message answer = { 0 };
		int r;

		atomic_store(&heard.refuses, records[i].refused);
		say(monitor, records[i].text);
		settle();
		r = bt_message_recv(monitor, MSG_DONTWAIT, &answer);
		ck_assert_msg((r == 1) == (records[i].answer != NULL), "%s", records[i].text);
		if (records[i].answer)
			assert_json(answer.json, records[i].answer);
	}
	ck_assert(has_link(web, link));
}
END_TEST

START_TEST(the_life_of_a_monitor_is_its_process_and_there_is_none_without_a_link)
{
	bt_auto_link struct bt_link *link = NULL;
	bt_auto_close int life = -EBADF;
	struct pollfd p = { .events = POLLIN };

	ck_assert_int_eq(bt_link_open_life(web), -ENOENT);
	link = link_to(web, listener, &monitor);
	/* Who listens is the test itself. */
	ck_assert_int_eq(bt_link_monitor(link), getpid());
	p.fd = life = bt_link_open_life(web);
	ck_assert_int_ge(life, 0);
	ck_assert_int_eq(poll(&p, 1, 0), 0);
}
END_TEST

/* ---- the second thread ------------------------------------------------------------ */

static int done_by[64];
static atomic_int ndone;

static void note_order(struct bt_container *c)
{
	done_by[atomic_fetch_add(&ndone, 1)] = atoi(c->name);
}

START_TEST(what_is_left_to_do_is_done_in_its_order_also_where_the_engine_closes)
{
	for (int i = 0; i < (int)LENGTH(done_by); i++) {
		char name[8];
		bt_auto_container struct bt_container *c = NULL;

		(void)snprintf(name, sizeof(name), "%d", i);
		/* Nobody else has it: it lasts as long as its work. */
		c = new_container(name, "{}");
		bt_links_later(c, note_order);
	}
	close_links();
	ck_assert_int_eq(ndone, LENGTH(done_by));
	for (int i = 0; i < (int)LENGTH(done_by); i++)
		ck_assert_int_eq(done_by[i], i);
}
END_TEST

/* ---- starts ----------------------------------------------------------------------- */

/* Spawn a monitor that says so. Returns what bt_link_spawn() does. */
static int spawn(struct spawner *s, const char *says, bool goes)
{
	static const struct bt_spawn how = {
		.id = "id", .dir = "/d", .journal = "/d/j", .log_driver = "none", .stop_signal = 15
	};
	static const struct bt_client_fds fds = {
		.spec = -EBADF, .rootfs = -EBADF, .netns = -EBADF, .seccomp = -EBADF
	};
	int ends[2], r;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	*s = (struct spawner){ .fd = ends[1], .says = says, .goes = goes, .control = -EBADF };
	engine.cfg.spawner_fd = ends[0];
	set_status(web, BT_CONTAINER_CREATED);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, play_spawner, s), 0);
	r = bt_link_spawn(web, &how, &fds, &err);
	ck_assert_int_eq(pthread_join(s->thread, NULL), 0);
	bt_close(&ends[0]);
	bt_close(&ends[1]);
	json_decref(s->asked);
	return r;
}

START_TEST(a_start_ends_once_the_monitor_says_that_it_runs_and_it_is_linked_then)
{
	bt_auto_link struct bt_link *link = NULL;
	struct spawner s;

	ck_well(spawn(&s, "{'ev':'started','seq':1,'pid':7,'at':1,'kept':true}", false), &err);
	link = bt_link_get(web);
	ck_assert_ptr_nonnull(link);
	ck_assert_int_eq(bt_link_monitor(link), 4242);
	/* What it says later is heard, too. */
	say(s.control, "{'ev':'oom','at':1}");
	settle();
	ck_assert_int_eq(heard.ooms, 1);
	bt_close(&s.control);
	await_end(link);
	ck_assert(has_link(web, NULL));
}
END_TEST

START_TEST(a_start_that_failed_is_the_monitors_error)
{
	struct spawner s;
	int r = spawn(&s,
		      "{'ev':'start-failed','seq':1,'at':1,'code':127,'final':true,'kept':true,"
		      "'error':{'kind':1,'errnum':2,'msg':'no such program'}}",
		      false);

	ck_assert_int_eq(r, -ENOENT);
	ck_assert_str_eq(err.msg, "no such program");
	bt_close(&s.control);
}
END_TEST

START_TEST(a_monitor_that_ends_before_it_says_anything_fails_the_start_and_leaves_no_link)
{
	struct spawner s;

	ck_assert_int_lt(spawn(&s, NULL, true), 0);
	check_err(&err, BT_ERR_SYSTEM, "the monitor ended before the container was started");
	ck_assert(has_link(web, NULL));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests,
		       what_is_tried_again_later_leaves_the_link_alone_that_has_come_meanwhile);
	tcase_add_test(tests,
		       the_end_of_a_link_that_is_not_the_containers_any_more_says_nothing_of_it);
	tcase_add_test(
		tests,
		the_link_of_a_container_that_has_ended_goes_with_its_monitor_and_nobody_looks_for_it);
	tcase_add_test(
		tests,
		a_monitor_that_hung_up_and_still_listens_is_connected_to_again_and_what_it_told_is_read);
	tcase_add_test(tests, one_that_never_said_a_word_is_tried_again_later_and_not_at_once);
	tcase_add_test(tests, a_monitor_that_nobody_can_reach_any_more_has_gone);
	tcase_add_test(tests, of_a_link_that_was_forgotten_the_end_is_not_told);
	tcase_add_test(tests, nobody_is_told_from_a_monitor_that_has_died);
	tcase_add_test(tests, what_a_monitor_tells_waits_until_it_is_watched);
	tcase_add_test(tests, what_a_monitor_told_before_it_died_is_heard_first);
	tcase_add_test(tests, what_is_told_of_execs_is_in_their_table);
	tcase_add_test(tests, what_is_stored_or_in_no_journal_is_acknowledged_and_nothing_else);
	tcase_add_test(tests,
		       the_life_of_a_monitor_is_its_process_and_there_is_none_without_a_link);
	tcase_add_test(tests, what_is_left_to_do_is_done_in_its_order_also_where_the_engine_closes);
	tcase_add_test(tests,
		       a_start_ends_once_the_monitor_says_that_it_runs_and_it_is_linked_then);
	tcase_add_test(tests, a_start_that_failed_is_the_monitors_error);
	tcase_add_test(
		tests,
		a_monitor_that_ends_before_it_says_anything_fails_the_start_and_leaves_no_link);
}

int main(void)
{
	return run_suite("engine/monitor_link", setup, teardown, add);
}
