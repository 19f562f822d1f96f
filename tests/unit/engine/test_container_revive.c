/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_revive.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>

#include "codec/json.h"
#include "engine/container_apply.h"
#include "engine/container_create.h"
#include "engine/seccomp_cache.h"
#include "link_fixture.h"
#include "lives_fixture.h"
#include "monitor/restart.h"

#define ALWAYS  ",'RestartPolicy':{'Name':'always'}"
#define SHARING "'NetworkMode':'container:other','IpcMode':'none'" ALWAYS
#define ALONE   "'NetworkMode':'none','IpcMode':'shareable'" ALWAYS

/* None of its monitors can start what it is asked to. */
static struct {
	int ends[2];
	pthread_t thread;
	atomic_int asked, restarts; /* how often, and what the last was told of */
} spawner;

/* The delay that follows a killed monitor. */
static struct {
	struct bt_container *of;
	atomic_int times;
	int asked, restarts; /* until then */
} brake;

static struct bt_container *other;
static sem_t released;

/* In the place of the library's, for this program: nobody waits for the delay. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
	if (time->tv_sec != 0 || time->tv_nsec != BT_RESTART_DELAY_MIN_MS * 1000000L)
		return (int)syscall(SYS_nanosleep, time, left);
	bt_auto_lock(held, &brake.of->lock);
	brake.asked = atomic_load(&spawner.asked);
	brake.restarts = brake.of->state.restart_count;
	atomic_fetch_add(&brake.times, 1);
	return 0;
}

static void fail_once(const struct bt_message *asked, int control)
{
	const int n = atomic_fetch_add(&spawner.asked, 1);
	bt_auto_free char *text =
		bt_str_format("{'ev':'start-failed','seq':%d,'at':5,'code':127,'final':true,"
			      "'error':{'kind':1,'errnum':2,'msg':'failed again'}}",
			      100 + n);

	atomic_store(&spawner.restarts, (int)bt_json_i64(asked->json, "restarts", 0));
	say(spawner.ends[1], "{'ok':true,'pid':4242}");
	say(control, text);
}

static void *play(void *unused)
{
	(void)unused;
	for (;;) {
		bt_auto_message struct bt_message asked = { 0 };
		bt_auto_close int control = -EBADF;

		if (bt_message_recv(spawner.ends[1], 0, &asked) <= 0)
			return NULL;
		control = bt_message_take_fd(&asked, BT_PROTOCOL_FD_CONTROL);
		fail_once(&asked, control);
	}
}

/* One that is between two runs. */
static struct bt_container *create(const char *name, const char *host_config)
{
	bt_auto_free char *text = bt_str_format("{'Cmd':['true'],'HostConfig':{%s}}", host_config);
	json_auto_t *body = parse(text), *answer = NULL;
	struct bt_container *c = NULL;

	ck_well(bt_container_create(&engine, name, NULL, body, &answer, &err), &err);
	ck_well(bt_container_get(&engine, name, &c, &err), &err);
	bt_container_unref(c); /* the index has it */
	c->state.status = BT_CONTAINER_RESTARTING;
	c->state.started_ns = 1;
	return c;
}

static void setup(void)
{
	/* What is mounted for a container goes with the test. */
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	setup_lives();
	ck_assert_int_eq(sem_init(&worked, 0, 0), 0);
	ck_assert_int_eq(sem_init(&released, 0, 0), 0);
	ck_well(bt_links_open(&bt_container_apply_events, &engine.links, &err), &err);
	ck_well(bt_seccomp_cache_create("unconfined", &engine.seccomp, &err), &err);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, spawner.ends), 0);
	engine.cfg.spawner_fd = spawner.ends[0];
	ck_assert_int_eq(pthread_create(&spawner.thread, NULL, play, NULL), 0);
	/* It "runs" as the test, and has done so for long. */
	other = beside[0].c = create("other", "'NetworkMode':'none'");
	other->state.status = BT_CONTAINER_RUNNING;
	other->state.pid = getpid();
}

static void teardown(void)
{
	close_links();
	bt_close(&spawner.ends[0]);
	ck_assert_int_eq(pthread_join(spawner.thread, NULL), 0);
	bt_close(&spawner.ends[1]);
	bt_seccomp_cache_destroy(engine.seccomp);
	teardown_lives();
}

/* Nothing is left to do, nor is there anything that follows from what was done. */
static void all_is_done(void)
{
	work_is_done();
	work_is_done();
}

static int asked(void)
{
	return atomic_load(&spawner.asked);
}

/* Its monitor could not start it again. */
static void monitor_could_not_restart(struct bt_container *c)
{
	struct bt_journal_record rec = {
		.kind = BT_JOURNAL_START_FAILED, .seq = 1, .at_ns = 9, .code = 127, .final = true
	};

	strcpy(rec.error.msg, "no such program");
	ck_assert(bt_container_apply(c, &rec));
}

/* `other` has begun a run since, whatever is asked. */
static void set_on_its_way(void)
{
	bt_auto_lock(held, &other->lock);

	other->state.started_ns = INT64_MAX;
}

/* ---- its monitor could not ------------------------------------------------------------------- */

START_TEST(one_that_shares_nothing_is_not_begun_where_its_monitor_could_not)
{
	struct bt_container *c = create("web", ALONE);

	monitor_could_not_restart(c);
	all_is_done();
	ck_assert_int_eq(asked(), 0);
	ck_assert_int_eq(c->state.status, BT_CONTAINER_EXITED);
	ck_assert_int_eq(c->state.exit_code, 127);
	ck_assert_str_eq(c->state.error, "no such program");
	ck_assert(!bt_container_is_awaiting(c));
	ck_assert_uint_eq(atomic_load(&engine.awaiting), 0);
}
END_TEST

