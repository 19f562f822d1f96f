/* SPDX-License-Identifier: Apache-2.0 */

#include "image/remove.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"
#include "image/images_private.h"

#define SHORT_LEN 12

/* The first twelve digits of an image's id. */
static const char *short_id(const char *id)
{
	const char *hex = bt_str_after(id, "sha256:");

	return hex ? hex : id;
}

static int no_memory(struct bt_err *err)
{
	return bt_err_sys(err, -ENOMEM, "remove an image");
}

static int conflict(const char *id, bool hard, struct bt_err *err, const char *what,
		    const char *container)
{
	return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
			  "conflict: unable to delete %.*s (%s) - %s%s", SHORT_LEN, short_id(id),
			  hard ? "cannot be forced" : "must be forced", what, container);
}

/* What stands against removing an image. `soft`: also what could be forced; `names` are counted
 * among that unless NULL. */
static int check_conflicts(struct bt_images *images, const char *id, bool soft, const json_t *names,
			   struct bt_err *err)
{
	char container[13];
	bool running = false;
	int children, users;

	children = bt_images_children_(images, id, err);
	if (children < 0)
		return children;
	if (children > 0)
		return conflict(id, true, err, "image has dependent child images", "");
	users = bt_images_users_(images, id, &running, container);
	if (users < 0)
		return no_memory(err);
	if (users > 0 && running)
		return conflict(id, true, err, "image is being used by running container ",
				container);
	if (soft && names && json_array_size(names) > 0)
		return conflict(id, false, err, "image is referenced in multiple repositories", "");
	if (soft && users > 0)
		return conflict(id, false, err, "image is being used by stopped container ",
				container);
	return 0;
}

static int untag(struct bt_images *images, const char *id, const char *repo, const char *tag,
		 json_t *records, struct bt_err *err)
{
	bt_auto_free char *text = bt_name_text(repo, tag);
	int r;

	if (!text)
		return no_memory(err);
	r = bt_db_run(images->db, err, "DELETE FROM image_names WHERE repo = ?1 AND tag = ?2", 2,
		      repo, tag);
	if (r < 0)
		return r;
	bt_images_tell_(images, "untag", id, id);
	return json_array_append_new(records, json_pack("{ss}", "Untagged", text)) < 0
		       ? no_memory(err)
		       : 0;
}

static int untag_all(struct bt_images *images, const char *id, const json_t *names, json_t *records,
		     struct bt_err *err)
{
	json_t *name;
	size_t i;

