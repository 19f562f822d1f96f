/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_start.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>

#include "codec/json.h"
#include "engine/container_apply.h"
#include "engine/container_create.h"
#include "engine/network_private.h"
#include "engine/seccomp_cache.h"
#include "link_fixture.h"
#include "lives_fixture.h"

/* Without networks of its own: it shares those of another one that "runs" as the test. */
#define SHARED "'NetworkMode':'container:other','IpcMode':'none'"

static struct bt_networks nets; /* there are none */

static struct bt_container *create(const char *name, const char *config, const char *host_config)
{
	bt_auto_free char *text =
		bt_str_format("{'Cmd':['true']%s,'HostConfig':{%s}}", config, host_config);
	json_auto_t *body = parse(text), *answer = NULL;
	struct bt_container *c = NULL;

	ck_well(bt_container_create(&engine, name, NULL, body, &answer, &err), &err);
	ck_well(bt_container_get(&engine, name, &c, &err), &err);
	bt_container_unref(c); /* the index has it */
	return c;
}

static void setup(void)
{
	struct bt_container *other;

	/* What is mounted for a container goes with the test. */
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	setup_lives();
	ck_well(bt_links_open(&bt_container_apply_events, &engine.links, &err), &err);
	ck_well(bt_seccomp_cache_create("unconfined", &engine.seccomp, &err), &err);
	nets = (struct bt_networks){ .engine = &engine, .db = engine.db };
	bt_list_init(&nets.list);
	ck_assert_int_eq(pthread_mutex_init(&nets.lock, NULL), 0);
	other = create("other", "", "'NetworkMode':'none'");
	set_status(other, BT_CONTAINER_RUNNING);
	other->state.pid = getpid();
}

static void teardown(void)
{
	close_links();
	bt_seccomp_cache_destroy(engine.seccomp);
	teardown_lives();
}

static int start(const char *ref)
{
	err = (struct bt_err){ 0 };
	return bt_container_start(&engine, ref, NULL, &err);
}

/* Start with a spawner that does so. Its `asked` and `control` are the caller's then. */
static int start_with(const char *ref, struct spawner *s)
{
	const bool runs = s->says && strstr(s->says, "'started'");
	int ends[2], r;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	s->fd = ends[1];
	s->control = -EBADF;
	engine.cfg.spawner_fd = ends[0];
	ck_assert_int_eq(pthread_create(&s->thread, NULL, play_spawner, s), 0);
	/* Once it runs it is asked for the ports that are published. */
	engine.networks = runs ? &nets : NULL;
	r = start(ref);
	engine.networks = NULL;
	engine.cfg.spawner_fd = -EBADF;
	ck_assert_int_eq(pthread_join(s->thread, NULL), 0);
	bt_close(&ends[0]);
	bt_close(&ends[1]);
	return r;
}

static void spawner_done(struct spawner *s)
{
	json_decref(s->asked);
	bt_close(&s->control);
}

/* It has ended: its monitor has nothing more to tell, and nobody starts it again. */
static void set_ended(struct bt_container *c)
{
	bt_auto_lock(held, &c->lock);

	c->state.status = BT_CONTAINER_EXITED;
	c->state.pid = 0;
}

/* It did not start, and that stands in its state. */
static void check_failed(struct bt_container *c, const char *words)
{
	ck_assert_int_eq(c->state.status, BT_CONTAINER_CREATED);
	ck_assert_int_eq(c->state.pid, 0);
	ck_assert_ptr_nonnull(c->state.error);
	ck_assert_msg(strstr(c->state.error, words) != NULL, "%s", c->state.error);
	ck_assert_int_ne(c->state.exit_code, 0);
	ck_assert_ptr_null(c->state.networks);
	ck_assert_ptr_null(c->link);
}

/* ---- what is refused ------------------------------------------------------------------------ */

START_TEST(what_is_not_there_is_not_started)
{
	ck_assert_int_lt(start("nobody"), 0);
	check_err(&err, BT_ERR_NOT_FOUND, "No such container: nobody");
}
END_TEST

