/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_ENGINE_CONFIG_H
#define BT_ENGINE_ENGINE_CONFIG_H

/*
 * What the engine is told when it is opened.
 */

#include <jansson.h>
#include <stdbool.h>

/** The daemon's configuration, from flags and daemon.json; strings borrowed for the engine's
 * life. */
struct bt_engine_config {
	const char *data_root, *exec_root;
	const char *bridge;        /* name of the default bridge; "none": no default network */
	const char *bip;           /* its address with prefix, "172.17.0.1/16", or NULL: chosen */
	const char *cgroup_parent; /* NULL: "/docker" */
	const char *log_driver;    /* NULL: "json-file" */
	const json_t *log_opts;    /* object, or NULL */
	const json_t *default_ulimits;     /* object name → {Name,Soft,Hard}, or NULL */
	const json_t *labels;              /* array of "k=v", or NULL */
	const json_t *insecure_registries; /* array, or NULL */
	const json_t *registry_mirrors;    /* array, or object of arrays by registry, or NULL */
	const char *http_proxy, *https_proxy, *no_proxy; /* NULL: as the environment says */
	const json_t *runtimes; /* object name → {path, runtimeArgs}, or NULL */
	const char *default_runtime;
	const char *init_path; /* of berth-init; NULL: there is none */
	bool init;             /* containers that do not say get one */
	bool no_new_privileges;
	bool apparmor; /* enforced here, and its default profile is loaded */
	int shutdown_timeout;
	int spawner_fd; /* connection to the spawner, owned by the engine from now on */
};

#endif
