/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_FILES_H
#define BT_ENGINE_CONTAINER_FILES_H

/*
 * The files of a container in <data-root>/containers/<id>: hostname, hosts,
 * resolv.conf, which are mounted into it, beside its log and its journal.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;

/** "<data-root>/containers/<id>", or with "/<name>" behind where `name` is not NULL; owned. NULL
 * without memory. */
char *bt_container_files_path(const struct bt_engine *engine, const char *id, const char *name);
/** "<exec-root>/containers/<id>", owned. */
char *bt_container_files_run_dir(const struct bt_engine *engine, const char *id);
/** "<data-root>/containers/<id>/<id>-json.log", owned. */
char *bt_container_files_log(const struct bt_engine *engine, const char *id);
/** The monitor's journal, owned. */
char *bt_container_files_journal(const struct bt_engine *engine, const char *id);

/** Make the directory, mode 0710. */
bt_nodiscard int bt_container_files_create(const struct bt_engine *engine, const char *id,
					   struct bt_err *err);
/** Remove it with everything in it, and the run directory; missing ones are fine. */
bt_nodiscard int bt_container_files_remove(const struct bt_engine *engine, const char *id,
					   struct bt_err *err);
/** Empty its log, for a removal that finds no room for its rows on a disk that the log itself
 * fills. */
void bt_container_files_empty_log(const struct bt_engine *engine, const char *id);

/** What the files are made of; borrowed. */
struct bt_container_files {
	const char *id;
	const json_t *config, *host_config;
	const char *address;         /* NULL: none */
	const char *gateway;         /* what "host-gateway" stands for; NULL: the loopback */
	const json_t *dns;           /* name servers, NULL: the host's */
	const json_t *host_gateways; /* addresses that go before `gateway`, or NULL */
	const char *links;           /* lines of /etc/hosts for linked containers */
	bool host_network;
};
/** Have a container that runs use the name server at 127.0.0.11 from now on, unless its resolv.conf
 * was edited. */
bt_nodiscard int bt_container_files_use_resolver(const struct bt_engine *engine, const char *id,
						 const json_t *host_config, struct bt_err *err);
/** Write the three files; a resolv.conf that was edited is left as it is. */
bt_nodiscard int bt_container_files_write(const struct bt_engine *engine,
					  const struct bt_container_files *files,
					  struct bt_err *err);

#endif
