/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_ENGINE_FIXTURE_H
#define BT_TESTS_ENGINE_FIXTURE_H

/*
 * An engine of a database and an index of containers in a directory of the test's
 * own, with the containers that the test makes: rows and all, but no processes.
 */

#include <fcntl.h>
#include <stdio.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/io.h"
#include "common.h"
#include "engine/container.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/events.h"
#include "engine/events_private.h"
#include "engine/volume_claim.h"

static struct bt_engine engine;
static struct bt_err err;
static char dir[] = "/tmp/berth-engine-test.XXXXXX";

static inline void open_database(void)
{
	ck_well(bt_db_open(dir, &engine.db, &err), &err);
}

static inline void setup_engine(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	open_database();
	engine.containers = bt_container_index_create();
	ck_assert_ptr_nonnull(engine.containers);
	engine.events = bt_events_create();
	ck_assert_ptr_nonnull(engine.events);
	engine.volume_claims = bt_volume_claims_create();
	ck_assert_ptr_nonnull(engine.volume_claims);
	engine.cfg.data_root = dir;
}

static inline void teardown_engine(void)
{
	bt_container_index_destroy(bt_take(engine.containers));
	bt_events_destroy(bt_take(engine.events));
	bt_volume_claims_destroy(bt_take(engine.volume_claims));
	bt_db_close(bt_take(engine.db));
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, dir), 0);
}

/** A container with its rows, in the index; borrowed from there. `host_config` and `networking`
 * are JSON with single quotes. */
static inline struct bt_container *add_container(const char *id, const char *name,
						 const char *host_config, const char *networking)
{
	bt_auto_settings struct bt_container_settings s = {
		.config = parse("{'Labels':{}}"),
		.host_config = parse(host_config),
		.networking = parse(networking),
		.mounts = parse("[]"),
	};
	struct bt_container *c = bt_container_new(&engine, id);

	c->name = strdup(name);
	c->image_id = strdup("sha256:1");
	c->summary = strdup("{}");
	ck_well(bt_container_row_insert(c, &s, &err), &err);
	ck_well(bt_container_index_add(&engine, c, &err), &err);
	bt_container_unref(c);
	return c;
}

/** The first column of the first row of a statement, -1 where there is none. */
static inline int64_t sql_int(const char *sql)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };

	ck_well(bt_db_prepare(engine.db, &q, &err, sql), &err);
	return bt_db_step(&q, &err) > 0 ? bt_db_int(&q, 0) : -1;
}

/** Run a statement that answers nothing. */
static inline void sql_run(const char *sql)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };

	ck_well(bt_db_prepare(engine.db, &q, &err, sql), &err);
	ck_well(bt_db_step(&q, &err), &err);
}

/** What happened since the last time, as "type action id" separated by commas; the id's first 12
 * bytes. Borrowed until the next call. */
static inline const char *events_since(struct bt_events_follower **follower)
{
	static char text[1024];
	bt_auto_free char *line = NULL;

	text[0] = '\0';
	while (*follower && bt_events_next(*follower, &line) > 0) {
		json_auto_t *event = json_loads(line, 0, NULL);
		const json_t *actor = json_object_get(event, "Actor");

		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %s %.12s",
			       text[0] ? "," : "",
			       json_string_value(json_object_get(event, "Type")),
			       json_string_value(json_object_get(event, "Action")),
			       json_string_value(json_object_get(actor, "ID")));
		free(bt_take(line));
	}
	if (!*follower)
		ck_well(bt_events_follow(&engine, 0, 0, NULL, follower, &err), &err);
	return text;
}

#endif
