/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/health.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "stores_fixture.h"

/* No container has a process here: every probe is one that could not be run, which counts as a
 * failure. */

static atomic_int unhealthy;
/* The machine has no room for another thread; how often one was wanted all the same. */
static atomic_bool crowded;
static atomic_int turned_away;

/* In the place of the library's, for this program. */
int pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (atomic_load(&crowded)) {
		atomic_fetch_add(&turned_away, 1);
		return EAGAIN;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	return real(ret, attr, fn, arg);
}

static void note_unhealthy(struct bt_container *container)
{
	(void)container;
	atomic_fetch_add(&unhealthy, 1);
}

static void setup(void)
{
	setup_stores();
	engine.health = bt_health_create(note_unhealthy);
}

static void teardown(void)
{
	bt_health_destroy(engine.health);
	teardown_stores();
}

/* One that is checked, with these times. */
static struct bt_container *add_checked(const char *name, const char *times)
{
	bt_auto_free char *config = bt_str_format("{'Healthcheck':{'Test':['CMD','x']%s}}", times);
	struct bt_container *c = add_recorded(name, config, "{}", "[]");

	c->has_health = true;
	c->state.status = BT_CONTAINER_RUNNING;
	c->state.started_ns = bt_time_now_ns();
	return c;
}

/* State.Health as it is now; the caller releases it. */
static json_t *health_of(struct bt_container *c)
{
	json_t *health;

	pthread_mutex_lock(&c->lock);
	health = c->state.health ? json_loads(c->state.health, 0, NULL) : NULL;
	pthread_mutex_unlock(&c->lock);
	return health;
}

static void assert_status(struct bt_container *c, const char *want)
{
	json_auto_t *health = health_of(c);

	ck_assert_str_eq(json_string_value(json_object_get(health, "Status")), want);
}

/* Wait until this many probes have failed. */
static void await_failures(struct bt_container *c, int n)
{
	json_int_t streak = 0;

	while (streak < n) {
		json_auto_t *health = health_of(c);

		streak = json_integer_value(json_object_get(health, "FailingStreak"));
		usleep(1000);
	}
}

START_TEST(a_fresh_start_is_starting_and_one_that_goes_on_keeps_what_it_was)
{
	struct bt_container *c = add_checked("web", ",'Interval':3600000000000");

	bt_health_begin(c, true);
	assert_status(c, "starting");
	bt_health_end(c);
	assert_status(c, "unhealthy");
	bt_health_begin(c, false);
	assert_status(c, "unhealthy");
	bt_health_begin(c, true);
	assert_status(c, "starting");
}
END_TEST

START_TEST(what_was_found_before_a_fresh_start_stays_to_be_read)
{
	struct bt_container *c = add_checked("web", ",'Interval':3600000000000");
	json_auto_t *health = NULL;

	c->state.health = strdup("{\"Status\":\"unhealthy\",\"FailingStreak\":3,"
				 "\"Log\":[{\"ExitCode\":1,\"Output\":\"why\"}]}");
	bt_health_begin(c, true);
	health = health_of(c);
	assert_json(health, "{'Status':'starting','FailingStreak':0,"
			    "'Log':[{'ExitCode':1,'Output':'why'}]}");
	bt_health_end(c);
}
END_TEST

START_TEST(what_has_no_check_gets_no_health)
{
	struct bt_container *none = add_checked("none", "");

	none->has_health = false;
	bt_health_begin(none, true);
	bt_health_end(none);
	ck_assert_ptr_null(none->state.health);
}
END_TEST

START_TEST(the_end_of_one_that_is_not_checked_changes_nothing)
{
	struct bt_container *c = add_checked("web", "");

	c->state.health = strdup("{\"Status\":\"healthy\"}");
	bt_health_end(c);
	assert_status(c, "healthy");
}
END_TEST

START_TEST(failures_make_it_unhealthy_and_each_further_one_is_told_to_the_engine)
{
	struct bt_container *c = add_checked("web", ",'Interval':1000000,'Retries':2");
	bt_auto_free char *events = NULL;

	bt_health_begin(c, true);
	await_failures(c, 2);
	assert_status(c, "unhealthy");
	while (atomic_load(&unhealthy) < 3)
		usleep(1000);
	bt_health_end(c);
	events = told();
	ck_assert_ptr_nonnull(strstr(events, "container health_status: unhealthy\n"));
	/* But of a status only its change is an event. */
	ck_assert_ptr_null(strstr(strstr(events, "unhealthy") + 1, "unhealthy"));
}
END_TEST

