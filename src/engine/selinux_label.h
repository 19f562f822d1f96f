/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_SELINUX_LABEL_H
#define BT_ENGINE_SELINUX_LABEL_H

/*
 * The labels of one container: what --security-opt label=… says, on top of the
 * policy's own for containers, with a pair of categories that no other has.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/selinux.h"

/** "" where there is none. */
struct bt_selinux_labels {
	char process[BT_SELINUX_LABEL_LEN]; /* of its processes */
	char mount[BT_SELINUX_LABEL_LEN];   /* of its files */
	uint32_t pair; /* of categories (engine/selinux_mcs.h), held for it; 0: none */
};

/** What stands behind "label=" (or "label:", as older clients write) in an item of
 * HostConfig.SecurityOpt, borrowed; NULL where it is not about labels. */
const char *bt_selinux_label_of(const json_t *option);

/** "user:U", "role:R", "type:T", "level:L", "filetype:T", "nested", "disable": what stands behind
 * label=. */
bool bt_selinux_label_is_option(const char *text);

/**
 * The labels of a new container.
 *
 * @selinux: NULL: the daemon gives none. Then only "disable" can be had.
 * @options: HostConfig.SecurityOpt; what is not about labels is passed over.
 *
 * Returns 0, and the caller gives `pair` back with bt_selinux_mcs_drop(), or a negative errno:
 * NOT_IMPLEMENTED where the option cannot be had here, INVALID in Docker's words where it is none.
 */
bt_nodiscard int bt_selinux_label_make(struct bt_selinux *selinux, const json_t *options,
				       struct bt_selinux_labels *ret, struct bt_err *err);

/** Options that give another container the label `process` ("label=user:U", …), appended to
 * `options`: for who joins its namespaces. Nothing for "". -EINVAL for what is no context,
 * -ENOMEM. */
bt_nodiscard int bt_selinux_label_same(const char *process, json_t *options);

#endif
