/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/live_config.h"

#include <errno.h>
#include <stdlib.h>

#include "image/images.h"
#include "registry/settings.h"

struct bt_live_config *bt_live_config_make(const struct bt_engine_config *cfg)
{
	struct bt_live_config *config = calloc(1, sizeof(*config));

	if (!config)
		return NULL;
	config->cfg = *cfg;
	config->cfg.spawner_fd = -EBADF;
	config->values = json_incref((json_t *)(uintptr_t)cfg->values);
	config->refs = 1;
	return config;
}

int bt_live_config_init(struct bt_live *live, const struct bt_engine_config *cfg,
			struct bt_err *err)
{
	*live = (struct bt_live){ .lock = PTHREAD_MUTEX_INITIALIZER,
				  .now = bt_live_config_make(cfg) };
	return live->now ? 0 : bt_err_sys(err, -ENOMEM, "read the configuration");
}

void bt_live_config_done(struct bt_live *live)
{
	bt_live_config_unref(live->now);
	live->now = NULL;
}

struct bt_live_config *bt_live_config_get(struct bt_live *live)
{
	struct bt_live_config *config;

	pthread_mutex_lock(&live->lock);
	config = live->now;
	(void)__atomic_add_fetch(&config->refs, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&live->lock);
	return config;
}

void bt_live_config_unref(struct bt_live_config *config)
{
	if (!config || __atomic_sub_fetch(&config->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	json_decref(config->values);
	free(config);
}

int bt_live_config_set_registries(struct bt_images *images, const struct bt_engine_config *cfg,
				  struct bt_err *err)
{
	/* Copied, and not changed. */
	const struct bt_settings settings = {
		.insecure = (json_t *)(uintptr_t)cfg->insecure_registries,
		.mirrors = (json_t *)(uintptr_t)cfg->registry_mirrors,
		.http_proxy = (char *)(uintptr_t)cfg->http_proxy,
		.https_proxy = (char *)(uintptr_t)cfg->https_proxy,
		.no_proxy = (char *)(uintptr_t)cfg->no_proxy,
	};

	return bt_images_set_registries(images, &settings, err);
}
