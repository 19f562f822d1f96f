/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_ENGINE_H
#define BT_ENGINE_ENGINE_H

/*
 * The engine: containers, execs, images, networks, volumes, events, behind one
 * handle. It knows nothing of HTTP. Any thread may call; calls may block on
 * the kernel, never on another container.
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "monitor/protocol.h"

struct bt_engine;
struct bt_images;

/** The daemon's configuration, from flags and daemon.json; strings borrowed for the engine's
 * life. */
struct bt_engine_config {
	const char *data_root, *exec_root;
	const char *bridge;        /* name of the default bridge; "none": no default network */
	const char *bip;           /* its address with prefix, "172.17.0.1/16", or NULL: chosen */
	const char *cgroup_parent; /* NULL: "/docker" */
	const char *log_driver;    /* NULL: "json-file" */
	const json_t *log_opts;    /* object, or NULL */
	const json_t *default_ulimits; /* object name → {Name,Soft,Hard}, or NULL */
	const json_t *labels;          /* array of "k=v", or NULL */
	const json_t *insecure_registries, *registry_mirrors; /* arrays, or NULL */
	const json_t *runtimes; /* object name → {path, runtimeArgs}, or NULL */
	const char *default_runtime;
	const char *init_path; /* of berth-init; NULL: there is none */
	bool init;             /* containers that do not say get one */
	bool no_new_privileges;
	int shutdown_timeout;
	int spawner_fd; /* connection to the spawner, owned by the engine from now on */
};

/** Open everything under the roots, take up living containers, sweep what crashes left. */
bt_nodiscard int bt_engine_open(const struct bt_engine_config *cfg, struct bt_engine **ret,
				struct bt_err *err);
/** Start what restart policies want started; after the API serves. */
void bt_engine_autostart(struct bt_engine *engine);
/** Close; containers go on. NULL is fine. */
void bt_engine_close(struct bt_engine *engine);

/** The images, for handlers that need nothing else; borrowed. */
struct bt_images *bt_engine_images(struct bt_engine *engine);

#endif
