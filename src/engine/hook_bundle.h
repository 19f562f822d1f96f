/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_HOOK_BUNDLE_H
#define BT_ENGINE_HOOK_BUNDLE_H

/*
 * A bundle for hooks. Our own runtime needs none: the specification comes in memory and the root
 * as a descriptor. But a hook is given no more than the bundle's path, and the makers' tools (of
 * CDI files) read config.json there and go on to root.path.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"

/**
 * Where `spec` has hooks: make "bundle" in `run_dir`, with config.json and an empty "rootfs", on
 * which the runtime puts the root for createContainer hooks; and set root.path of `spec` to it.
 * What an earlier start left there is written anew.
 *
 * @ret: the bundle's path, a new string (owned), or NULL where there is no hook.
 */
bt_nodiscard int bt_hook_bundle_make(const char *run_dir, json_t *spec, char **ret,
				     struct bt_err *err);

#endif
