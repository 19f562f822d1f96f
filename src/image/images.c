/* SPDX-License-Identifier: Apache-2.0 */

#include "image/images.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "image/images_private.h"
#include "image/transfers.h"

#define HEX_LEN 64

void bt_image_done(struct bt_image *image)
{
	free(image->id);
	free(image->chain_id);
	json_decref(image->config);
	*image = (struct bt_image){ 0 };
}

void bt_image_row_done_(struct bt_image_row *row)
{
	free(row->id);
	free(row->parent);
	free(row->chain_id);
	json_decref(row->config);
	*row = (struct bt_image_row){ 0 };
}

int bt_images_open(const char *data_root, struct bt_db *db, struct bt_layers *layers,
		   struct bt_images **ret, struct bt_err *err)
{
	struct bt_images *images = calloc(1, sizeof(*images));

	if (images) {
		(void)pthread_mutex_init(&images->settings_lock, NULL);
		images->data_root = strdup(data_root);
	}
	if (!images || !images->data_root) {
		bt_images_close(images);
		return bt_err_sys(err, -ENOMEM, "open the images");
	}
	images->db = db;
	images->layers = layers;
	if (bt_transfers_open(data_root, layers, &images->transfers, err) < 0) {
		bt_images_close(images);
		return -err->errnum;
	}
	*ret = images;
	return 0;
}

void bt_images_close(struct bt_images *images)
{
	if (!images)
		return;
	bt_transfers_close(images->transfers);
	free(images->data_root);
	bt_settings_done(&images->settings);
	(void)pthread_mutex_destroy(&images->settings_lock);
	free(images);
}

int bt_images_set_registries(struct bt_images *images, const struct bt_settings *settings,
			     struct bt_err *err)
{
	bt_auto(bt_settings_done) struct bt_settings fresh = { 0 };
	struct bt_settings old;

	if (bt_settings_copy(settings, &fresh) < 0)
		return bt_err_sys(err, -ENOMEM, "open the images");
	pthread_mutex_lock(&images->settings_lock);
	old = images->settings;
	images->settings = bt_take_struct(fresh);
	pthread_mutex_unlock(&images->settings_lock);
	bt_settings_done(&old);
	return 0;
}

int bt_images_settings_(struct bt_images *images, struct bt_settings *ret, struct bt_err *err)
{
	int r;

	pthread_mutex_lock(&images->settings_lock);
	r = bt_settings_copy(&images->settings, ret);
	pthread_mutex_unlock(&images->settings_lock);
	return r < 0 ? bt_err_sys(err, r, "reach a registry") : 0;
}

void bt_images_set_users(struct bt_images *images, bt_images_users_fn fn,
			 bt_images_user_counts_fn counts, void *arg)
{
	images->users = fn;
	images->user_counts = counts;
	images->users_arg = arg;
}

void bt_images_set_events(struct bt_images *images, bt_images_event_fn fn, void *arg)
{
	images->event = fn;
	images->event_arg = arg;
}

void bt_images_tell_(struct bt_images *images, const char *action, const char *id, const char *name)
{
	if (images->event)
		images->event(images->event_arg, action, id, name);
}

int bt_images_users_(struct bt_images *images, const char *id, bool *ret_running,
		     char ret_container[13])
{
	*ret_running = false;
	ret_container[0] = '\0';
	return images->users ? images->users(images->users_arg, id, ret_running, ret_container) : 0;
}

int bt_images_count(struct bt_images *images)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };

	if (bt_db_prepare(images->db, &q, BT_ERR_IGNORED, "SELECT count(*) FROM images") < 0 ||
	    bt_db_step(&q, BT_ERR_IGNORED) <= 0)
		return 0;
	return (int)bt_db_int(&q, 0);
}

int bt_images_children_(struct bt_images *images, const char *id, struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	r = bt_db_prepare(images->db, &q, err, "SELECT count(*) FROM images WHERE parent = ?1");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, id);
	r = bt_db_step(&q, err);
	return r < 0 ? r : (int)bt_db_int(&q, 0);
}