START_TEST(one_that_shares_is_begun_once_more_where_its_monitor_could_not)
{
	struct bt_container *c = create("web", SHARING);

	monitor_could_not_restart(c);
	all_is_done();
	ck_assert_int_eq(asked(), 1);
	ck_assert_int_eq(c->state.status, BT_CONTAINER_EXITED);
	ck_assert_ptr_nonnull(strstr(c->state.error, "failed again"));
	ck_assert(!bt_container_is_awaiting(c));
	/* No restart that its monitor had not counted. */
	ck_assert_int_eq(c->state.restart_count, 0);
}
END_TEST

START_TEST(those_that_wait_are_tried_once_for_each_news_and_their_own_failures_are_none)
{
	struct bt_container *one = create("one", SHARING), *two = create("two", SHARING);

	set_on_its_way();
	monitor_could_not_restart(one);
	all_is_done();
	ck_assert_int_eq(asked(), 1);
	/* Its end is news for the one that waits. */
	monitor_could_not_restart(two);
	all_is_done();
	ck_assert_int_eq(asked(), 3);
	bt_container_revive_others(other);
	all_is_done();
	ck_assert_int_eq(asked(), 5);
	ck_assert(bt_container_is_awaiting(one));
	ck_assert(bt_container_is_awaiting(two));
}
END_TEST

START_TEST(who_waits_for_one_that_is_not_begun_gives_up)
{
	struct bt_container *first = create("first", ALONE);
	struct bt_container *last = create(
		"last", "'NetworkMode':'container:other','IpcMode':'container:first'" ALWAYS);

	monitor_could_not_restart(last);
	all_is_done();
	ck_assert(bt_container_is_awaiting(last));
	monitor_could_not_restart(first);
	all_is_done();
	ck_assert(!bt_container_is_awaiting(first));
	ck_assert(!bt_container_is_awaiting(last));
	ck_assert_int_eq(asked(), 0);
}
END_TEST

/* ---- its monitor was killed ------------------------------------------------------------------ */

static void hold(struct bt_container *c)
{
	(void)c;
	take_semaphore(&released);
}

/* One that has run for a moment; what its end brings is done once `released` is posted. */
static struct bt_container *lose(void)
{
	struct bt_container *c = create("web", SHARING);

	c->state.status = BT_CONTAINER_RUNNING;
	c->state.started_ns = bt_time_now_ns();
	brake.of = c;
	bt_links_later(other, hold);
	bt_container_apply_gone(c);
	ck_assert_int_eq(c->state.status, BT_CONTAINER_EXITED);
	ck_assert(bt_container_is_awaiting(c));
	ck_assert_int_eq(c->state.restart_count, 0);
	return c;
}

START_TEST(what_follows_a_killed_monitor_comes_after_a_delay_and_is_counted_as_it_begins)
{
	struct bt_container *c = lose();

	/* Nobody's news takes the delay away. */
	bt_container_revive_others(other);
	ck_assert_int_eq(sem_post(&released), 0);
	all_is_done();
	ck_assert_int_eq(atomic_load(&brake.times), 1);
	ck_assert_int_eq(brake.asked, 0);
	ck_assert_int_eq(brake.restarts, 0);
	ck_assert_int_eq(asked(), 1);
	ck_assert_int_eq(atomic_load(&spawner.restarts), 1);
	ck_assert_int_eq(c->state.restart_count, 1);
	ck_assert(!c->reviving);
}
END_TEST

START_TEST(a_restart_that_waits_is_counted_once)
{
	struct bt_container *c = lose();

	set_on_its_way();
	ck_assert_int_eq(sem_post(&released), 0);
	all_is_done();
	bt_container_revive_others(other);
	all_is_done();
	ck_assert_int_eq(asked(), 2);
	ck_assert_int_eq(atomic_load(&spawner.restarts), 1);
	ck_assert_int_eq(c->state.restart_count, 1);
	ck_assert(bt_container_is_awaiting(c));
}
END_TEST

START_TEST(one_that_is_taken_back_is_neither_made_nor_counted)
{
	struct bt_container *c = lose();

	bt_container_set_awaiting(c, false);
	ck_assert_int_eq(sem_post(&released), 0);
	all_is_done();
	ck_assert_int_eq(asked(), 0);
	ck_assert_int_eq(c->state.restart_count, 0);
	ck_assert_int_eq(c->state.status, BT_CONTAINER_EXITED);
	ck_assert_ptr_null(c->state.error);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, one_that_shares_nothing_is_not_begun_where_its_monitor_could_not);
	tcase_add_test(tests, one_that_shares_is_begun_once_more_where_its_monitor_could_not);
	tcase_add_test(
		tests,
		those_that_wait_are_tried_once_for_each_news_and_their_own_failures_are_none);
	tcase_add_test(tests, who_waits_for_one_that_is_not_begun_gives_up);
	tcase_add_test(
		tests,
		what_follows_a_killed_monitor_comes_after_a_delay_and_is_counted_as_it_begins);
	tcase_add_test(tests, a_restart_that_waits_is_counted_once);
	tcase_add_test(tests, one_that_is_taken_back_is_neither_made_nor_counted);
}

int main(void)
{
	return run_suite("engine/container_revive", setup, teardown, add_tests);
}
