/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_ENGINE_PRIVATE_H
#define BT_ENGINE_ENGINE_PRIVATE_H

/*
 * What the files of this folder share: the parts of the engine. Nobody outside
 * engine/ includes this. The pointers are set by bt_engine_open() in the order
 * of their declaration and never change until bt_engine_close(), so that they
 * are read without a lock.
 */

#include <stdatomic.h>

#include "base/attr.h"
#include "engine/engine_config.h"
#include "engine/live_config.h"
#include "image/images.h"
#include "store/db.h"
#include "store/layers.h"
#include "sys/cgroup.h"

struct bt_container_index;
struct bt_events;
struct bt_networks;
struct bt_remap;
struct bt_links;
struct bt_execs;
struct bt_health;
struct bt_seccomp_cache;
struct bt_selinux;
struct bt_volume_claims;
struct bt_volume_mounts;

struct bt_engine {
	struct bt_engine_config cfg; /* what never changes: engine/live_config.h */
	struct bt_live live;         /* and what may */
	const char *cgroup_parent;   /* never NULL: cfg's, or Docker's default */
	char id[37];                 /* of this engine, as `info` shows it; kept in the data root */
	struct bt_cgroup_host cgroups;
	struct bt_events *events;
	struct bt_db *db;
	struct bt_layers *layers;
	struct bt_images *images;
	struct bt_remap *remap;     /* NULL: containers have the host's ids */
	struct bt_selinux *selinux; /* NULL: containers get no labels */
	struct bt_container_index *containers;
	struct bt_execs *execs;
	struct bt_health *health;
	struct bt_seccomp_cache *seccomp;
	struct bt_volume_claims *volume_claims;
	struct bt_volume_mounts *volume_mounts;
	struct bt_links *links; /* connections to the monitors, and their thread */
	struct bt_networks *networks;
	atomic_uint awaiting; /* containers whose `awaiting` is set; changes at any time */
};

#endif
