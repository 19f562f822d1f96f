/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_PREPARE_H
#define BT_ENGINE_CONTAINER_PREPARE_H

/*
 * What a run of a container needs, made one after another and released as one: whom
 * it joins, its root, mounts, user, networks, files and labels, and last of all the
 * specification that says so to the runtime. Nothing runs yet.
 */

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"
#include "engine/container_row.h"
#include "engine/container_userns.h"
#include "engine/live_config.h"
#include "engine/log_options.h"
#include "engine/network.h"
#include "engine/user_lookup.h"

/** Everything but the container is owned. */
struct bt_container_prepared {
	struct bt_container *container; /* borrowed */
	struct bt_live_config *live;    /* as of its begin */
	struct bt_container_settings settings;
	struct bt_network_attachment net;
	struct bt_user user;
	struct bt_container_userns userns;
	pid_t ipc_pid, pid_pid, net_pid; /* whom it joins; 0: nobody */
	int rootfs, spec, seccomp;
	char *run_dir, *journal, *log_path, *files_dir, *bundle, *shm;
	struct bt_log_options log;
};

/** Nothing is made. */
void bt_container_prepare_init(struct bt_container_prepared *prepared,
			       struct bt_container *container);
/** Release it. What was attached and mounted for the container stays: bt_network_detach() and
 * bt_container_mounts_release() take it back. */
void bt_container_prepare_done(struct bt_container_prepared *prepared);

/** Make all of it. The container's `op` is held. After an error part of it is there. */
bt_nodiscard int bt_container_prepare(struct bt_container_prepared *prepared, struct bt_err *err);

/** The program of another runtime (borrowed), NULL for our own. */
const char *bt_container_prepare_runtime(const struct bt_container_prepared *prepared);

#endif
