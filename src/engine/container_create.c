/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_create.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/fault.h"
#include "base/lock.h"
#include "base/rand.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "codec/platform.h"
#include "engine/body_shape.h"
#include "engine/config_file.h"
#include "engine/container_config.h"
#include "engine/container_event.h"
#include "engine/container_files.h"
#include "engine/container_links.h"
#include "engine/container_name.h"
#include "engine/container_row.h"
#include "engine/container_selinux.h"
#include "engine/container_undo.h"
#include "engine/create_check.h"
#include "engine/create_endpoints.h"
#include "engine/engine_private.h"
#include "engine/health.h"
#include "engine/health_state.h"
#include "engine/host_config.h"
#include "engine/jget.h"
#include "engine/mounts.h"
#include "engine/restart_policy.h"
#include "engine/volume.h"
#include "engine/volume_claim.h"
#include "engine/volume_copy.h"
#include "engine/volume_mount.h"

#define NAME_ATTEMPTS 8

/* A container being made. */
struct creation {
	struct bt_engine *engine;
	struct bt_image image;
	struct bt_container_settings settings;
	json_t *warnings;
	struct bt_container *container;
	bool fills; /* it has volumes */
};

/* Whose volumes it was to take over may have been removed meanwhile. */
static void drop_claims(const struct creation *cr)
{
	bt_container_undo_volumes(cr->engine, bt_volume_claim_drop(cr->engine, cr->container->id));
}

static void creation_done(struct creation *cr)
{
	if (cr->container)
		drop_claims(cr);
	bt_image_done(&cr->image);
	bt_container_row_settings_done(&cr->settings);
	json_decref(cr->warnings);
	bt_container_unref(cr->container);
}

/* What is asked for must be what the image is for; its variant may be an older one. */
static int check_platform(const struct bt_image *image, const char *name, const char *platform,
			  struct bt_err *err)
{
	const char *arch = bt_jget_text(image->config, "architecture");
	const char *variant = bt_jget_text(image->config, "variant");
	bt_auto_free char *actual =
		bt_str_format("linux/%s%s%s", arch, variant[0] ? "/" : "", variant);
	struct bt_platform wanted, offered = { .os = "linux" };
	int r;

	if (!platform || platform[0] == '\0' || arch[0] == '\0' || !actual)
		return 0;
	r = bt_platform_parse(platform, &wanted, err);
	if (r < 0)
		return r;
	(void)snprintf(offered.arch, sizeof(offered.arch), "%s", arch);
	(void)snprintf(offered.variant, sizeof(offered.variant), "%s", variant);
	if (bt_platform_match(&wanted, &offered) > 0)
		return 0;
	return bt_err_set(
		err, BT_ERR_NOT_FOUND, ENOENT,
		"image with reference %s was found but its platform (%s) does not match the "
		"specified platform (%s)",
		name, actual, platform);
}

/* Whose volumes "container[:mode]" of --volumes-from takes over. */
static int find_donor(const struct creation *cr, const char *spec, struct bt_container **ret,
		      struct bt_err *err)
{
	bt_auto_free char *ref = strndup(spec, strcspn(spec, ":"));
	int r = ref ? bt_container_get(cr->engine, ref, ret, err)
		    : bt_err_sys(err, -ENOMEM, "read volumes-from");

	if (r < 0 && err->kind == BT_ERR_NOT_FOUND)
		err->kind = BT_ERR_INVALID;
	return r;
}

static int add_volumes_of(struct creation *cr, const char *spec, struct bt_err *err)
{
	bt_auto_container struct bt_container *other = NULL;
	bt_auto_settings struct bt_container_settings s = { 0 };
	size_t len = strcspn(spec, ":");
	int r;

	if (spec[0] == '\0')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "volumes-from specification cannot be an empty string");
	r = find_donor(cr, spec, &other, err);
	if (r == 0)
		r = bt_container_row_settings(other, &s, err);
	if (r < 0)
		return r;
	return bt_mounts_add_from(cr->settings.mounts, s.mounts, spec[len] ? spec + len + 1 : "",
				  err);
}

