/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_NETWORK_H
#define BT_ENGINE_NETWORK_H

/*
 * Networks as Docker models them, kept in the database; carried out by net/.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

struct bt_container;
struct bt_engine;

struct bt_filters;
struct bt_networks;
struct bt_sandbox_owner;

/** Open: read the networks, make the default bridge and its rules. */
bt_nodiscard int bt_network_open(struct bt_engine *engine, struct bt_networks **ret,
				 struct bt_err *err);
/** Close. Bridges and rules stay where containers live on them. NULL is fine. */
void bt_network_close(struct bt_networks *networks);

/** What a started container got. */
struct bt_network_attachment {
	int netns_fd;   /* owned, or -EBADF: host, or another container's by `join_pid` */
	pid_t join_pid; /* container:X; else 0 */
	bool host;
	json_t *settings; /* NetworkSettings.Networks as inspect shows it (owned) */
	json_t *dns;      /* array of name servers for resolv.conf, NULL: the host's (owned) */
	char *address;    /* of the first interface, for hosts; NULL: none (owned) */
};
/** Give a container its namespace and addresses by HostConfig.NetworkMode and
 * NetworkingConfig.EndpointsConfig; of Config its host name, labels and exposed ports count.
 * Addresses are in the database before this returns.
 *
 * @owner: whose the namespace is (net/sandbox.h), NULL: ours. */
bt_nodiscard int bt_network_attach(struct bt_engine *engine, const char *container_id,
				   const json_t *config, const json_t *host_config,
				   const json_t *networking, const struct bt_sandbox_owner *owner,
				   struct bt_network_attachment *ret, struct bt_err *err);
/** Give the addresses back; idempotent. The namespace goes with its last descriptor. */
void bt_network_detach(struct bt_engine *engine, const char *container_id);
/** Give back the addresses of containers that are gone or do not run, and answer the questions of
 * those that do: after a start of the daemon, when it knows which ones live. */
void bt_network_sweep(struct bt_engine *engine);
/** Release what it owns. */
void bt_network_attachment_done(struct bt_network_attachment *attachment);

/** GET /networks: an array as text, appended to `out`. */
bt_nodiscard int bt_network_list(struct bt_engine *engine, const struct bt_filters *filters,
				 struct bt_str *out, struct bt_err *err);
/** GET /networks/{id}: an object (owned). NOT_FOUND where there is none. */
bt_nodiscard int bt_network_inspect(struct bt_engine *engine, const char *ref, json_t **ret,
				    struct bt_err *err);
/** POST /networks/create: {"Id","Warning"} (owned). */
bt_nodiscard int bt_network_create(struct bt_engine *engine, const json_t *body, json_t **ret,
				   struct bt_err *err);
/** DELETE /networks/{id}. FORBIDDEN while somebody is on it. */
bt_nodiscard int bt_network_remove(struct bt_engine *engine, const char *ref, struct bt_err *err);
/** POST /networks/prune: {"NetworksDeleted":[name…]}. Filters label and until. */
bt_nodiscard int bt_network_prune(struct bt_engine *engine, const struct bt_filters *filters,
				  json_t **ret, struct bt_err *err);

/** A container was renamed: others on its networks find it by the new name from now on, and not by
 * the old one. */
void bt_network_rename(struct bt_container *container, const char *old_name);

/** POST /networks/{id}/connect. A container that runs gets an interface at once; either way the
 * next start knows. */
bt_nodiscard int bt_network_connect(struct bt_engine *engine, const char *ref, const json_t *body,
				    struct bt_err *err);
/** POST /networks/{id}/disconnect: the contrary. */
bt_nodiscard int bt_network_disconnect(struct bt_engine *engine, const char *ref,
				       const json_t *body, struct bt_err *err);

#endif