	json_array_foreach (names, i, name) {
		int r = untag(images, id, bt_json_str(name, "repo", ""),
			      bt_json_str(name, "tag", ""), records, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* For bt_layers_drop(). */
static void record_layer(void *arg, const char *chain_id)
{
	(void)json_array_append_new(arg, json_pack("{ss}", "Deleted", chain_id));
}

/* In a transaction. Returns 1 where layers are useless now. */
static int delete_rows(struct bt_images *images, const struct bt_image_row *row, json_t *records,
		       struct bt_err *err)
{
	int r;

	r = bt_db_run(images->db, err, "DELETE FROM image_names WHERE image_id = ?1", 1, row->id);
	if (r == 0)
		r = bt_db_run(images->db, err, "DELETE FROM images WHERE id = ?1", 1, row->id);
	if (r < 0)
		return r;
	if (json_array_append_new(records, json_pack("{ss}", "Deleted", row->id)) < 0)
		return no_memory(err);
	return row->chain_id
		       ? bt_layers_drop(images->layers, row->chain_id, record_layer, records, err)
		       : 0;
}

static int try_delete_image(struct bt_images *images, const struct bt_image_row *row,
			    json_t *records, struct bt_err *err)
{
	int r = bt_db_begin(images->db, err), useless;

	if (r < 0)
		return r;
	useless = delete_rows(images, row, records, err);
	if (useless < 0) {
		bt_db_rollback(images->db);
		return useless;
	}
	r = bt_db_commit(images->db, err);
	if (r < 0)
		return r;
	if (useless > 0)
		bt_layers_collect(images->layers);
	bt_images_tell_(images, "delete", row->id, row->id);
	return 0;
}

/* A removal makes room, and must not fail for want of it. */
static int delete_image(struct bt_images *images, const struct bt_image_row *row, json_t *records,
			struct bt_err *err)
{
	size_t before = json_array_size(records);
	int r = try_delete_image(images, row, records, err);

	if (r != -ENOSPC)
		return r;
	while (json_array_size(records) > before)
		(void)json_array_remove(records, json_array_size(records) - 1);
	bt_db_make_room(images->db);
	return try_delete_image(images, row, records, err);
}

/* Returns 1 with the parent's id in `ret_parent` where that may follow. */
static int remove_one(struct bt_images *images, const char *id, const struct bt_remove *how,
		      json_t *records, char **ret_parent, struct bt_err *err)
{
	bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
	json_auto_t *names = NULL;
	int r;

	r = bt_images_row_(images, id, &row, err);
	if (r <= 0)
		return r;
	r = bt_images_names_(images, id, &names, err);
	if (r < 0)
		return r;
	r = check_conflicts(images, id, !how->force, names, err);
	if (r == -EBUSY && how->quiet)
		return 0;
	if (r == 0)
		r = untag_all(images, id, names, records, err);
	if (r == 0)
		r = delete_image(images, &row, records, err);
	if (r < 0)
		return r;
	*ret_parent = bt_take(row.parent);
	return *ret_parent && how->parents;
}

int bt_remove_image(struct bt_images *images, const char *id, const struct bt_remove *how,
		    json_t *records, struct bt_err *err)
{
	struct bt_remove each = *how;
	bt_auto_free char *current = strdup(id);

	if (!current)
		return no_memory(err);
	for (;;) {
		char *parent = NULL;
		int r = remove_one(images, current, &each, records, &parent, err);

		free(current);
		current = parent;
		if (r <= 0)
			return r;
		each.force = false;
		each.quiet = true;
	}
}

/* Do all names lie in one repository, with one tag at most? */
static bool is_single_reference(const json_t *names)
{
	const char *tag_repo = NULL, *digest_repo = NULL;
	bool one_digest_repo = true;
	json_t *name;
	size_t i;

	if (json_array_size(names) <= 1)
		return true;
	json_array_foreach (names, i, name) {
		const char *repo = bt_json_str(name, "repo", "");

		if (!bt_name_is_digest(bt_json_str(name, "tag", ""))) {
			if (tag_repo)
				return false;
			tag_repo = repo;
		} else {
			one_digest_repo &= !digest_repo || strcmp(digest_repo, repo) == 0;
			digest_repo = repo;
		}
	}
	return one_digest_repo && digest_repo && (!tag_repo || strcmp(tag_repo, digest_repo) == 0);
}

static bool is_id_prefix(const char *id, const char *name)
{
	return bt_str_after(id, name) || bt_str_after(short_id(id), name);
}

/* After the last tag of a repository its digests are of no use. */
static int untag_digests(struct bt_images *images, const char *id, const char *repo,
			 const json_t *names, json_t *records, struct bt_err *err)
{
	json_t *name;
	size_t i;

	json_array_foreach (names, i, name)
		if (strcmp(bt_json_str(name, "repo", ""), repo) == 0 &&
		    !bt_name_is_digest(bt_json_str(name, "tag", "")))
			return 0;
	json_array_foreach (names, i, name) {
		int r;

		if (strcmp(bt_json_str(name, "repo", ""), repo) != 0)
			continue;
		r = untag(images, id, repo, bt_json_str(name, "tag", ""), records, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Returns 1 where no name is left, and the image itself is to follow; 0 where that was all. */
static int remove_name(struct bt_images *images, const char *id, const char *text, bool force,
		       const json_t *names, json_t *records, struct bt_err *err)
{
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	json_auto_t *left = NULL;
	bt_auto_free char *repo = NULL;
	char container[13];
	bool running;
	int r = 0;

	if (!force && is_single_reference(names))
		r = bt_images_users_(images, id, &running, container);
	if (r < 0)
		return no_memory(err);
	if (r > 0)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "conflict: unable to remove repository reference \"%.200s\" "
				  "(must force) - container %s is using its referenced image %.*s",
				  text, container, SHORT_LEN, short_id(id));
	r = bt_name_parse(text, &ref, err);
	if (r < 0)
		return r;
	repo = bt_name_repo(&ref);
	if (!repo)
		return no_memory(err);
	r = untag(images, id, repo, ref.digest ? ref.digest : bt_image_ref_tag_or_latest(&ref),
		  records, err);
	if (r == 0)
		r = bt_images_names_(images, id, &left, err);
	if (r == 0 && !ref.digest) {
		r = untag_digests(images, id, repo, left, records, err);
		json_decref(bt_take(left));
		if (r == 0)
			r = bt_images_names_(images, id, &left, err);
	}
	return r < 0 ? r : json_array_size(left) == 0;
}

static int remove_by(struct bt_images *images, const char *id, const char *name, bool force,
		     bool noprune, json_t *records, struct bt_err *err)
{
	struct bt_remove how = { .force = force, .parents = !noprune };
	json_auto_t *names = NULL;
	int r;

	r = bt_images_names_(images, id, &names, err);
	if (r < 0)
		return r;
	if (!is_id_prefix(id, name)) {
		r = remove_name(images, id, name, force, names, records, err);
		if (r <= 0)
			return r;
		how.quiet = true;
	} else if (is_single_reference(names)) {
		r = check_conflicts(images, id, !force, NULL, err);
		if (r == 0)
			r = untag_all(images, id, names, records, err);
		if (r < 0)
			return r;
	}
	return bt_remove_image(images, id, &how, records, err);
}

int bt_images_remove(struct bt_images *images, const char *name, bool force, bool noprune,
		     json_t **ret, struct bt_err *err)
{
	bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
	json_auto_t *records = json_array();
	int r;

	r = bt_images_find_(images, name, &row, err);
	if (r == 0)
		r = remove_by(images, row.id, name, force, noprune, records, err);
	if (r < 0)
		return r;
	*ret = bt_take(records);
	return 0;
}