START_TEST(what_cannot_start_in_its_state_is_refused_and_stays_in_it)
{
	static const struct {
		enum bt_container_status status;
		const char *words;
	} cases[] = {
		{ BT_CONTAINER_PAUSED, "cannot start a paused container, try unpause instead" },
		{ BT_CONTAINER_REMOVING, "marked for removal and cannot be started" },
		{ BT_CONTAINER_DEAD, "marked for removal and cannot be started" },
	};
	struct bt_container *c = create("web", "", SHARED);

	for (size_t i = 0; i < LENGTH(cases); i++) {
		set_status(c, cases[i].status);
		ck_assert_int_lt(start("web"), 0);
		check_err(&err, BT_ERR_CONFLICT, cases[i].words);
		ck_assert_int_eq(c->state.status, cases[i].status);
		/* Nobody tried, and nothing failed. */
		ck_assert_ptr_null(c->state.error);
		ck_assert_int_eq(c->state.exit_code, 0);
	}
}
END_TEST

START_TEST(what_runs_or_will_is_not_started_again)
{
	struct bt_container *c = create("web", "", SHARED);

	set_status(c, BT_CONTAINER_RUNNING);
	ck_assert_int_eq(start("web"), 1);
	set_status(c, BT_CONTAINER_RESTARTING);
	ck_assert_int_eq(start("web"), 1);
}
END_TEST

/* ---- what fails before anybody is asked -------------------------------------------------------
 */

START_TEST(whose_namespaces_it_joins_must_run)
{
	struct bt_container *c = create("web", "", SHARED);
	struct bt_container *ipc =
		create("ipc", "", "'NetworkMode':'container:other','IpcMode':'container:web'");

	ck_assert_int_lt(start("ipc"), 0);
	check_err(&err, BT_ERR_CONFLICT, "cannot join IPC of a non running container");
	check_failed(ipc, "cannot join IPC of a non running container");
	bt_auto_container struct bt_container *other = NULL;

	ck_well(bt_container_get(&engine, "other", &other, &err), &err);
	set_status(other, BT_CONTAINER_EXITED);
	ck_assert_int_lt(start("web"), 0);
	check_err(&err, BT_ERR_CONFLICT, "cannot join network of a non running container");
	check_failed(c, "cannot join network of a non running container");
}
END_TEST

START_TEST(a_user_that_its_root_does_not_have_is_named)
{
	struct bt_container *c = create("web", ",'User':'nobody-here'", SHARED);

	ck_assert_int_lt(start("web"), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "nobody-here"));
	check_failed(c, "nobody-here");
}
END_TEST

START_TEST(a_source_that_went_since_is_named)
{
	bt_auto_free char *source = bt_str_format("%s/source", root);
	bt_auto_free char *host_config = bt_str_format(
		SHARED ",'Mounts':[{'Type':'bind','Source':'%s','Target':'/data'}]", source);
	struct bt_container *c;

	ck_assert_int_eq(bt_io_mkdir_p(source, 0700), 0);
	c = create("web", "", host_config);
	ck_assert_int_eq(rmdir(source), 0);
	ck_assert_int_lt(start("web"), 0);
	check_err(&err, BT_ERR_INVALID, "bind source path does not exist");
	check_failed(c, "bind source path does not exist");
	ck_assert_int_eq(access(source, F_OK), -1);
}
END_TEST

START_TEST(one_that_removes_itself_goes_where_it_did_not_start)
{
	bt_auto_container struct bt_container *c = bt_container_ref(
		create("web", ",'User':'nobody-here'", SHARED ",'AutoRemove':true"));

	ck_assert_int_lt(start("web"), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "nobody-here"));
	ck_assert(!is_there("web"));
	ck_assert(!has_dir(c->id));
}
END_TEST

/* ---- what the monitor is asked for
 * --------------------------------------------------------------- */

