/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_LIVE_CONFIG_H
#define BT_ENGINE_LIVE_CONFIG_H

/*
 * The part of the configuration that a reload may change while requests are
 * served: debug, labels, insecure_registries, registry_mirrors, runtimes,
 * default_runtime, default_shm_size and default_ipc_mode. Whoever reads one of
 * these takes the configuration of this moment and gives it back; all others
 * are read in the engine's own, which never changes.
 */

#include <jansson.h>
#include <pthread.h>

#include "base/attr.h"
#include "base/err.h"
#include "engine/engine_config.h"

struct bt_images;

/** One configuration, shared by its readers; it never changes. */
struct bt_live_config {
	struct bt_engine_config cfg; /* but for spawner_fd, which is the engine's */
	json_t *values;              /* what cfg's strings are in; a reference, or NULL */
	unsigned refs;
};

/** Where the engine keeps the one that counts. */
struct bt_live {
	pthread_mutex_t lock;
	struct bt_live_config *now;
};

/** A configuration of its own, with one reference. NULL without memory. */
struct bt_live_config *bt_live_config_make(const struct bt_engine_config *cfg);

/** Begin with a configuration. Kind SYSTEM: no memory. */
bt_nodiscard int bt_live_config_init(struct bt_live *live, const struct bt_engine_config *cfg,
				     struct bt_err *err);
/** Release it, for a holder that was never begun, too. */
void bt_live_config_done(struct bt_live *live);

/** The configuration of this moment: a reference, never NULL. */
struct bt_live_config *bt_live_config_get(struct bt_live *live);
/** Give it back. NULL is fine. */
void bt_live_config_unref(struct bt_live_config *config);
static inline void bt_live_config_unrefp(struct bt_live_config **config)
{
	bt_live_config_unref(*config);
}
#define bt_auto_live_config bt_auto(bt_live_config_unrefp)

/** Tell the images how registries are reached. Kind SYSTEM: no memory. */
bt_nodiscard int bt_live_config_set_registries(struct bt_images *images,
					       const struct bt_engine_config *cfg,
					       struct bt_err *err);

#endif
