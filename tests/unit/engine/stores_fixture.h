/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_STORES_FIXTURE_H
#define BT_TESTS_STORES_FIXTURE_H

/*
 * An engine of stores, containers, execs and events in a directory of the test's
 * own: what the files need that ask the database or the index. There are no
 * networks, and no container has a monitor.
 */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/filters.h"
#include "common.h"
#include "engine/container.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/events.h"
#include "engine/events_private.h"
#include "engine/exec_events.h"

#define IMAGE "sha256:00000000000000000000000000000000000000000000000000000000000000aa"

static char root[] = "/tmp/berth-test-engine-XXXXXX";
static struct bt_engine engine;
static struct bt_err err;
static int64_t made; /* containers so far */

static inline void setup_stores(void)
{
	ck_assert_ptr_nonnull(mkdtemp(root));
	engine.cfg.data_root = engine.cfg.exec_root = root;
	ck_well(bt_db_open(root, &engine.db, &err), &err);
	ck_well(bt_layers_open(root, engine.db, &engine.layers, &err), &err);
	ck_well(bt_images_open(root, engine.db, engine.layers, &engine.images, &err), &err);
	ck_well(bt_live_config_init(&engine.live, &engine.cfg, &err), &err);
	engine.containers = bt_container_index_create();
	engine.events = bt_events_create();
	engine.execs = bt_exec_table_create(root);
}

static inline void teardown_stores(void)
{
	bt_container_index_destroy(engine.containers);
	bt_exec_table_destroy(engine.execs);
	bt_images_close(engine.images);
	bt_layers_close(engine.layers);
	bt_db_close(engine.db);
	bt_events_destroy(engine.events);
	bt_live_config_done(&engine.live);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, root), 0);
}

/** A container in no index, of one reference. Each has an id of its own, "000…1" for the first,
 * and is a second younger than the one before. */
static inline struct bt_container *new_container(const char *name, const char *summary)
{
	char id[BT_RAND_ID_LEN + 1];
	struct bt_container *c;

	(void)snprintf(id, sizeof(id), "%064d", (int)++made);
	c = bt_container_new(&engine, id);
	c->created_ns = made * BT_TIME_NSEC_PER_SEC;
	c->name = strdup(name);
	c->image_id = strdup(IMAGE);
	c->summary = strdup(summary);
	return c;
}

/** One in the index alone, not in the database. Borrowed from the index. */
static inline struct bt_container *add_container(const char *name, const char *summary)
{
	bt_auto_container struct bt_container *c = new_container(name, summary);

	ck_well(bt_container_index_add(&engine, c, &err), &err);
	return c;
}

/** One in the index and in the database, where the arguments (JSON in single quotes) are what it
 * was created with. Borrowed from the index. */
static inline struct bt_container *add_recorded(const char *name, const char *config,
						const char *host_config, const char *mounts)
{
	struct bt_container *c = add_container(name, "{\"Image\":\"x\"}");
	bt_auto_settings struct bt_container_settings s = { .config = parse(config),
							    .host_config = parse(host_config),
							    .networking = json_object(),
							    .mounts = parse(mounts) };

	ck_well(bt_container_row_insert(c, &s, &err), &err);
	return c;
}

static inline void filters_destroyp(struct bt_filters **p)
{
	bt_filters_destroy(*p);
}
#define bt_auto_filters bt_auto(filters_destroyp)

/** Filters of JSON in single quotes. The caller destroys them. */
static inline struct bt_filters *make_filters(const char *text)
{
	json_auto_t *json = parse(text);
	bt_auto_free char *dump = json_dumps(json, 0);
	struct bt_filters *filters = NULL;

	ck_well(bt_filters_parse(dump, &filters, &err), &err);
	return filters;
}

/** Every event so far, as "type action" in lines. Owned, free(). */
static inline char *told(void)
{
	bt_auto_str struct bt_str out = { 0 };
	struct bt_events_follower *follower = NULL;
	char *text = NULL;

	ck_well(bt_events_follow(&engine, 1, bt_time_now_ns(), NULL, &follower, &err), &err);
	while (bt_events_next(follower, &text) > 0) {
		json_auto_t *event = json_loads(text, 0, NULL);

		bt_str_printf(&out, "%s %s\n", json_string_value(json_object_get(event, "Type")),
			      json_string_value(json_object_get(event, "Action")));
		free(text);
	}
	bt_events_close(follower);
	return strdup(out.p ? out.p : "");
}

#endif
