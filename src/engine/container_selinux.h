/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_SELINUX_H
#define BT_ENGINE_CONTAINER_SELINUX_H

/*
 * What SELinux means in a container's life: its labels are made when it is created and
 * stay in its row; a start labels what is mounted into it; its pair of categories is
 * its own until it is gone.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container.h"
#include "engine/container_row.h"

struct bt_engine;

/** Append to HostConfig.SecurityOpt what other fields mean for labels, as Docker does where the
 * option is not given: "label=disable" for a privileged container or one with the host's
 * processes or IPC; the label of the container whose IPC or processes it joins. INVALID where
 * those are two with different labels. */
bt_nodiscard int bt_container_selinux_join(struct bt_engine *engine, json_t *host_config,
					   struct bt_err *err);

/** Make the labels of a new container, in `settings->labels`, and the pair that it holds. */
bt_nodiscard int bt_container_selinux_init(struct bt_container *container,
					   struct bt_container_settings *settings,
					   struct bt_err *err);

/** The label of its processes, borrowed; NULL where they have none, as those of a privileged
 * container. */
const char *bt_container_selinux_process(const struct bt_container_settings *settings);
/** The label of its files, borrowed; NULL where they have none. */
const char *bt_container_selinux_mount(const struct bt_container_settings *settings);

/** Label the volumes, the binds with z or Z, and the files of its own (hosts, hostname,
 * resolv.conf) for a start. */
bt_nodiscard int bt_container_selinux_relabel(struct bt_container *container,
					      const struct bt_container_settings *settings,
					      struct bt_err *err);

/** Hold the pairs of all containers that an earlier daemon made. */
void bt_container_selinux_restore(struct bt_engine *engine);

#endif
