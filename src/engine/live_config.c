/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/live_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "engine/engine_private.h"
#include "engine/events.h"
#include "engine/host_limits.h"
#include "engine/jget.h"
#include "registry/settings.h"

/* Docker's, where daemon.json does not say. */
#define SHM_SIZE (64ll << 20)

static struct bt_live_config *make(const struct bt_engine_config *cfg)
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
	*live = (struct bt_live){ .lock = PTHREAD_MUTEX_INITIALIZER, .now = make(cfg) };
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

/* "[]", or the array as text. */
static json_t *list_text(const json_t *list)
{
	bt_auto_free char *text = NULL;

	if (!json_is_array(list) || bt_json_dump(list, &text, NULL) < 0)
		return json_string("[]");
	return json_string(text);
}

/* "name:path" of each, separated by blanks. */
static json_t *runtimes_text(const json_t *runtimes)
{
	bt_auto_str struct bt_str out = { 0 };
	const char *name;
	json_t *runtime;

	bt_str_puts(&out, "berth-runtime:berth-runtime");
	json_object_foreach ((json_t *)(uintptr_t)runtimes, name, runtime)
		bt_str_printf(&out, " %s:%s", name, bt_jget_text(runtime, "path"));
	return json_string(bt_str_get(&out));
}

static const char *cgroupns_mode(const struct bt_engine_config *cfg)
{
	if (cfg->default_cgroupns_mode)
		return cfg->default_cgroupns_mode;
	return bt_host_limits_unified() ? "private" : "host";
}

/* What Docker tells with it, but for what has no meaning here. */
static json_t *attributes_of(const struct bt_engine_config *cfg)
{
	long long shm = cfg->default_shm_size ? cfg->default_shm_size : SHM_SIZE;
	const json_t *mirrors = cfg->registry_mirrors;
	struct utsname host = { 0 };

	(void)uname(&host);
	if (json_is_object(mirrors))
		mirrors = json_object_get(mirrors, "docker.io");
	return json_pack(
		"{s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:s,s:s,s:o,s:o,s:o}", "debug",
		cfg->debug ? "true" : "false", "default-cgroupns-mode", cgroupns_mode(cfg),
		"default-ipc-mode", cfg->default_ipc_mode ? cfg->default_ipc_mode : "private",
		"default-runtime", cfg->default_runtime ? cfg->default_runtime : "berth-runtime",
		"default-shm-size", json_sprintf("%lld", shm), "insecure-registries",
		list_text(cfg->insecure_registries), "labels", list_text(cfg->labels),
		"live-restore", "true", "name", host.nodename, "registry-mirrors",
		list_text(mirrors), "runtimes", runtimes_text(cfg->runtimes), "shutdown-timeout",
		json_sprintf("%d", cfg->shutdown_timeout));
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

int bt_live_config_replace(struct bt_engine *engine, const struct bt_engine_config *cfg,
			   struct bt_err *err)
{
	bt_auto_live_config struct bt_live_config *fresh = make(cfg), *old = NULL;
	json_t *attributes = attributes_of(cfg);
	int r;

	if (!fresh || !attributes) {
		json_decref(attributes);
		return bt_err_sys(err, -ENOMEM, "read the configuration");
	}
	r = bt_live_config_set_registries(engine->images, cfg, err);
	if (r < 0) {
		json_decref(attributes);
		return r;
	}
	pthread_mutex_lock(&engine->live.lock);
	old = engine->live.now;
	engine->live.now = bt_take(fresh);
	pthread_mutex_unlock(&engine->live.lock);
	bt_events_emit(engine, "daemon", "reload", engine->id, attributes);
	return 0;
}
