/* SPDX-License-Identifier: Apache-2.0 */

#include "image/save.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "image/images_private.h"
#include "image/media.h"
#include "image/tar_writer.h"

#define BLOB "blobs/sha256/"

/* What is being written. The JSON of the files at the end grows on the way. */
struct save {
	struct bt_images *images;
	struct bt_tar_writer tar;
	struct bt_map blobs; /* names written */
	json_t *index, *manifest, *repositories;
	struct bt_layer_result layers[BT_LAYERS_MAX];
};

static int no_memory(struct bt_err *err)
{
	return bt_err_sys(err, -ENOMEM, "save images");
}

static int failed(int r, struct bt_err *err)
{
	return r < 0 ? bt_err_sys(err, r, "write the archive") : 0;
}

static bool has_name(const json_t *names, const json_t *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach ((json_t *)(uintptr_t)names, i, item)
		if (json_equal(item, name))
			return true;
	return false;
}

/* Note in `chosen` (id to array of names) that `id` is to be saved, by `name` unless that is NULL;
 * whoever says it twice means it once. */
static int choose(json_t *chosen, const char *id, json_t *name, struct bt_err *err)
{
	json_t *names = json_object_get(chosen, id);

	if (!names) {
		names = json_array();
		if (json_object_set_new(chosen, id, names) < 0)
			return no_memory(err);
	}
	if (!name || has_name(names, name))
		return 0;
	return json_array_append(names, name) < 0 ? no_memory(err) : 0;
}

/* A repository without a tag means all its tags. Returns how many there were. */
static int choose_all_tags(struct bt_images *images, const char *repo, json_t *chosen,
			   struct bt_err *err)
{
	bt_auto_db_stmt struct bt_db_stmt q = { 0 };
	int n = 0, r;

	r = bt_db_prepare(images->db, &q, err,
			  "SELECT tag, image_id FROM image_names WHERE repo = ?1 ORDER BY tag");
	if (r < 0)
		return r;
	bt_db_bind_text(&q, 1, repo);
	while ((r = bt_db_step(&q, err)) > 0) {
		json_auto_t *name = NULL;

		if (bt_name_is_digest(bt_db_text(&q, 0)))
			continue;
		name = json_pack("{ssss}", "repo", repo, "tag", bt_db_text(&q, 0));
		r = name ? choose(chosen, bt_db_text(&q, 1), name, err) : no_memory(err);
		if (r < 0)
			return r;
		n++;
	}
	return r < 0 ? r : n;
}

static int choose_name(struct bt_images *images, const char *text, json_t *chosen,
		       struct bt_err *err)
{
	bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	bt_auto_free char *repo = NULL;
	json_auto_t *name = NULL;
	const char *hex;
	int r;