START_TEST(an_interval_that_is_giant_is_not_over_at_once)
{
	struct bt_container *giant = add_checked("giant", ",'Interval':9223372036854775807");
	struct bt_container *quick = add_checked("quick", ",'Interval':1000000,'Retries':100");
	json_auto_t *health = NULL;

	bt_health_begin(giant, true);
	bt_health_begin(quick, true);
	await_failures(quick, 5);
	health = health_of(giant);
	assert_json(json_object_get(health, "Log"), "[]");
}
END_TEST

START_TEST(what_has_ended_is_not_probed_again)
{
	struct bt_container *ended = add_checked("ended", ",'Interval':1000000,'Retries':100");
	struct bt_container *other = add_checked("other", ",'Interval':1000000,'Retries':100");
	json_auto_t *before = NULL, *after = NULL;

	bt_health_begin(ended, true);
	await_failures(ended, 1);
	bt_health_end(ended);
	before = health_of(ended);
	bt_health_begin(other, true);
	await_failures(other, 6);
	after = health_of(ended);
	ck_assert(json_equal(before, after));
}
END_TEST

/* Its thread may be anywhere between the check and its result when the container ends. */
START_TEST(what_a_probe_finds_after_the_end_is_not_kept)
{
	struct bt_container *c = add_checked("web", ",'Interval':1000000,'Retries':100");
	const unsigned refs = atomic_load(&c->refs);

	for (int i = 0; i < 50; i++) {
		json_auto_t *at_end = NULL, *later = NULL;

		bt_health_begin(c, true);
		await_failures(c, 1 + i % 3);
		bt_health_end(c);
		at_end = health_of(c);
		/* With it goes its own reference. */
		while (atomic_load(&c->refs) > refs)
			(void)usleep(100);
		later = health_of(c);
		ck_assert(json_equal(at_end, later));
		ck_assert_str_eq(json_string_value(json_object_get(later, "Status")), "unhealthy");
	}
}
END_TEST

START_TEST(a_probe_that_could_not_be_begun_is_tried_again)
{
	struct bt_container *later = add_checked("later", ",'Interval':3600000000000");
	struct bt_container *c = add_checked("web", ",'Interval':1000000,'Retries':100");

	/* The thread that keeps the time is there, and has nothing else to do. */
	bt_health_begin(later, true);
	atomic_store(&crowded, true);
	bt_health_begin(c, true);
	while (atomic_load(&turned_away) < 3)
		usleep(1000);
	atomic_store(&crowded, false);
	await_failures(c, 1);
}
END_TEST

START_TEST(where_the_time_cannot_be_kept_nothing_is_checked_and_a_later_one_is)
{
	struct bt_container *c = add_checked("web", ",'Interval':1000000,'Retries':100");

	atomic_store(&crowded, true);
	bt_health_begin(c, true);
	assert_status(c, "starting");
	ck_assert_uint_eq(atomic_load(&c->refs), 1);
	atomic_store(&crowded, false);
	bt_health_begin(c, true);
	await_failures(c, 1);
}
END_TEST

START_TEST(a_destroyed_one_waits_for_its_probes_and_gives_containers_back)
{
	for (int i = 0; i < 20; i++) {
		bt_auto_free char *name = bt_str_format("c%d", i);

		bt_health_begin(add_checked(name, ",'Interval':1000000,'Retries':100"), true);
	}
	bt_health_destroy(bt_take(engine.health));
	bt_health_destroy(NULL);
	for (int i = 1; i <= 20; i++) {
		bt_auto_free char *name = bt_str_format("c%d", i - 1);
		bt_auto_container struct bt_container *c = NULL;

		ck_well(bt_container_get(&engine, name, &c, &err), &err);
		ck_assert_uint_eq(atomic_load(&c->refs), 2);
	}
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_fresh_start_is_starting_and_one_that_goes_on_keeps_what_it_was);
	tcase_add_test(tests, what_was_found_before_a_fresh_start_stays_to_be_read);
	tcase_add_test(tests, what_has_no_check_gets_no_health);
	tcase_add_test(tests, the_end_of_one_that_is_not_checked_changes_nothing);
	tcase_add_test(tests,
		       failures_make_it_unhealthy_and_each_further_one_is_told_to_the_engine);
	tcase_add_test(tests, an_interval_that_is_giant_is_not_over_at_once);
	tcase_add_test(tests, what_has_ended_is_not_probed_again);
	tcase_add_test(tests, what_a_probe_finds_after_the_end_is_not_kept);
	tcase_add_test(tests, a_probe_that_could_not_be_begun_is_tried_again);
	tcase_add_test(tests, where_the_time_cannot_be_kept_nothing_is_checked_and_a_later_one_is);
	tcase_add_test(tests, a_destroyed_one_waits_for_its_probes_and_gives_containers_back);
}

int main(void)
{
	return run_suite("engine/health", setup, teardown, add);
}