int bt_images_layers_size(struct bt_images *images, int64_t *ret, struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	r = bt_db_prepare(images->db, &q, err, "SELECT sum(size) FROM layers WHERE state = 1");
	if (r < 0)
		return r;
	r = bt_db_step(&q, err);
	if (r < 0)
		return r;
	*ret = bt_db_int(&q, 0);
	return 0;
}

/* A copy of column `i`, or NULL for SQL NULL; `failed` is set without memory. */
static char *column(const struct bt_db_stmt *q, int i, bool *failed)
{
	const char *text = bt_db_text(q, i);
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		*failed = true;
	return copy;
}

int bt_images_row_(struct bt_images *images, const char *id, struct bt_image_row *ret,
		   struct bt_err *err)
{
	bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
	bt_auto_free char *config = NULL;
	bool failed = false;
	int r;

	{
		bt_auto_db_stmt struct bt_db_stmt q = { 0 };

		r = bt_db_prepare(images->db, &q, err,
				  "SELECT id, parent, chain_id, size, last_tagged, config "
				  "FROM images WHERE id = ?1");
		if (r < 0)
			return r;
		bt_db_bind_text(&q, 1, id);
		r = bt_db_step(&q, err);
		if (r <= 0)
			return r;
		row.id = column(&q, 0, &failed);
		row.parent = column(&q, 1, &failed);
		row.chain_id = column(&q, 2, &failed);
		row.size = bt_db_int(&q, 3);
		row.last_tagged = bt_db_int(&q, 4);
		config = column(&q, 5, &failed);
	}
	if (failed)
		return bt_err_sys(err, -ENOMEM, "find an image");
	r = bt_json_parse(config, strlen(config), 0, &row.config, err);
	if (r < 0)
		return bt_err_context(err, "image %s", row.id);
	*ret = bt_take_struct(row);
	return 1;
}

int bt_images_config_(struct bt_images *images, const char *id, char **ret, struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	bool failed = false;
	int r;

	r = bt_db_prepare(images->db, &q, err, "SELECT config FROM images WHERE id = ?1");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, id);
	r = bt_db_step(&q, err);
	if (r < 0)
		return r;
	if (r == 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "No such image: %s", id);
	*ret = column(&q, 0, &failed);
	return failed ? bt_err_sys(err, -ENOMEM, "find an image") : 0;
}

/* The id behind a name in the table, as a new string; 0 with NULL where there is none. */
static int id_by_name(struct bt_images *images, const struct bt_image_ref *ref, char **ret,
		      struct bt_err *err)
{
	bt_auto_free char *repo = bt_name_repo(ref);
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	bool failed = false;
	int r;

	if (!repo)
		return bt_err_sys(err, -ENOMEM, "find an image");
	r = bt_db_prepare(images->db, &q, err,
			  "SELECT image_id FROM image_names WHERE repo = ?1 AND tag = ?2");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, repo);
	/* With both, what the tag meant by then counts: the digest. */
	bt_db_bind_text(&q, 2, ref->digest ? ref->digest : bt_image_ref_tag_or_latest(ref));
	r = bt_db_step(&q, err);
	if (r <= 0)
		return r;
	*ret = column(&q, 0, &failed);
	return failed ? bt_err_sys(err, -ENOMEM, "find an image") : 0;
}

/* The only id that begins with `prefix` (with or without "sha256:"), as a new string. */
static int id_by_prefix(struct bt_images *images, const char *prefix, char **ret,
			struct bt_err *err)
{
	const char *hex = bt_str_after(prefix, "sha256:");
	bt_auto_free char *from = NULL, *to = NULL, *id = NULL;
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	bool failed = false;
	int r;

	if (!hex)
		hex = prefix;
	if (!bt_str_is_hex(hex) || strlen(hex) > HEX_LEN)
		return 0;
	from = bt_str_format("sha256:%s", hex);
	to = bt_str_format("sha256:%sg", hex);
	if (!from || !to)
		return bt_err_sys(err, -ENOMEM, "find an image");
	r = bt_db_prepare(images->db, &q, err,
			  "SELECT id FROM images WHERE id >= ?1 AND id < ?2 LIMIT 2");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, from);
	bt_db_bind_text(&q, 2, to);
	r = bt_db_step(&q, err);
	if (r <= 0)
		return r;
	id = column(&q, 0, &failed);
	if (failed)
		return bt_err_sys(err, -ENOMEM, "find an image");
	r = bt_db_step(&q, err);
	if (r == 0)
		*ret = bt_take(id);
	return r < 0 ? r : 0;
}