START_TEST(a_start_asks_for_a_monitor_of_what_the_container_is)
{
	struct bt_container *c =
		create("web", ",'Tty':true,'OpenStdin':true,'StopSignal':'SIGINT','StopTimeout':33",
		       SHARED ",'RestartPolicy':{'Name':'on-failure','MaximumRetryCount':4},"
			      "'LogConfig':{'Type':'json-file','Config':{'max-size':'1k',"
			      "'max-file':'3'}}");
	struct spawner s = { .says = "{'ev':'started','seq':1,'pid':4194304,'at':5}" };
	bt_auto_free char *journal = bt_container_files_journal(&engine, c->id);
	bt_auto_free char *log = bt_container_files_log(&engine, c->id);
	bt_auto_free char *dir = bt_container_files_run_dir(&engine, c->id);

	ck_well(start_with("web", &s), &err);
	ck_assert_int_eq(c->state.status, BT_CONTAINER_RUNNING);
	ck_assert_int_eq(c->state.pid, 4194304);
	ck_assert_str_eq(bt_json_str(s.asked, "id", ""), c->id);
	ck_assert_str_eq(bt_json_str(s.asked, "dir", ""), dir);
	ck_assert_str_eq(bt_json_str(s.asked, "journal", ""), journal);
	ck_assert_str_eq(bt_json_str(s.asked, "log_path", ""), log);
	ck_assert_int_eq(bt_json_i64(s.asked, "log_max_size", 0), 1024);
	ck_assert_int_eq(bt_json_i64(s.asked, "log_max_file", 0), 3);
	ck_assert(bt_json_bool(s.asked, "tty", false));
	ck_assert(bt_json_bool(s.asked, "open_stdin", false));
	ck_assert_int_eq(bt_json_i64(s.asked, "stop_signal", 0), 2);
	ck_assert_int_eq(bt_json_i64(s.asked, "stop_timeout", 0), 33);
	assert_json(json_object_get(s.asked, "restart"), "{'policy':'on-failure','max':4}");
	ck_assert_int_eq(access(dir, F_OK), 0);
	set_ended(c);
	spawner_done(&s);
}
END_TEST

START_TEST(what_it_could_not_do_is_said_in_the_words_that_clients_look_for)
{
	struct bt_container *c = create("web", "", SHARED);
	struct spawner s = {
		.says = "{'ev':'start-failed','seq':1,'at':5,'code':127,'final':true,'error':"
			"{'kind':1,'errnum':2,'msg':'exec: true: executable file not found'}}",
	};

	ck_assert_int_eq(start_with("web", &s), -ENOENT);
	check_err(&err, err.kind, "OCI runtime create failed");
	check_err(&err, err.kind, "exec: true: executable file not found");
	spawner_done(&s);
	while (c->link)
		(void)sched_yield();
	check_failed(c, "executable file not found");
	ck_assert_int_eq(c->state.exit_code, 127);
}
END_TEST

START_TEST(a_spawner_that_cannot_leaves_it_as_it_was_and_the_next_start_forgets_that)
{
	struct bt_container *c = create("web", "", SHARED);
	struct spawner s = { .answer = "{'error':{'kind':1,'errnum':12,'msg':'no room'}}" };
	struct spawner again = { .says = "{'ev':'started','seq':1,'pid':4194304,'at':5}" };

	ck_assert_int_eq(start_with("web", &s), -ENOMEM);
	check_err(&err, err.kind, "no room");
	check_failed(c, "no room");
	spawner_done(&s);
	ck_well(start_with("web", &again), &err);
	ck_assert_int_eq(c->state.status, BT_CONTAINER_RUNNING);
	ck_assert_ptr_null(c->state.error);
	ck_assert_int_eq(c->state.exit_code, 0);
	set_ended(c);
	spawner_done(&again);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, what_is_not_there_is_not_started);
	tcase_add_test(tests, what_cannot_start_in_its_state_is_refused_and_stays_in_it);
	tcase_add_test(tests, what_runs_or_will_is_not_started_again);
	tcase_add_test(tests, whose_namespaces_it_joins_must_run);
	tcase_add_test(tests, a_user_that_its_root_does_not_have_is_named);
	tcase_add_test(tests, a_source_that_went_since_is_named);
	tcase_add_test(tests, one_that_removes_itself_goes_where_it_did_not_start);
	tcase_add_test(tests, a_start_asks_for_a_monitor_of_what_the_container_is);
	tcase_add_test(tests, what_it_could_not_do_is_said_in_the_words_that_clients_look_for);
	tcase_add_test(tests,
		       a_spawner_that_cannot_leaves_it_as_it_was_and_the_next_start_forgets_that);
}

int main(void)
{
	return run_suite("engine/container_start", setup, teardown, add_tests);
}
