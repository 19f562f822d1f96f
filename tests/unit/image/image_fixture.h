/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_IMAGE_FIXTURE_H
#define BT_TESTS_IMAGE_FIXTURE_H

/*
 * Whole images in the little registry or in the stores, and what a client is told
 * while they go from one to the other.
 */

#include "codec/json.h"
#include "image/media.h"
#include "image/progress.h"
#include "little_registry.h"

/** What was told: "ID status\n", or "status\n" (bars without their numbers). */
static struct bt_str said;
/** After so many messages the client is gone; 0: never. */
static int patience;

static inline int note_message(void *arg, const json_t *message)
{
	const char *id = bt_json_str(message, "id", "");

	(void)arg;
	bt_str_printf(&said, "%s%s%s\n", id, id[0] ? " " : "", bt_json_str(message, "status", ""));
	return patience > 0 && --patience == 0 ? -EPIPE : 0;
}

static const struct bt_progress progress = { .fn = note_message };

static inline void teardown_images(void)
{
	bt_str_done(&said);
	teardown_registry();
}

/** How often a line was told that ends in `status`. */
static inline int count_said(const char *status)
{
	bt_auto_free char *end = bt_str_format("%s\n", status);
	int n = 0;

	for (const char *p = bt_str_get(&said); (p = strstr(p, end)); p++)
		n++;
	return n;
}

/** An image of `n` layers in the registry. */
struct made_image {
	struct made_layer layers[8];
	size_t n;
	char id[BT_DIGEST_SIZE], digest[BT_DIGEST_SIZE]; /* of configuration and manifest */
	char *config, *manifest;                         /* owned */
};

static inline void made_image_done(struct made_image *image)
{
	free(image->config);
	free(image->manifest);
}

/** The configuration that names the layers; `arch` NULL: this machine's. */
static inline char *make_config(const struct made_layer *made, size_t n, const char *arch)
{
	bt_auto_str struct bt_str text = { 0 };
	char *ret;

	bt_str_printf(&text,
		      "{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"sh\"]},"
		      "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[",
		      arch ? arch : "amd64");
	for (size_t i = 0; i < n; i++)
		bt_str_printf(&text, "%s\"%s\"", i > 0 ? "," : "", made[i].diff_id);
	bt_str_puts(&text, "]}}");
	ck_assert_int_eq(bt_str_steal(&text, &ret), 0);
	return ret;
}

/** The manifest of a configuration and its layers. */
static inline char *make_manifest(const char *config, const struct made_layer *made, size_t n)
{
	bt_auto_str struct bt_str text = { 0 };
	char id[BT_DIGEST_SIZE], *ret;

	bt_digest_of(config, strlen(config), id);
	bt_str_printf(&text,
		      "{\"schemaVersion\":2,\"mediaType\":\"" BT_MEDIA_DOCKER_V2 "\",\"config\":{"
		      "\"mediaType\":\"" BT_MEDIA_DOCKER_CONFIG
		      "\",\"size\":%zu,\"digest\":\"%s\"},"
		      "\"layers\":[",
		      strlen(config), id);
	for (size_t i = 0; i < n; i++)
		bt_str_printf(&text,
			      "%s{\"mediaType\":\"" BT_MEDIA_DOCKER_LAYER "\",\"size\":%lld,"
			      "\"digest\":\"%s\"}",
			      i > 0 ? "," : "", (long long)made[i].size, made[i].digest);
	bt_str_puts(&text, "]}");
	ck_assert_int_eq(bt_str_steal(&text, &ret), 0);
	return ret;
}

/** Put what belongs to an image, whose layers are there, into `repo`, by `tag` and by digest. */
static inline void keep_image(const char *repo, const char *tag, struct made_image *image)
{
	size_t len = strlen(image->manifest);

	bt_digest_of(image->config, strlen(image->config), image->id);
	bt_digest_of(image->manifest, len, image->digest);
	keep_data(KEPT_BLOB, repo, image->id, "x/y", image->config, strlen(image->config));
	if (tag)
		keep_data(KEPT_MANIFEST, repo, tag, BT_MEDIA_DOCKER_V2, image->manifest, len);
	keep_data(KEPT_MANIFEST, repo, image->digest, BT_MEDIA_DOCKER_V2, image->manifest, len);
}

/** A whole image of `n` layers there; every second one is packed. */
static inline struct made_image make_image(const char *repo, const char *tag, size_t n,
					   const char *arch)
{
	struct made_image image = { .n = n };

	for (size_t i = 0; i < n; i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "layer %zu of %.16s", i, repo);
		image.layers[i] = make_layer(repo, text, i % 2 == 1);
	}
	image.config = make_config(image.layers, n, arch);
	image.manifest = make_manifest(image.config, image.layers, n);
	keep_image(repo, tag, &image);
	return image;
}

/** No layer is referred to, nor lies in the store, and no image is there. */
static inline void check_stores_empty(void)
{
	ck_assert_int_eq(count_rows("SELECT count(*) FROM images"), 0);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM image_names"), 0);
	close_stores();
	open_stores(root);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM layers"), 0);
}

/** An image of `n` layers in the stores, as `name`. */
static inline void import_image(const char *name, size_t n, char id[BT_DIGEST_SIZE])
{
	struct made_layer made[8];
	struct bt_layer_result res = { .chain_id = "" };
	bt_auto_free char *config = NULL;

	for (size_t i = 0; i < n; i++) {
		bt_auto_free char *text = bt_str_format("%s, layer %zu", name, i);
		bt_auto_str struct bt_str tar = { 0 };
		bt_auto_close int fd = -EBADF;
		char parent[BT_DIGEST_SIZE];

		make_tar(&tar, "file", text);
		fd = bt_io_memfd("tar", tar.p, tar.len);
		(void)memcpy(parent, res.chain_id, sizeof(parent));
		ck_well(bt_layers_unpack(layers, i > 0 ? parent : NULL, fd, NULL, 0, &res, &err),
			&err);
		(void)memcpy(made[i].diff_id, res.diff_id, sizeof(made[i].diff_id));
		/* Of the one below the one on top has a reference. */
		if (i > 0)
			ck_well(bt_layers_unref(layers, parent, &err), &err);
	}
	config = make_config(made, n, NULL);
	ck_well(bt_images_add(images, config, strlen(config), n > 0 ? res.chain_id : NULL, NULL,
			      name, id, &err),
		&err);
}

#endif