	/* An id is no name, though "sha256:…" reads like a repository with a tag. */
	if (!bt_str_after(text, "sha256:") && bt_name_parse(text, &ref, BT_ERR_IGNORED) == 0) {
		repo = bt_name_repo(&ref);
		if (!repo)
			return no_memory(err);
		r = ref.tag || ref.digest ? 0 : choose_all_tags(images, repo, chosen, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	r = bt_images_find_(images, text, &row, err);
	if (r < 0)
		return r;
	hex = bt_str_after(row.id, "sha256:");
	if (repo && ref.tag && !bt_str_after(hex ? hex : "", text)) {
		name = json_pack("{ssss}", "repo", repo, "tag", ref.tag);
		if (!name)
			return no_memory(err);
	}
	return choose(chosen, row.id, name, err);
}

static int choose_names(struct bt_images *images, const char *const *names, json_t **ret,
			struct bt_err *err)
{
	json_auto_t *chosen = json_object();
	int r;

	for (size_t i = 0; names[i]; i++) {
		r = choose_name(images, names[i], chosen, err);
		if (r < 0)
			return r;
	}
	*ret = bt_take(chosen);
	return 0;
}

int bt_save_check(struct bt_images *images, const char *const *names, struct bt_err *err)
{
	json_auto_t *chosen = NULL;

	return choose_names(images, names, &chosen, err);
}

/* The name of a blob in the archive; false where it has been written already. */
static bool blob_name(struct save *s, const char *digest, char ret[96])
{
	(void)snprintf(ret, 96, BLOB "%s", bt_digest_hex(digest));
	return !bt_map_get(&s->blobs, ret) && bt_map_put(&s->blobs, ret, s, NULL) == 0;
}

static int write_blob(struct save *s, const char *text, char ret_digest[BT_DIGEST_SIZE],
		      struct bt_err *err)
{
	char name[96];

	bt_digest_of(text, strlen(text), ret_digest);
	if (!blob_name(s, ret_digest, name))
		return 0;
	return failed(bt_tar_writer_file(&s->tar, name, text, strlen(text)), err);
}

/* One layer, and its descriptor (new). */
static int write_layer(struct save *s, const struct bt_layer_result *layer, json_t **ret,
		       struct bt_err *err)
{
	char name[96];
	int64_t size;
	int r;

	r = bt_layers_archive_size(s->images->layers, layer->chain_id, &size, err);
	if (r < 0)
		return r;
	if (blob_name(s, layer->diff_id, name)) {
		r = failed(bt_tar_writer_entry(&s->tar, name, size), err);
		if (r == 0)
			r = bt_layers_write(s->images->layers, layer->chain_id, bt_tar_writer_data,
					    &s->tar, err);
		if (r == 0)
			r = failed(bt_tar_writer_end(&s->tar), err);
		if (r < 0)
			return r;
	}
	*ret = json_pack("{sssIss}", "mediaType", BT_MEDIA_OCI_LAYER, "size", (json_int_t)size,
			 "digest", layer->diff_id);
	return *ret ? 0 : no_memory(err);
}

/* All layers of an image: their descriptors, and what manifest.json says of them. */
static int write_layers(struct save *s, const char *chain_id, json_t *descriptors, json_t *paths,
			json_t *sources, struct bt_err *err)
{
	int n = chain_id ? bt_layers_chain(s->images->layers, chain_id, s->layers, err) : 0;

	for (int i = 0; i < n; i++) {
		const char *diff_id = s->layers[i].diff_id;
		json_t *descriptor = NULL;
		int r = write_layer(s, &s->layers[i], &descriptor, err);

		if (r < 0)
			return r;
		if (json_object_set(sources, diff_id, descriptor) < 0 ||
		    json_array_append_new(descriptors, descriptor) < 0 ||
		    json_array_append_new(paths, json_sprintf(BLOB "%s", bt_digest_hex(diff_id))) <
			    0)
			return no_memory(err);
	}
	return n < 0 ? n : 0;
}

/* The image's entries in index.json and repositories. */
static int add_names(struct save *s, const json_t *names, const char *digest, size_t size,
		     const char *top, json_t *tags, struct bt_err *err)
{
	json_t *plain = json_pack("{sssssI}", "mediaType", BT_MEDIA_OCI_MANIFEST, "digest", digest,
				  "size", (json_int_t)size);
	json_t *name;
	size_t i;

	json_array_foreach (names, i, name) {
		const char *repo = bt_json_str(name, "repo", ""),
			   *tag = bt_json_str(name, "tag", "");
		bt_auto_free char *text = bt_name_text(repo, tag);
		const char *familiar = bt_name_familiar(repo);
		json_t *entry = json_deep_copy(plain), *tops;

		if (!text || json_array_append_new(tags, json_string(text)) < 0 ||
		    json_object_set_new(entry, "annotations",
					json_pack("{so ss}", "io.containerd.image.name",
						  json_sprintf("%s:%s", repo, tag),
						  "org.opencontainers.image.ref.name", tag)) < 0 ||
		    json_array_append_new(s->index, entry) < 0) {
			json_decref(plain);
			return no_memory(err);
		}
		tops = json_object_get(s->repositories, familiar);
		if (!tops) {
			tops = json_object();
			(void)json_object_set_new(s->repositories, familiar, tops);
		}
		(void)json_object_set_new(tops, tag, json_string(top));
	}
	if (json_array_size(names) == 0)
		return json_array_append_new(s->index, plain) < 0 ? no_memory(err) : 0;
	json_decref(plain);
	return 0;
}

static int write_manifest(struct save *s, const char *config, const char *config_digest,
			  json_t *layers, char ret_digest[BT_DIGEST_SIZE], size_t *ret_size,
			  struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	json_auto_t *manifest = json_pack("{si ss s{ss ss sI} sO}", "schemaVersion", 2, "mediaType",
					  BT_MEDIA_OCI_MANIFEST, "config", "mediaType",
					  BT_MEDIA_OCI_CONFIG, "digest", config_digest, "size",
					  (json_int_t)strlen(config), "layers", layers);

	if (!manifest || bt_json_dump(manifest, &text, ret_size) < 0)
		return no_memory(err);
	return write_blob(s, text, ret_digest, err);
}

static int write_image(struct save *s, const char *id, const json_t *names, struct bt_err *err)
{
	json_auto_t *descriptors = json_array(), *paths = json_array(), *sources = json_object();
	json_auto_t *tags = json_array();
	bt_auto(bt_image_row_done_) struct bt_image_row row = { 0 };
	char config_digest[BT_DIGEST_SIZE], digest[BT_DIGEST_SIZE];
	bt_auto_free char *config = NULL;
	const char *top = "";
	size_t size = 0, n;
	int r;

	r = bt_images_find_(s->images, id, &row, err);
	if (r == 0)
		r = bt_images_config_(s->images, id, &config, err);
	if (r == 0)
		r = write_layers(s, row.chain_id, descriptors, paths, sources, err);
	if (r == 0)
		r = write_blob(s, config, config_digest, err);
	if (r == 0)
		r = write_manifest(s, config, config_digest, descriptors, digest, &size, err);
	n = json_array_size(descriptors);
	if (n > 0)
		top = bt_digest_hex(s->layers[n - 1].diff_id);
	if (r == 0)
		r = add_names(s, names, digest, size, top, tags, err);
	if (r < 0)
		return r;
	return json_array_append_new(
		       s->manifest,
		       json_pack("{so sO sO sO}", "Config",
				 json_sprintf(BLOB "%s", bt_digest_hex(config_digest)), "RepoTags",
				 json_array_size(tags) > 0 ? tags : json_null(), "Layers", paths,
				 "LayerSources", sources)) < 0
		       ? no_memory(err)
		       : 0;
}

static int write_json(struct save *s, const char *name, json_t *json, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	size_t len;

	if (!json || bt_json_dump(json, &text, &len) < 0)
		return no_memory(err);
	return failed(bt_tar_writer_file(&s->tar, name, text, len), err);
}

static int write_end(struct save *s, struct bt_err *err)
{
	json_auto_t *index = json_pack("{si ss sO}", "schemaVersion", 2, "mediaType",
				       BT_MEDIA_OCI_INDEX, "manifests", s->index);
	json_auto_t *layout = json_pack("{ss}", "imageLayoutVersion", "1.0.0");
	int r;

	r = write_json(s, "index.json", index, err);
	if (r == 0)
		r = write_json(s, "manifest.json", s->manifest, err);
	if (r == 0)
		r = write_json(s, "oci-layout", layout, err);
	if (r == 0 && json_object_size(s->repositories) > 0)
		r = write_json(s, "repositories", s->repositories, err);
	return r < 0 ? r : failed(bt_tar_writer_finish(&s->tar), err);
}

static int write_all(struct save *s, json_t *chosen, struct bt_err *err)
{
	const char *id;
	json_t *names;
	int r;

	r = failed(bt_tar_writer_entry(&s->tar, "blobs/", -1), err);
	if (r == 0)
		r = failed(bt_tar_writer_entry(&s->tar, "blobs/sha256/", -1), err);
	if (r < 0)
		return r;
	json_object_foreach (chosen, id, names) {
		r = write_image(s, id, names, err);
		if (r < 0)
			return r;
		bt_images_tell_(s->images, "save", id, id);
	}
	return write_end(s, err);
}

int bt_save(struct bt_images *images, const char *const *names, bt_save_write_fn fn, void *arg,
	    struct bt_err *err)
{
	struct save *s = calloc(1, sizeof(*s));
	json_auto_t *chosen = NULL;
	int r;

	if (!s)
		return no_memory(err);
	s->images = images;
	s->tar = (struct bt_tar_writer){ .fn = fn,
					 .arg = arg,
					 .mtime = bt_time_now_ns() / BT_TIME_NSEC_PER_SEC };
	s->index = json_array();
	s->manifest = json_array();
	s->repositories = json_object();
	r = choose_names(images, names, &chosen, err);
	if (r == 0)
		r = write_all(s, chosen, err);
	bt_map_done(&s->blobs);
	json_decref(s->index);
	json_decref(s->manifest);
	json_decref(s->repositories);
	free(s);
	return r;
}