static int add_volumes_from(struct creation *cr, struct bt_err *err)
{
	const json_t *list = json_object_get(cr->settings.host_config, "VolumesFrom"), *item;
	size_t i;

	json_array_foreach (list, i, item) {
		int r = add_volumes_of(cr, json_string_value(item), err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_request(struct creation *cr, const json_t *body, const char *platform,
			struct bt_err *err)
{
	const char *image = bt_json_str(body, "Image", "");
	struct bt_container_settings *s = &cr->settings;
	const json_t *networking = bt_json_member(body, "NetworkingConfig");
	bt_auto_live_config struct bt_live_config *live = bt_live_config_get(&cr->engine->live);
	struct bt_platform asked;
	int r;

	if (!json_is_object(body) || json_object_size(body) == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "config cannot be empty in order to create a container");
	/* Without an image the root is empty, as with Docker. */
	r = bt_body_shape_check(BT_BODY_CONTAINER_CREATE, body, err);
	if (r == 0)
		r = bt_platform_parse(platform, &asked, err);
	if (r < 0)
		return r;
	r = image[0] ? bt_images_get(cr->engine->images, image, &cr->image, err) : 0;
	if (r == 0)
		r = check_platform(&cr->image, image, platform, err);
	if (r == 0)
		r = bt_container_config_make(body, json_object_get(cr->image.config, "config"),
					     &s->config, err);
	if (r == 0)
		r = bt_host_config_make(bt_json_member(body, "HostConfig"), &live->cfg,
					cr->warnings, &s->host_config, err);
	if (r == 0)
		r = bt_mounts_collect(s->config, s->host_config, &s->mounts, err);
	if (r == 0)
		r = add_volumes_from(cr, err);
	if (r < 0)
		return r;
	s->networking = json_is_object(networking) ? json_deep_copy(networking) : json_object();
	return 0;
}

/* Path and arguments on one line, as `ps` shows them: quoted where there is a blank. */
static char *command_line(const json_t *config)
{
	json_auto_t *args = NULL;
	bt_auto_str struct bt_str out = { 0 };
	const json_t *item;
	const char *path;
	char *line = NULL;
	size_t i;

	if (bt_container_config_command(config, &path, &args) < 0)
		return NULL;
	bt_str_puts(&out, path);
	json_array_foreach (args, i, item) {
		const char *word = json_string_value(item);

		bt_str_printf(&out, strchr(word, ' ') ? " '%s'" : " %s", word);
	}
	return bt_str_steal(&out, &line) == 0 ? line : NULL;
}

/* Of each network it shall be on, what the list shows before it is. */
static json_t *endpoints_of(const json_t *networking)
{
	static const char *const addresses[] = { "IPv4Address", "IPv6Address" };
	json_t *out = json_object(), *given;
	const char *name;

	json_object_foreach (bt_json_obj(networking, "EndpointsConfig"), name, given) {
		const json_t *ipam = bt_json_obj(given, "IPAMConfig");
		json_t *shown = json_pack("{s:I}", "GwPriority",
					  (json_int_t)bt_json_i64(given, "GwPriority", 0));
		json_t *own = ipam ? json_object() : json_null();

		for (size_t i = 0; ipam && i < 2; i++)
			if (bt_json_str(ipam, addresses[i], "")[0])
				json_object_set_new(
					own, addresses[i],
					json_string(bt_json_str(ipam, addresses[i], "")));
		json_object_set_new(shown, "IPAMConfig", own);
		json_object_set_new(out, name, shown);
	}
	return out;
}

static char *make_summary(const struct creation *cr)
{
	const struct bt_container_settings *s = &cr->settings;
	bt_auto_free char *command = command_line(s->config);
	json_auto_t *summary = json_pack(
		"{s:s,s:s*,s:O?,s:s,s:o,s:O?,s:O?}", "Image", bt_jget_text(s->config, "Image"),
		"Command", command, "Labels", json_object_get(s->config, "Labels"), "NetworkMode",
		bt_jget_text(s->host_config, "NetworkMode"), "Mounts", bt_mounts_public(s->mounts),
		"ExposedPorts", json_object_get(s->config, "ExposedPorts"), "PortBindings",
		json_object_get(s->host_config, "PortBindings"));
	const json_t *mount, *annotations = json_object_get(s->host_config, "Annotations");
	size_t i;

	if (json_object_size(annotations) > 0)
		json_object_set_new(summary, "Annotations", bt_jget_copy(annotations));
	if (json_object_size(bt_json_obj(s->networking, "EndpointsConfig")) > 0)
		json_object_set_new(summary, "EndpointsConfig", endpoints_of(s->networking));
	/* For who wants to remove the image. */
	json_array_foreach (s->mounts, i, mount) {
		const char *id = bt_jget_text(mount, "ImageId");

		if (id[0] && !json_object_get(summary, "ImageMounts"))
			json_object_set_new(summary, "ImageMounts", json_object());
		if (id[0])
			json_object_set_new(json_object_get(summary, "ImageMounts"), id,
					    json_true());
	}
	return summary ? bt_jget_dump(summary) : NULL;
}

static bool has_volumes(const json_t *mounts)
{
	const json_t *mount;
	size_t i;

	json_array_foreach (mounts, i, mount)
		if (strcmp(bt_jget_text(mount, "Type"), "volume") == 0)
			return true;
	return false;
}

static int make_container(struct creation *cr, struct bt_err *err)
{
	const struct bt_container_settings *s = &cr->settings;
	const char *mode = bt_jget_text(s->host_config, "NetworkMode");
	char id[BT_RAND_ID_LEN + 1];
	struct bt_container *c;
	int r = bt_rand_id(id);

	if (r < 0)
		return bt_err_sys(err, r, "make up an identifier");
	c = cr->container = bt_container_new(cr->engine, id);
	if (!c)
		return bt_err_sys(err, -ENOMEM, "create container");
	bt_container_config_hostname(s->config, id, strcmp(mode, "host") == 0);
	c->created_ns = bt_time_now_ns();
	c->image_id = strdup(cr->image.id ? cr->image.id : "");
	c->tty = bt_jget_bool(s->config, "Tty");
	c->open_stdin = bt_jget_bool(s->config, "OpenStdin");
	c->stdin_once = bt_jget_bool(s->config, "StdinOnce");
	c->auto_remove = bt_jget_bool(s->host_config, "AutoRemove");
	c->has_health = bt_health_state_config(s->config, NULL);
	c->has_links = json_array_size(bt_container_links_of(s->host_config)) > 0;
	c->restart = bt_restart_policy_of(s->host_config);
	/* Until its volumes are filled, a crash shall have it swept; without any, its writable
	 * layer tells whether it is complete (engine/restore.c). */
	cr->fills = has_volumes(s->mounts);
	c->state.status = cr->fills ? BT_CONTAINER_REMOVING : BT_CONTAINER_CREATED;
	c->state.remove_volumes = cr->fills;
	return c->image_id ? 0 : bt_err_sys(err, -ENOMEM, "create container");
}

static int name_taken(struct bt_engine *engine, const char *name, struct bt_err *err)
{
	bt_auto_container struct bt_container *other = NULL;
	const char *holder = "another";

	if (bt_container_get(engine, name, &other, BT_ERR_IGNORED) == 0)
		holder = other->id;
	return bt_err_set(
		err, BT_ERR_CONFLICT, EEXIST,
		"Conflict. The container name \"/%s\" is already in use by container \"%s\". "
		"You have to remove (or rename) that container to be able to reuse that name.",
		name, holder);
}

/* The row decides who has a name. */
static int insert_named(struct creation *cr, const char *name, struct bt_err *err)
{
	struct bt_container *c = cr->container;

	free(c->name);
	c->name = strdup(name);
	if (!c->name)
		return bt_err_sys(err, -ENOMEM, "create container");
	return bt_container_row_insert(c, &cr->settings, err);
}

static int insert_row(struct creation *cr, const char *name, struct bt_err *err)
{
	char made_up[BT_CONTAINER_NAME_MAX];
	int r = -EEXIST;

	if (name)
		return insert_named(cr, name, err);
	for (unsigned i = 0; i < NAME_ATTEMPTS && r == -EEXIST; i++) {
		r = bt_container_name_random(i, made_up);
		if (r < 0)
			return bt_err_sys(err, r, "make up a name");
		r = insert_named(cr, made_up, err);
	}
	return r;
}

/* Its row and those of its writable layer, in one transaction. */
static int insert_rows(struct creation *cr, const char *name, struct bt_err *err)
{
	struct bt_db *db = cr->engine->db;
	int r = bt_db_begin(db, err);

	if (r < 0)
		return r;
	r = insert_row(cr, name, err);
	if (r == 0)
		r = bt_layers_add_rw(cr->engine->layers, cr->container->id, cr->image.chain_id,
				     err);
	if (r == 0)
		return bt_db_commit(db, err);
	bt_db_rollback(db);
	return r == -EEXIST && name ? name_taken(cr->engine, name, err) : r;
}

/* A bind of --mount refuses a source that is not there; one of -v makes it at the start. */
static int check_bind(const json_t *mount, struct bt_err *err)
{
	const char *source = bt_jget_text(mount, "Source");
	struct stat st;

	if (bt_jget_bool(mount, "Create") || stat(source, &st) == 0)
		return 0;
	return bt_err_set(
		err, BT_ERR_INVALID, ENOENT,
		"invalid mount config for type \"bind\": bind source path does not exist: %s",
		source);
}

/* The image of --mount type=image, which stays the same when its name moves on. */
static int find_image(struct creation *cr, json_t *mount, struct bt_err *err)
{
	bt_auto_image struct bt_image image = { 0 };
	int r = bt_images_get(cr->engine->images, bt_jget_text(mount, "Name"), &image, err);

	if (r == 0)
		json_object_set_new(mount, "ImageId", json_string(image.id));
	if (r == 0 && json_array_size(cr->warnings) == 0)
		json_array_append_new(cr->warnings,
				      json_string("Image mount is an experimental feature"));
	return r;
}

/* Those whose volumes it takes over must be there still, now that nobody can take these away. */
static int check_donors(struct creation *cr, struct bt_err *err)
{
	const json_t *list = json_object_get(cr->settings.host_config, "VolumesFrom"), *item;
	size_t i;

	json_array_foreach (list, i, item) {
		bt_auto_container struct bt_container *other = NULL;
		const char *spec = json_string_value(item);
		int r = find_donor(cr, spec, &other, err);

		if (r < 0)
			return r;
		bt_auto_lock(held, &other->lock);
		if (other->state.status == BT_CONTAINER_REMOVING)
			return bt_err_set(err, BT_ERR_INVALID, ENOENT,
					  "the container %.*s of volumes-from is being removed",
					  (int)strcspn(spec, ":"), spec);
	}
	return 0;
}

/* Where the volumes will be, and that nobody removes them until the container is in the index. */
static int place_volumes(struct creation *cr, struct bt_err *err)
{
	const char *user = cr->container->id;
	json_t *mount;
	size_t i;

	json_array_foreach (cr->settings.mounts, i, mount) {
		bt_auto_free char *path = NULL;
		const char *type = bt_jget_text(mount, "Type");
		int r = strcmp(type, "image") == 0 ? find_image(cr, mount, err) : 0;

		if (r < 0)
			return r;
		if (strcmp(type, "volume") != 0)
			continue;
		r = bt_volume_claim_for(cr->engine, bt_jget_text(mount, "Name"), user, err);
		if (r < 0)
			return r;
		path = bt_volume_path(cr->engine, bt_jget_text(mount, "Name"));
		if (!path)
			return bt_err_sys(err, -ENOMEM, "create volumes");
		json_object_set_new(mount, "Source", json_string(path));
	}
	bt_fault_point("create/claimed");
	return check_donors(cr, err);
}

/* A part of a volume is never filled, as with Docker. */
static bool takes_copy(const json_t *mount)
{
	return !bt_jget_bool(mount, "NoCopy") && !bt_jget_text(mount, "Subpath")[0];
}

/* Make them; `*ret_copy` tells whether one may want the image's content. */
static int make_volumes(struct creation *cr, bool *ret_copy, struct bt_err *err)
{
	struct bt_volume_new new_volume;
	const json_t *mount;
	size_t i;

	json_array_foreach (cr->settings.mounts, i, mount) {
		int r;

		if (strcmp(bt_jget_text(mount, "Type"), "volume") != 0)
			continue;
		new_volume = (struct bt_volume_new){ .name = bt_jget_text(mount, "Name"),
						     .anonymous = bt_jget_bool(mount, "Anonymous"),
						     .labels = json_object_get(mount, "Labels"),
						     .options = json_object_get(mount, "Options") };
		r = bt_volume_ensure(cr->engine, &new_volume, err);
		if (r < 0)
			return r;
		*ret_copy |= takes_copy(mount);
	}
	return 0;
}

static int fill_volumes(struct creation *cr, struct bt_err *err)
{
	bt_auto_close int root =
		bt_layers_rw_mount(cr->engine->layers, cr->container->id, NULL, err);
	const char *user = cr->container->id;
	const json_t *mount;
	size_t i;

	if (root < 0)
		return root;
	json_array_foreach (cr->settings.mounts, i, mount) {
		int r;

		if (strcmp(bt_jget_text(mount, "Type"), "volume") != 0 || !takes_copy(mount))
			continue;
		r = bt_volume_mount_use(cr->engine, bt_jget_text(mount, "Name"), user, err);
		if (r == 0)
			r = bt_volume_copy(root, bt_jget_text(mount, "Destination"),
					   bt_jget_text(mount, "Source"), err);
		bt_volume_mount_drop(cr->engine, user, false);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Everything that lies on disk; whatever fails is undone by the caller. */
static int make_on_disk(struct creation *cr, struct bt_err *err)
{
	struct bt_container *c = cr->container;
	bool copy = false;
	int r = bt_container_files_create(cr->engine, c->id, err);

	if (r == 0)
		r = bt_config_file_write(c, err);
	bt_fault_point("create/files");
	if (r == 0)
		r = make_volumes(cr, &copy, err);
	bt_fault_point("create/volumes");
	if (r == 0)
		r = bt_layers_make_rw(cr->engine->layers, c->id, err);
	bt_fault_point("create/layer");
	if (r == 0 && copy)
		r = fill_volumes(cr, err);
	bt_fault_point("create/filled");
	if (r < 0 || !cr->fills)
		return r;
	c->state.status = BT_CONTAINER_CREATED;
	c->state.remove_volumes = false;
	r = bt_container_row_state(c, err);
	if (r < 0)
		c->state.remove_volumes = true;
	return r;
}

static int create(struct creation *cr, const char *name, struct bt_err *err)
{
	const json_t *mount;
	size_t i;
	int r;

	json_array_foreach (cr->settings.mounts, i, mount) {
		r = strcmp(bt_jget_text(mount, "Type"), "bind") == 0 ? check_bind(mount, err) : 0;
		if (r < 0)
			return r;
	}
	r = make_container(cr, err);
	if (r == 0)
		r = bt_container_selinux_init(cr->container, &cr->settings, err);
	if (r == 0)
		r = place_volumes(cr, err);
	if (r < 0)
		return r;
	cr->container->summary = make_summary(cr);
	if (!cr->container->summary)
		return bt_err_sys(err, -ENOMEM, "create container");
	r = insert_rows(cr, name, err);
	if (r < 0)
		return r;
	bt_fault_point("create/row");
	r = make_on_disk(cr, err);
	if (r == 0)
		r = bt_container_index_add(cr->engine, cr->container, err);
	drop_claims(cr);
	if (r < 0) {
		bt_container_undo(cr->container);
		return r;
	}
	bt_fault_point("create/done");
	bt_container_event(cr->container, "create", NULL);
	return 0;
}

int bt_container_create(struct bt_engine *engine, const char *name, const char *platform,
			const json_t *body, json_t **ret, struct bt_err *err)
{
	bt_auto(creation_done) struct creation cr = { .engine = engine, .warnings = json_array() };
	const char *bare = NULL;
	json_t *answer;
	int r = name && name[0] ? bt_container_name_check(name, &bare, err) : 0;

	if (r == 0)
		r = read_request(&cr, body, platform, err);
	if (r == 0)
		r = bt_create_check(engine, body, cr.settings.host_config, err);
	if (r == 0)
		r = bt_container_selinux_join(engine, cr.settings.host_config, err);
	if (r == 0)
		r = bt_create_endpoints_settle(cr.settings.config, cr.settings.host_config,
					       cr.settings.networking, cr.warnings, err);
	if (r == 0)
		r = create(&cr, bare, err);
	if (r < 0)
		return r;
	answer = json_pack("{s:s,s:O}", "Id", cr.container->id, "Warnings", cr.warnings);
	if (!answer)
		return bt_err_sys(err, -ENOMEM, "answer");
	*ret = answer;
	return 0;
}
