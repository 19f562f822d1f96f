/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_row.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "common.h"
#include "engine/engine_private.h"

static char root[] = "/tmp/berth-test-row-XXXXXX";
static struct bt_engine engine;

static void setup(void)
{
	struct bt_err err = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(root));
	ck_assert_int_eq(bt_db_open(root, &engine.db, &err), 0);
	engine.containers = bt_container_index_create();
}

static void teardown(void)
{
	bt_container_index_destroy(engine.containers);
	bt_db_close(engine.db);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, root), 0);
}

static struct bt_container *new_container(const char *id, const char *name)
{
	struct bt_container *c = bt_container_new(&engine, id);

	c->created_ns = 5;
	c->name = strdup(name);
	c->image_id = strdup("sha256:1");
	c->summary = strdup("{\"Image\":\"x\"}");
	return c;
}

static int insert(struct bt_container *c, struct bt_err *err)
{
	bt_auto_settings struct bt_container_settings s = {
		.config = parse("{'Cmd':['a']}"),
		.host_config = parse("{'Memory':1}"),
		.networking = parse("{'EndpointsConfig':{}}"),
		.mounts = parse("[{'Type':'bind'}]"),
	};

	return bt_container_row_insert(c, &s, err);
}

static int64_t count(const char *sql)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_db_prepare(engine.db, &q, &err, sql), 0);
	ck_assert_int_eq(bt_db_step(&q, &err), 1);
	return bt_db_int(&q, 0);
}

/* The container "aa" as the next daemon knows it. Borrowed from the index. */
static struct bt_container *loaded(void)
{
	struct bt_err err = { 0 };
	struct bt_container *c;

	ck_assert_msg(bt_container_row_load_all(&engine, &err) == 0, "%s", err.msg);
	c = bt_map_get(&engine.containers->by_id, "aa");
	ck_assert_ptr_nonnull(c);
	return c;
}

START_TEST(what_it_was_created_with_is_read_back)
{
	bt_auto_container struct bt_container *c = new_container("aa", "web");
	bt_auto_settings struct bt_container_settings s = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_eq(insert(c, &err), 0);
	ck_assert_int_eq(bt_container_row_settings(c, &s, &err), 0);
	assert_json(s.config, "{'Cmd':['a']}");
	assert_json(s.host_config, "{'Memory':1}");
	assert_json(s.networking, "{'EndpointsConfig':{}}");
	assert_json(s.mounts, "[{'Type':'bind'}]");
}
END_TEST

START_TEST(host_config_can_be_written_anew)
{
	bt_auto_container struct bt_container *c = new_container("aa", "web");
	bt_auto_settings struct bt_container_settings s = { 0 };
	json_auto_t *hc = parse("{'Memory':2}");
	struct bt_err err = { 0 };

	ck_assert_int_eq(insert(c, &err), 0);
	ck_assert_int_eq(bt_container_row_host_config(c, hc, &err), 0);
	ck_assert_int_eq(bt_container_row_settings(c, &s, &err), 0);
	assert_json(s.host_config, "{'Memory':2}");
	assert_json(s.config, "{'Cmd':['a']}");
}
END_TEST

START_TEST(settings_of_one_that_is_not_there_are_not_found)
{
	bt_auto_container struct bt_container *c = new_container("aa", "web");
	struct bt_container_settings s = { 0 };
	struct bt_err err = { 0 };

	ck_assert_int_lt(bt_container_row_settings(c, &s, &err), 0);
	ck_assert_int_eq(err.kind, BT_ERR_NOT_FOUND);
}
END_TEST

START_TEST(every_part_of_the_state_survives)
{
	bt_auto_container struct bt_container *c = new_container("aa", "web");
	const struct bt_container *got;
	struct bt_err err = { 0 };

	c->tty = c->stdin_once = c->has_health = true;
	c->restart = (struct bt_restart){ .policy = BT_RESTART_ON_FAILURE, .max = 3 };
	c->state = (struct bt_container_state){
		.status = BT_CONTAINER_EXITED,
		.pid = 42,
		.exit_code = -1,
		.restart_count = 7,
		.oom_killed = true,
		.remove_volumes = true,
		.started_ns = 1795919766123456789,
		.finished_ns = 1795919767123456789,
		.journal_seq = 11,
		.error = strdup("no \"such\" \\ file\n\xc3\xa9"),
		.networks = strdup("{\"a\":{\"b\":null}}"),
	};
	ck_assert_int_eq(insert(c, &err), 0);
	ck_assert_int_eq(bt_container_row_state(c, &err), 0);
	got = loaded();
	ck_assert_str_eq(got->name, "web");
	ck_assert_str_eq(got->image_id, "sha256:1");
	ck_assert_str_eq(got->summary, "{\"Image\":\"x\"}");
	ck_assert_int_eq(got->created_ns, 5);
	ck_assert(got->tty && got->stdin_once && got->has_health);
	ck_assert(!got->open_stdin && !got->auto_remove);
	ck_assert_int_eq(got->restart.policy, BT_RESTART_ON_FAILURE);
	ck_assert_int_eq(got->restart.max, 3);
	ck_assert_int_eq(got->state.status, BT_CONTAINER_EXITED);
	ck_assert_int_eq(got->state.pid, 42);
	ck_assert_int_eq(got->state.exit_code, -1);
	ck_assert_int_eq(got->state.restart_count, 7);
	ck_assert(got->state.oom_killed && got->state.remove_volumes);
	ck_assert(!got->state.manually_stopped);
	ck_assert_int_eq(got->state.started_ns, 1795919766123456789);
	ck_assert_int_eq(got->state.finished_ns, 1795919767123456789);
	ck_assert_uint_eq(got->state.journal_seq, 11);
	ck_assert_str_eq(got->state.error, c->state.error);
	ck_assert_str_eq(got->state.networks, c->state.networks);
	ck_assert_ptr_null(got->state.health);
}
END_TEST

