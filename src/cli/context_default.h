/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_CONTEXT_DEFAULT_H
#define BT_CLI_CONTEXT_DEFAULT_H

/*
 * Contexts by name, "default" among them: what flags and environment say, dressed as a context.
 */

#include "cli/cli.h"

#define BT_CONTEXT_DEFAULT_DESCRIPTION "Current DOCKER_HOST based configuration"

/** A context's meta.json and, with `ret_tls`, its files of TLS (see client/context.h), as new
 * references. "default" has no MetadataPath and no TLSPath. */
bt_nodiscard int bt_context_default_get(struct bt_cli *cli, const char *name, json_t **ret_meta,
					json_t **ret_tls, struct bt_err *err);

/** Read the file `path` (NULL: nothing is done) into `tls` as the member `name`. A failure is in
 * docker's words. */
bt_nodiscard int bt_context_default_add_file(json_t *tls, const char *name, const char *path,
					     struct bt_err *err);

#endif
