/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_LIVES_FIXTURE_H
#define BT_TESTS_LIVES_FIXTURE_H

/*
 * The stores, and what containers need besides to be made, found again and removed: directories,
 * control groups of the test's own, and volumes.
 */

#include "engine/container_files.h"
#include "engine/volume_claim.h"
#include "engine/volume_mount.h"
#include "stores_fixture.h"

static inline void setup_lives(void)
{
	bt_auto_free char *containers = NULL;

	setup_stores();
	containers = bt_str_format("%s/containers", root);
	ck_assert_int_eq(bt_io_mkdir_p(containers, 0700), 0);
	engine.cgroup_parent = "/berth-unit-test";
	ck_assert_int_eq(bt_cgroup_host_open(&engine.cgroups), 0);
	engine.volume_mounts = bt_volume_mounts_create();
	engine.volume_claims = bt_volume_claims_create();
	ck_assert(engine.volume_mounts && engine.volume_claims);
}

static inline void teardown_lives(void)
{
	bt_volume_claims_destroy(engine.volume_claims);
	bt_volume_mounts_destroy(engine.volume_mounts);
	bt_cgroup_host_done(&engine.cgroups);
	teardown_stores();
}

/** Is it found in the index? */
static inline bool is_there(const char *ref)
{
	bt_auto_container struct bt_container *c = NULL;

	return bt_container_get(&engine, ref, &c, BT_ERR_IGNORED) == 0;
}

/** Is its directory there? */
static inline bool has_dir(const char *id)
{
	bt_auto_free char *path = bt_container_files_path(&engine, id, NULL);

	return access(path, F_OK) == 0;
}

/** The first column of the first row of a query. */
static inline int64_t query_int(const char *sql)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };

	ck_well(bt_db_prepare(engine.db, &q, &err, sql), &err);
	ck_assert_int_eq(bt_db_step(&q, &err), 1);
	return bt_db_int(&q, 0);
}

#endif