static int no_such_image(const struct bt_image_ref *ref, struct bt_err *err)
{
	bt_auto_free char *repo = bt_name_repo(ref);
	const char *tag = bt_image_ref_tag_or_latest(ref);

	if (!repo)
		return bt_err_sys(err, -ENOMEM, "find an image");
	return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "No such image: %s%s%s%s%s",
			  bt_name_familiar(repo), tag ? ":" : "", tag ? tag : "",
			  ref->digest ? "@" : "", ref->digest ? ref->digest : "");
}

/* An id in full, with or without its algorithm: never a name. */
static bool is_full_id(const char *name)
{
	const char *hex = bt_str_after(name, "sha256:");

	if (!hex)
		hex = name;
	return strlen(hex) == HEX_LEN && bt_str_is_hex(hex);
}

static int find_id(struct bt_images *images, const char *name, char **ret, struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	bt_auto_free char *id = NULL;
	int r;

	if (is_full_id(name)) {
		r = id_by_prefix(images, name, &id, err);
		if (r == 0 && !id)
			return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "No such image: sha256:%s",
					  name + strlen(name) - HEX_LEN);
	} else {
		r = bt_name_parse(name, &ref, err);
		if (r == 0)
			r = id_by_name(images, &ref, &id, err);
		if (r == 0 && !id)
			r = id_by_prefix(images, name, &id, err);
		if (r == 0 && !id)
			return no_such_image(&ref, err);
	}
	if (r == 0)
		*ret = bt_take(id);
	return r;
}

bool bt_images_means(struct bt_images *images, const char *name, const char *id)
{
	bt_auto_free char *found = NULL;

	return find_id(images, name, &found, BT_ERR_IGNORED) == 0 && strcmp(found, id) == 0;
}

int bt_images_find_(struct bt_images *images, const char *name, struct bt_image_row *ret,
		    struct bt_err *err)
{
	bt_auto_free char *id = NULL;
	int r;

	r = find_id(images, name, &id, err);
	if (r < 0)
		return r;
	r = bt_images_row_(images, id, ret, err);
	if (r == 0)
		return bt_err_set(err, BT_ERR_NOT_FOUND, ENOENT, "No such image: %s", name);
	return r < 0 ? r : 0;
}

int bt_images_get(struct bt_images *images, const char *name, struct bt_image *ret,
		  struct bt_err *err)
{
	struct bt_image_row row = { 0 };
	int r;

	r = bt_images_find_(images, name, &row, err);
	if (r < 0)
		return r;
	ret->id = bt_take(row.id);
	ret->chain_id = bt_take(row.chain_id);
	ret->config = bt_take(row.config);
	bt_image_row_done_(&row);
	return 0;
}

int bt_images_names_(struct bt_images *images, const char *id, json_t **ret, struct bt_err *err)
{
	json_auto_t *names = json_array();
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	r = bt_db_prepare(
		images->db, &q, err,
		"SELECT repo, tag FROM image_names WHERE image_id = ?1 ORDER BY repo, tag");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, id);
	while ((r = bt_db_step(&q, err)) > 0)
		if (json_array_append_new(names, json_pack("{ssss}", "repo", bt_db_text(&q, 0),
							   "tag", bt_db_text(&q, 1))) < 0)
			return bt_err_sys(err, -ENOMEM, "find an image's names");
	if (r < 0)
		return r;
	if (!names)
		return bt_err_sys(err, -ENOMEM, "find an image's names");
	*ret = bt_take(names);
	return 0;
}

json_t *bt_images_names_texts_(const json_t *names, bool digests)
{
	json_t *texts = json_array(), *name;
	size_t i;

	json_array_foreach (names, i, name) {
		const char *tag = bt_json_str(name, "tag", "");
		bt_auto_free char *text = NULL;

		if (bt_name_is_digest(tag) != digests)
			continue;
		text = bt_name_text(bt_json_str(name, "repo", ""), tag);
		if (!text || json_array_append_new(texts, json_string(text)) < 0) {
			json_decref(texts);
			return NULL;
		}
	}
	return texts;
}
