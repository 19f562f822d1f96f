/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "image/images_private.h"

/* In a transaction. Returns 1 where the image is new, 0 where it is known. */
static int insert(struct bt_images *images, const char *id, const char *config, int64_t created,
		  int64_t size, const char *chain_id, const char *parent, struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	r = bt_db_prepare(images->db, &q, err,
			  "INSERT INTO images (id, created, parent, chain_id, size, config) "
			  "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING RETURNING 1");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, id);
	bt_db_bind_int(&q, 2, created);
	bt_db_bind_text(&q, 3, parent);
	bt_db_bind_text(&q, 4, chain_id);
	bt_db_bind_int(&q, 5, size);
	bt_db_bind_text(&q, 6, config);
	return bt_db_step(&q, err);
}

static int chain_size(struct bt_images *images, const char *chain_id, int64_t *ret,
		      struct bt_err *err)
{
	bt_auto_free struct bt_layer_result *layers = NULL;
	int n;

	*ret = 0;
	if (!chain_id)
		return 0;
	layers = calloc(BT_LAYERS_MAX, sizeof(*layers));
	if (!layers)
		return bt_err_sys(err, -ENOMEM, "add an image");
	n = bt_layers_chain(images->layers, chain_id, layers, err);
	for (int i = 0; i < n; i++)
		*ret += layers[i].size;
	return n < 0 ? n : 0;
}

/* Note that somebody named the image, as tag, import and commit do, and pull and load do not. */
static int note_time(struct bt_images *images, const char *id, struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int r;

	r = bt_db_prepare(images->db, &q, err, "UPDATE images SET last_tagged = ?1 WHERE id = ?2");
	if (r < 0)
		return r;
	bt_db_bind_int(&q, 1, bt_time_now_ns());
	bt_db_bind_text(&q, 2, id);
	return bt_db_step(&q, err);
}

/* The name that `ref` means, stored; in a transaction. */
static int set_ref(struct bt_images *images, const char *id, const char *ref, struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref parsed = { 0 };
	bt_auto_free char *repo = NULL;
	int r;

	r = bt_name_parse(ref, &parsed, err);
	if (r < 0)
		return r;
	repo = bt_name_repo(&parsed);
	if (!repo)
		return bt_err_sys(err, -ENOMEM, "name an image");
	r = bt_images_add_name(images, id, repo,
			       parsed.tag || !parsed.digest ? bt_image_ref_tag_or_latest(&parsed)
							    : parsed.digest,
			       err);
	return r < 0 ? r : note_time(images, id, err);
}

static int add_rows(struct bt_images *images, const char *id, const char *config, int64_t created,
		    int64_t size, const char *chain_id, const char *parent, const char *ref,
		    struct bt_err *err)
{
	int r, useless = 0;

	r = insert(images, id, config, created, size, chain_id, parent, err);
	if (r < 0)
		return r;
	/* The image known already has a reference of its own. */
	if (r == 0 && chain_id)
		useless = bt_layers_drop(images->layers, chain_id, NULL, NULL, err);
	if (useless < 0)
		return useless;
	return ref ? set_ref(images, id, ref, err) : 0;
}

int bt_images_add(struct bt_images *images, const char *config, size_t len, const char *chain_id,
		  const char *parent, const char *ref, char ret_id[72], struct bt_err *err)
{
	json_auto_t *json = NULL;
	char id[BT_DIGEST_SIZE];
	int64_t created = 0, size;
	int r;

	/* A duplicate key would mean one thing to us and another to the next reader. */
	r = bt_json_parse(config, len, BT_JSON_UNIQUE, &json, err);
	if (r < 0)
		return bt_err_context(err, "image configuration");
	if (!json_is_object(json) || strlen(config) != len)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "the image configuration is not a JSON object");
	(void)!bt_time_rfc3339_parse(bt_json_str(json, "created", ""), &created);
	bt_digest_of(config, len, id);
	r = chain_size(images, chain_id, &size, err);
	if (r < 0)
		return r;

	r = bt_db_begin(images->db, err);
	if (r < 0)
		return r;
	r = add_rows(images, id, config, created, size, chain_id, parent, ref, err);
	if (r < 0) {
		bt_db_rollback(images->db);
		return r;
	}
	r = bt_db_commit(images->db, err);
	if (r < 0)
		return r;
	memcpy(ret_id, id, sizeof(id));
	return 0;
}

int bt_images_add_name(struct bt_images *images, const char *id, const char *repo, const char *tag,
		       struct bt_err *err)
{
	return bt_db_run(images->db, err,
			 "INSERT INTO image_names (repo, tag, image_id) VALUES (?1, ?2, ?3) "
			 "ON CONFLICT (repo, tag) DO UPDATE SET image_id = excluded.image_id",
			 3, repo, tag, id);
}

/* The repository first and then the tag, so that each is refused in its own words. */
static int parse_target(const char *repo, const char *tag, struct bt_image_ref *ret,
			struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	bt_auto_free char *target = NULL;
	int r = bt_name_parse(repo, &ref, err);

	if (r < 0)
		return r;
	if (ref.digest)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "cannot import digest reference");
	if (!tag || !tag[0]) {
		*ret = bt_take_struct(ref);
		return 0;
	}
	target = bt_str_format("%s/%s:%s", ref.domain, ref.path, tag);
	if (!target)
		return bt_err_sys(err, -ENOMEM, "tag an image");
	r = bt_name_parse(target, ret, err);
	return r == -EINVAL ? bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid tag format") : r;
}

int bt_images_add_tag(struct bt_images *images, const char *name, const char *repo, const char *tag,
		      struct bt_err *err)
{
	bt_auto_free char *full = NULL, *text = NULL;
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
	int r = parse_target(repo, tag, &ref, err);

	if (r == 0)
		r = bt_images_find_(images, name, &row, err);
	if (r < 0)
		return r;
	full = bt_name_repo(&ref);
	text = full ? bt_name_text(full, bt_image_ref_tag_or_latest(&ref)) : NULL;
	if (!text)
		return bt_err_sys(err, -ENOMEM, "tag an image");
	r = bt_images_add_name(images, row.id, full, bt_image_ref_tag_or_latest(&ref), err);
	if (r == 0)
		r = note_time(images, row.id, err);
	if (r < 0)
		return r;
	bt_images_tell_(images, "tag", row.id, text);
	return 0;
}
