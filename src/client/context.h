/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_CONTEXT_H
#define BT_CLIENT_CONTEXT_H

/*
 * Contexts: where daemons are, by name, as docker keeps them beside its config.json.
 *
 *     contexts/meta/HASH/meta.json            {"Name":…,"Metadata":{…},"Endpoints":{"docker":{…}}}
 *     contexts/tls/HASH/docker/{ca,cert,key}.pem
 *
 * HASH is the SHA-256 of the name. "default" is no context of these: it is what flags and
 * environment say, and nothing here knows it.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "client/config.h"

/* A file of TLS is at most that long. */
#define BT_CONTEXT_FILE_MAX (1u << 20)

/** The names of the files of TLS, ending in NULL: "ca.pem", "cert.pem", "key.pem". */
extern const char *const bt_context_files[];

/** May a context be called so? -EINVAL in docker's words. */
bt_nodiscard int bt_context_check_name(const char *name, struct bt_err *err);

/** All contexts: a new array of their meta.json objects, in order of name; each has the directories
 * of its files added as "MetadataPath" and "TLSPath". One that cannot be read is left out. */
bt_nodiscard int bt_context_list(const struct bt_config *config, json_t **ret, struct bt_err *err);

/** One of them (a new reference), or -ENOENT with kind NOT_FOUND. */
bt_nodiscard int bt_context_get(const struct bt_config *config, const char *name, json_t **ret,
				struct bt_err *err);

/** Does it exist, readable or not? */
bool bt_context_exists(const struct bt_config *config, const char *name);

/** The files of TLS of a context: a new object of their contents by name, {} where it has none. The
 * strings hold bytes, not UTF-8. */
bt_nodiscard int bt_context_tls(const struct bt_config *config, const char *name, json_t **ret,
				struct bt_err *err);

/** Write a context whole, in place of the one of its name: `meta` has Name, Metadata and Endpoints
 * (other members are not written), `tls` is as bt_context_tls() returns it. The description comes
 * last: what is cut short is no context. */
bt_nodiscard int bt_context_put(const struct bt_config *config, const json_t *meta,
				const json_t *tls, struct bt_err *err);

/** Remove all of a context; one that is not there is fine. */
bt_nodiscard int bt_context_remove(const struct bt_config *config, const char *name,
				   struct bt_err *err);

#endif
