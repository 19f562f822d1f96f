/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_REGISTRY_HOSTS_H
#define BT_REGISTRY_HOSTS_H

/*
 * containerd's hosts.toml: where a registry's images are to be had. Of its
 * members `server`, and for each [host."URL"] (and for the file itself)
 * `capabilities`, `ca`, `client`, `skip_verify`, `override_path`, `dial_timeout`
 * and `header` are understood; any other is refused by name.
 *
 * A host is pushed to, and given the registry's credentials, only where its
 * capabilities say "push" by name: a mirror is not who they are for.
 */

#include "base/attr.h"
#include "base/err.h"
#include "registry/endpoint.h"

#define BT_HOSTS_MAX 32

/** What is wanted of the hosts. */
struct bt_hosts_use {
	const char *dir;    /* names of certificates are relative to it */
	const char *server; /* the registry itself, where the file names none */
	bool push;
	bool by_digest; /* nothing has to be resolved */
};

/** Parse a file's text into at most BT_HOSTS_MAX endpoints, the hosts in their order and the server
 * last. Returns how many, or a negative errno; kind INVALID. */
bt_nodiscard int bt_hosts_parse(const char *text, size_t len, const struct bt_hosts_use *use,
				struct bt_endpoint ret[BT_HOSTS_MAX], struct bt_err *err);

#endif