START_TEST(a_state_that_cannot_be_read_is_that_of_a_created_one)
{
	bt_auto_container struct bt_container *c = new_container("aa", "web");
	struct bt_err err = { 0 };

	ck_assert_int_eq(insert(c, &err), 0);
	ck_assert_int_eq(bt_db_run(engine.db, &err, "UPDATE containers SET state = ?1", 1, "[oops"),
			 0);
	ck_assert_int_eq(loaded()->state.status, BT_CONTAINER_CREATED);
}
END_TEST

START_TEST(a_name_in_use_inserts_nothing_and_lets_the_transaction_go_on)
{
	bt_auto_container struct bt_container *a = new_container("aa", "web");
	bt_auto_container struct bt_container *b = new_container("bb", "web");
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_db_begin(engine.db, &err), 0);
	ck_assert_int_eq(insert(a, &err), 0);
	ck_assert_int_eq(insert(b, &err), -EEXIST);
	ck_assert_int_eq(err.kind, BT_ERR_CONFLICT);
	free(b->name);
	b->name = strdup("other");
	ck_assert_int_eq(insert(b, &err), 0);
	ck_assert_int_eq(bt_db_commit(engine.db, &err), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM containers"), 2);
	ck_assert_int_eq(count("SELECT count(*) FROM container_settings"), 2);
}
END_TEST

START_TEST(a_rename_is_stored)
{
	bt_auto_container struct bt_container *c = new_container("aa", "web");
	struct bt_err err = { 0 };

	ck_assert_int_eq(insert(c, &err), 0);
	ck_assert_int_eq(bt_container_row_name(c, "next", &err), 0);
	ck_assert_str_eq(loaded()->name, "next");
}
END_TEST

START_TEST(deleting_leaves_no_row_of_any_table)
{
	bt_auto_container struct bt_container *c = new_container("aa", "web");
	struct bt_err err = { 0 };

	ck_assert_int_eq(insert(c, &err), 0);
	ck_assert_int_eq(bt_container_row_delete(c, &err), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM containers"), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM container_settings"), 0);
	ck_assert_int_eq(bt_container_row_delete(c, &err), 0);
}
END_TEST

START_TEST(a_thousand_are_loaded_into_the_index)
{
	struct bt_err err = { 0 };

	ck_assert_int_eq(bt_db_begin(engine.db, &err), 0);
	for (int i = 0; i < 1000; i++) {
		char id[16];

		(void)snprintf(id, sizeof(id), "%08x", (unsigned)i);
		bt_auto_container struct bt_container *c = new_container(id, id);
		ck_assert_int_eq(insert(c, &err), 0);
	}
	ck_assert_int_eq(bt_db_commit(engine.db, &err), 0);
	ck_assert_int_eq(bt_container_row_load_all(&engine, &err), 0);
	ck_assert_uint_eq(engine.containers->by_id.used, 1000);
	ck_assert_uint_eq(engine.containers->by_name.used, 1000);
}
END_TEST

START_TEST(an_error_that_is_no_text_is_recorded_with_the_state)
{
	bt_auto_container struct bt_container *c = new_container("aa", "web");
	struct bt_err err = { 0 };
	struct bt_container *again;

	ck_assert_int_eq(insert(c, &err), 0);
	c->state.status = BT_CONTAINER_EXITED;
	c->state.exit_code = 127;
	c->state.error = strdup("no such program caf\xe9");
	ck_assert_msg(bt_container_row_state(c, &err) == 0, "%s", err.msg);
	again = loaded();
	ck_assert_int_eq(again->state.exit_code, 127);
	ck_assert_ptr_nonnull(strstr(again->state.error, "no such program caf"));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, an_error_that_is_no_text_is_recorded_with_the_state);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_it_was_created_with_is_read_back);
	tcase_add_test(tests, host_config_can_be_written_anew);
	tcase_add_test(tests, settings_of_one_that_is_not_there_are_not_found);
	tcase_add_test(tests, every_part_of_the_state_survives);
	tcase_add_test(tests, a_state_that_cannot_be_read_is_that_of_a_created_one);
	tcase_add_test(tests, a_name_in_use_inserts_nothing_and_lets_the_transaction_go_on);
	tcase_add_test(tests, a_rename_is_stored);
	tcase_add_test(tests, deleting_leaves_no_row_of_any_table);
	tcase_add_test(tests, a_thousand_are_loaded_into_the_index);
}

int main(void)
{
	return run_tests("engine/container_row", add);
}
