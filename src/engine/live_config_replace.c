/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/live_config_replace.h"

#include <sys/utsname.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "engine/engine_private.h"
#include "engine/events.h"
#include "engine/host_limits.h"
#include "engine/jget.h"

/* Docker's, where daemon.json does not say. */
#define SHM_SIZE (64ll << 20)

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

int bt_live_config_replace(struct bt_engine *engine, const struct bt_engine_config *cfg,
			   struct bt_err *err)
{
	bt_auto_live_config struct bt_live_config *fresh = bt_live_config_make(cfg), *old = NULL;
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
