/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_selinux.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/container_files.h"
#include "engine/engine_private.h"
#include "engine/host_config.h"
#include "engine/jget.h"
#include "engine/selinux_label.h"
#include "engine/selinux_mcs.h"
#include "engine/selinux_relabel.h"
#include "engine/volume_mount.h"

static bool says_label(const json_t *options)
{
	const json_t *option;
	size_t i;

	json_array_foreach (options, i, option)
		if (bt_selinux_label_of(option))
			return true;
	return false;
}

/* The label of the container whose namespace `key` joins, as options; NULL: it joins none. */
static int options_of(struct bt_engine *engine, const json_t *hc, const char *key, json_t **ret,
		      struct bt_err *err)
{
	bt_auto_container struct bt_container *other = NULL;
	bt_auto_settings struct bt_container_settings s = { 0 };
	const char *ref = bt_host_config_container(bt_jget_text(hc, key));
	json_auto_t *options = NULL;
	int r;

	if (!ref)
		return 0;
	r = bt_container_get(engine, ref, &other, err);
	if (r == 0)
		r = bt_container_row_settings(other, &s, err);
	if (r < 0)
		return r;
	options = json_array();
	if (!options || bt_selinux_label_same(bt_jget_text(s.labels, "Process"), options) < 0)
		return bt_err_sys(err, -ENOMEM, "read the label of %s", ref);
	*ret = json_incref(options);
	return 0;
}

static int append(json_t *hc, json_t *options, struct bt_err *err)
{
	if (json_array_size(options) == 0)
		return 0;
	if (!json_is_array(json_object_get(hc, "SecurityOpt")))
		(void)json_object_set_new(hc, "SecurityOpt", json_array());
	return json_array_extend(json_object_get(hc, "SecurityOpt"), options) < 0
		       ? bt_err_sys(err, -ENOMEM, "add security options")
		       : 0;
}

int bt_container_selinux_join(struct bt_engine *engine, json_t *host_config, struct bt_err *err)
{
	json_auto_t *ipc = NULL, *pid = NULL;
	int r;

	if (says_label(json_object_get(host_config, "SecurityOpt")))
		return 0;
	if (bt_jget_bool(host_config, "Privileged") ||
	    strcmp(bt_jget_text(host_config, "IpcMode"), "host") == 0 ||
	    strcmp(bt_jget_text(host_config, "PidMode"), "host") == 0) {
		ipc = json_pack("[s]", "label=disable");
		return append(host_config, ipc, err);
	}
	if (!engine->selinux)
		return 0;
	r = options_of(engine, host_config, "IpcMode", &ipc, err);
	if (r == 0)
		r = options_of(engine, host_config, "PidMode", &pid, err);
	if (r < 0)
		return r;
	if (ipc && pid && !json_equal(ipc, pid))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "--ipc and --pid containers SELinux labels aren't the same");
	return append(host_config, ipc ? ipc : pid, err);
}

int bt_container_selinux_init(struct bt_container *container,
			      struct bt_container_settings *settings, struct bt_err *err)
{
	struct bt_selinux *selinux = container->engine->selinux;
	struct bt_selinux_labels labels;
	int r = bt_selinux_label_make(
		selinux, json_object_get(settings->host_config, "SecurityOpt"), &labels, err);

	if (r < 0 || !selinux)
		return r;
	container->categories = labels.pair;
	settings->labels = json_pack("{s:s,s:s}", "Process", labels.process, "Mount", labels.mount);
	return settings->labels ? 0 : bt_err_sys(err, -ENOMEM, "label container");
}

static const char *filled(const char *text)
{
	return text[0] ? text : NULL;
}

const char *bt_container_selinux_process(const struct bt_container_settings *settings)
{
	return bt_jget_bool(settings->host_config, "Privileged")
		       ? NULL
		       : filled(bt_jget_text(settings->labels, "Process"));
}

const char *bt_container_selinux_mount(const struct bt_container_settings *settings)
{
	return filled(bt_jget_text(settings->labels, "Mount"));
}

/* Volumes of the engine's own are for all containers, unless they say otherwise. What a volume's
 * options bring in from elsewhere is labelled only where somebody asks, as a bind. */
static int relabel_mount(struct bt_container *c, const json_t *mount, const char *label,
			 struct bt_err *err)
{
	const char *asked = bt_jget_text(mount, "Relabel"), *type = bt_jget_text(mount, "Type");
	bool volume = strcmp(type, "volume") == 0;
	int foreign;

	if (asked[0])
		return bt_selinux_relabel_tree(bt_jget_text(mount, "Source"), label,
					       strcmp(asked, "z") == 0, err);
	if (!volume)
		return 0;
	foreign = bt_volume_mount_is_foreign(c->engine, bt_jget_text(mount, "Name"), err);
	return foreign != 0
		       ? (foreign < 0 ? foreign : 0)
		       : bt_selinux_relabel_tree(bt_jget_text(mount, "Source"), label, true, err);
}

static int relabel_files(struct bt_container *c, const struct bt_container_settings *s,
			 const char *label, struct bt_err *err)
{
	static const char *const files[] = { "resolv.conf", "hostname", "hosts" };
	bool shared = bt_host_config_container(bt_jget_text(s->host_config, "NetworkMode")) != NULL;
	int r = 0;

	for (size_t i = 0; i < 3 && r == 0; i++) {
		bt_auto_free char *path = bt_container_files_path(c->engine, c->id, files[i]);

		if (!path)
			return bt_err_sys(err, -ENOMEM, "label container");
		r = bt_selinux_relabel_tree(path, label, shared, err);
	}
	return r;
}

int bt_container_selinux_relabel(struct bt_container *container,
				 const struct bt_container_settings *settings, struct bt_err *err)
{
	const char *label = bt_container_selinux_mount(settings);
	const json_t *mount;
	size_t i;
	int r = label ? relabel_files(container, settings, label, err) : 0;

	json_array_foreach (settings->mounts, i, mount)
		if (label && r == 0)
			r = relabel_mount(container, mount, label, err);
	return r;
}

static void restore_one(struct bt_container *c)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	struct bt_selinux_context context;
	struct bt_err err;

	if (bt_container_row_settings(c, &s, &err) < 0) {
		bt_log_warn("%s", err.msg);
		return;
	}
	if (bt_selinux_context_parse(bt_jget_text(s.labels, "Process"), &context) < 0)
		return;
	c->categories = bt_selinux_mcs_parse(context.part[BT_SELINUX_LEVEL]);
	bt_selinux_mcs_hold(c->engine->selinux->mcs, c->categories);
}

void bt_container_selinux_restore(struct bt_engine *engine)
{
	struct bt_container **all = NULL;
	ssize_t n = engine->selinux ? bt_container_all(engine, &all) : 0;

	for (ssize_t i = 0; i < n; i++)
		restore_one(all[i]);
	bt_container_unref_all(all, n);
}
