/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_SPEC_H
#define BT_ENGINE_SPEC_H

/*
 * Config and HostConfig as an OCI runtime specification, with Docker's defaults.
 * Pure translation: what has to be looked up (users, pids of other containers,
 * paths of volumes) comes in resolved. The parts live in spec_mounts.c,
 * spec_resources.c, spec_security.c and spec_devices.c.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/container_userns.h"
#include "engine/spec_security.h"
#include "engine/user_lookup.h"

/** Everything is borrowed for the time of the call. */
struct bt_spec_request {
	const char *id;
	const json_t *config, *host_config;      /* as inspect shows them */
	const json_t *mounts;                    /* array of mount points (engine/mounts.h) */
	const char *files_dir;                   /* <data-root>/containers/<id> */
	const char *shm;                         /* what is bound at /dev/shm, NULL: its own */
	const char *cgroup_parent;               /* the daemon's; HostConfig's goes before */
	bool systemd_cgroup;                     /* systemd's driver keeps it */
	const json_t *default_ulimits;           /* object name → {Name,Soft,Hard}, or NULL */
	struct bt_spec_security security;        /* the daemon's */
	const char *init_path;                   /* bound in and run first, or NULL */
	const char *process_label, *mount_label; /* of SELinux, or NULL */
	const struct bt_user *user;
	const struct bt_container_userns *userns;
	bool host_network;
	pid_t net_pid, ipc_pid, pid_pid; /* whose namespaces are joined, 0: none */
};

/** Where an init is in the container: where Docker has it, since scripts look for it. */
#define BT_SPEC_INIT "/sbin/docker-init"

/** The specification as a new tree. INVALID where a device, a capability or another value cannot
 * be had; the message says which. */
bt_nodiscard int bt_spec_build(const struct bt_spec_request *req, json_t **ret, struct bt_err *err);

/** linux.cgroupsPath: HostConfig.CgroupParent, or the daemon's, and the id behind; in the form of
 * runtime/systemd_unit.h where systemd's driver keeps the group. Owned; NULL without memory. */
char *bt_spec_cgroup_path(const json_t *hc, const char *daemon_parent, bool systemd,
			  const char *id);

/** The environment of the container's processes: Docker's own variables, then `env` (array or
 * null), which wins. A new array, or NULL without memory. */
json_t *bt_spec_env(const json_t *config, const json_t *env, bool tty, const char *home);

#endif
