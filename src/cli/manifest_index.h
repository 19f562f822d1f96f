/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_MANIFEST_INDEX_H
#define BT_CLI_MANIFEST_INDEX_H

/*
 * Manifests as `manifest` works on them: an entry as the daemon fetches it from
 * its registry, and the index that several of them make.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/cli.h"

/** Ask the registry, by way of the daemon: {"Descriptor", "Text"} (a new reference). `insecure`:
 * the registry may have any certificate, or none. */
bt_nodiscard int bt_manifest_index_fetch(struct bt_cli *cli, const char *name, bool insecure,
					 json_t **ret, struct bt_err *err);

/** What was fetched as `name` (a whole one), as an entry of the store (a new reference). Kind
 * INVALID where it is an index itself. */
bt_nodiscard int bt_manifest_index_entry(const char *name, const json_t *fetched, json_t **ret,
					 struct bt_err *err);

/** The manifest of an entry as its registry has it, appended to `ret`; entries that an older docker
 * wrote have it parsed only. Kind INVALID where it is not what the entry's digest says. */
bt_nodiscard int bt_manifest_index_raw(const json_t *entry, struct bt_str *ret, struct bt_err *err);

/** The index of entries as the text that is pushed (owned), the same that docker writes. `ret_type`
 * is its media type, a constant. */
bt_nodiscard int bt_manifest_index_text(const json_t *entries, char **ret, const char **ret_type,
					struct bt_err *err);

#endif
