/* SPDX-License-Identifier: Apache-2.0 */

#include "image/load.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/platform.h"
#include "image/bundle.h"
#include "image/images_private.h"
#include "image/media.h"
#include "image/stack.h"

#define BLOBS       "blobs/sha256/"
#define INDEX_DEPTH 3

struct load {
	struct bt_images *images;
	struct bt_bundle bundle;
	struct bt_platform platform;
	bool only; /* nothing but images for `platform` */
	const struct bt_progress *progress;
	size_t loaded;
};

static int invalid(struct bt_err *err, const char *what, const char *name)
{
	return bt_err_set(err, BT_ERR_INVALID, EBADMSG, "invalid archive: %s %.150s", what, name);
}

static int parse(const char *text, json_t **ret, struct bt_err *err)
{
	return bt_json_parse(text, strlen(text), BT_JSON_UNIQUE, ret, err);
}

/* Writes a layer that is in the store into a pipe, for copy_again(). */
struct feeder {
	struct bt_layers *layers;
	const char *chain_id;
	int fd;
};

static int write_pipe(void *arg, const void *data, size_t len)
{
	return bt_io_write_all(((struct feeder *)arg)->fd, data, len);
}

static void *feeder_main(void *arg)
{
	struct feeder *f = arg;
	sigset_t pipe_gone;

	(void)sigemptyset(&pipe_gone);
	(void)sigaddset(&pipe_gone, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipe_gone, NULL);
	bt_discard(bt_layers_write(f->layers, f->chain_id, write_pipe, f, BT_ERR_IGNORED));
	bt_close(&f->fd);
	return NULL;
}

/* Another copy of a layer whose first copy lies on top of something else already. */
static int copy_again(struct load *l, const char *chain_id, const char *diff_id,
		      struct bt_layer_copy **ret, struct bt_err *err)
{
	struct feeder f = { .layers = l->images->layers, .chain_id = chain_id };
	bt_auto_close int from = -EBADF;
	pthread_t thread;
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return bt_err_sys(err, -errno, "copy a layer");
	from = fds[0];
	f.fd = fds[1];
	r = pthread_create(&thread, NULL, feeder_main, &f);
	if (r != 0) {
		bt_close(&f.fd);
		return bt_err_sys(err, -r, "copy a layer");
	}
	r = bt_layers_prepare(l->images->layers,
			      &(struct bt_layer_source){ .read = bt_inflate_read_fd,
							 .arg = &from,
							 .diff_id = diff_id },
			      ret, err);
	/* The feeder gets EPIPE where this ended early. */
	bt_close(&from);
	(void)pthread_join(thread, NULL);
	return r;
}

/* Where a layer of this diff id is in the store, a copy of it. */
static int find_copy(struct load *l, const char *diff_id, struct bt_layer_copy **ret,
		     struct bt_err *err)
{
	char chain_id[BT_DIGEST_SIZE];
	int r;

	{
		bt_auto_db_stmt struct bt_db_stmt q = { 0 };

		r = bt_db_prepare(l->images->db, &q, err,
				  "SELECT chain_id FROM layers WHERE diff_id = ?1 AND state = 1");
		if (r < 0)
			return r;
		bt_db_bind_text(&q, 1, diff_id);
		r = bt_db_step(&q, err);
		if (r < 0)
			return r;
		if (r == 0)
			return invalid(err, "no layer", diff_id);
		(void)snprintf(chain_id, sizeof(chain_id), "%s", bt_db_text(&q, 0));
	}
	r = bt_layers_ref(l->images->layers, chain_id, err);
	if (r < 0)
		return r;
	r = copy_again(l, chain_id, diff_id, ret, err);
	bt_discard(bt_layers_unref(l->images->layers, chain_id, BT_ERR_IGNORED));
	return r;
}

/* Put the member `name`, which must be the layer `diff_id`, on top. */
static int push_layer(struct load *l, struct bt_stack *stack, const char *name, const char *diff_id,
		      struct bt_err *err)
{
	struct bt_bundle_layer *layer = bt_bundle_layer(&l->bundle, name);
	struct bt_layer_copy *copy = NULL;
	int r;

	if (layer && strcmp(layer->diff_id, diff_id) != 0)
		return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
				  "invalid archive: the layer %.100s has the diff id %s, the "
				  "configuration names %s",
				  name, layer->diff_id, diff_id);
	r = bt_stack_find(stack, diff_id, err);
	if (r != 0)
		return r < 0 ? r : 0;
	if (!layer)
		return invalid(err, "it has no layer", name);
	if (layer->copy) {
		copy = bt_take(layer->copy);
	} else {
		r = find_copy(l, diff_id, &copy, err);
		if (r < 0)
			return r;
	}
	r = bt_stack_push(stack, copy, err);
	bt_layer_copy_destroy(copy);
	return r;
}

static int say_loaded(struct load *l, const char *what, const char *name, struct bt_err *err)
{
	bt_auto_free char *line = bt_str_format("%s: %s\n", what, name);
	int r = line ? bt_progress_stream(l->progress, line) : -ENOMEM;

	return r < 0 ? bt_err_sys(err, r, "load an archive") : 0;
}

/* Give the image all the names in `tags`, an array of texts (or NULL). */
static int name_image(struct load *l, const char *id, const json_t *tags, struct bt_err *err)
{
	json_t *tag;
	size_t i;
	int r;

	json_array_foreach (tags, i, tag) {
		bt_auto_image_ref struct bt_image_ref ref = { 0 };
		bt_auto_free char *repo = NULL, *text = NULL;

		if (!json_is_string(tag))
			return invalid(err, "a name is no text:", "RepoTags");
		r = bt_name_parse(json_string_value(tag), &ref, err);
		if (r < 0)
			return r;
		repo = bt_name_repo(&ref);
		if (!repo)
			return bt_err_sys(err, -ENOMEM, "load an archive");
		text = bt_name_text(repo,
				    ref.digest ? ref.digest : bt_image_ref_tag_or_latest(&ref));
		r = bt_images_add_name(l->images, id, repo,
				       ref.digest ? ref.digest : bt_image_ref_tag_or_latest(&ref),
				       err);
		if (r == 0)
			r = say_loaded(l, "Loaded image", text ? text : repo, err);
		if (r < 0)
			return r;
	}
	bt_images_tell_(l->images, "load", id, id);
	return json_array_size(tags) == 0 ? say_loaded(l, "Loaded image ID", id, err) : 0;
}

/* How well what `p` describes, a platform or an image's configuration, does for us. */
static int match_platform(const struct load *l, const json_t *p)
{
	struct bt_platform offered = { .os = "" };

	(void)snprintf(offered.os, sizeof(offered.os), "%s", bt_json_str(p, "os", ""));
	(void)snprintf(offered.arch, sizeof(offered.arch), "%s",
		       bt_json_str(p, "architecture", ""));
	(void)snprintf(offered.variant, sizeof(offered.variant), "%s",
		       bt_json_str(p, "variant", ""));
	return bt_platform_match(&l->platform, &offered);
}

/* One image: its configuration's text, and the members that are its layers. */
static int load_image(struct load *l, const char *config_text, const json_t *members,
		      const json_t *tags, struct bt_err *err)
{
	bt_auto(bt_stack_done) struct bt_stack stack = { .layers = l->images->layers };
	json_auto_t *config = NULL;
	const json_t *diff_ids;
	json_t *member;
	char id[72];
	size_t i;
	int r;

	r = parse(config_text, &config, err);
	if (r == 0 && l->only && match_platform(l, config) == 0)
		return 0;
	if (r == 0)
		r = bt_stack_diff_ids(config, json_array_size(members), &diff_ids, err);
	if (r < 0)
		return r;
	json_array_foreach (members, i, member) {
		const char *name = json_string_value(member);

		if (!name)
			return invalid(err, "a layer's name is no text:", "Layers");
		r = push_layer(l, &stack, name, json_string_value(json_array_get(diff_ids, i)),
			       err);
		if (r < 0)
			return r;
	}
	r = bt_images_add(l->images, config_text, strlen(config_text), bt_stack_top(&stack), NULL,
			  NULL, id, err);
	if (r < 0)
		return r;
	bt_stack_taken(&stack);
	l->loaded++;
	return name_image(l, id, tags, err);
}

/* manifest.json: [{"Config": name, "RepoTags": [...], "Layers": [names]}]. */
static int load_docker(struct load *l, const char *text, struct bt_err *err)
{
	json_auto_t *items = NULL;
	json_t *item;
	size_t i;
	int r;

	r = parse(text, &items, err);
	if (r < 0)
		return r;
	if (!json_is_array(items))
		return invalid(err, "no array:", "manifest.json");
	json_array_foreach (items, i, item) {
		const char *name = bt_json_str(item, "Config", "");
		const char *config = bt_bundle_text(&l->bundle, name);

		if (!config)
			return invalid(err, "manifest.json names what it does not hold:", name);
		r = load_image(l, config, bt_json_arr(item, "Layers"),
			       bt_json_arr(item, "RepoTags"), err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The text of the blob that a descriptor names. */
static const char *blob_text(struct load *l, const json_t *descriptor)
{
	const char *digest = bt_json_str(descriptor, "digest", "");
	char name[96];

	if (!bt_digest_is_valid(digest))
		return NULL;
	(void)snprintf(name, sizeof(name), BLOBS "%s", bt_digest_hex(digest));
	return bt_bundle_text(&l->bundle, name);
}

/* The names that an index's entry carries, as an array (new). */
static json_t *oci_names(const json_t *descriptor)
{
	const json_t *notes = bt_json_obj(descriptor, "annotations");
	const char *name = bt_json_str(notes, "io.containerd.image.name", NULL);
	const char *ref = bt_json_str(notes, "org.opencontainers.image.ref.name", NULL);

	if (!name && ref && strpbrk(ref, ":/"))
		name = ref;
	return name ? json_pack("[s]", name) : json_array();
}

static int load_oci_manifest(struct load *l, const json_t *manifest, const json_t *names,
			     struct bt_err *err)
{
	const char *config = blob_text(l, bt_json_obj(manifest, "config"));
	json_auto_t *members = json_array();
	json_t *layer;
	size_t i;

	if (!config)
		return invalid(err, "a manifest's configuration is missing:", "index.json");
	json_array_foreach (bt_json_arr(manifest, "layers"), i, layer) {
		const char *digest = bt_json_str(layer, "digest", "");

		if (!bt_digest_is_valid(digest))
			return invalid(err, "a layer's digest is invalid:", digest);
		if (json_array_append_new(members,
					  json_sprintf(BLOBS "%s", bt_digest_hex(digest))) < 0)
			return bt_err_sys(err, -ENOMEM, "load an archive");
	}
	return load_image(l, config, members, names, err);
}

static int match(const struct load *l, const json_t *descriptor)
{
	const json_t *p = bt_json_obj(descriptor, "platform");

	/* Nobody says that it is for another machine? */
	return p ? 2 * match_platform(l, p) : 1;
}

static int load_descriptor(struct load *l, const json_t *descriptor, const json_t *names, int depth,
			   struct bt_err *err);

/* Of an index inside, the one manifest that suits this machine best. */
static int load_best(struct load *l, const json_t *index, const json_t *names, int depth,
		     struct bt_err *err)
{
	const json_t *best = NULL, *entry;
	int best_score = 0;
	size_t i;

	json_array_foreach (bt_json_arr(index, "manifests"), i, entry) {
		int score = blob_text(l, entry) ? match(l, entry) : 0;

		if (score > best_score) {
			best = entry;
			best_score = score;
		}
	}
	return best ? load_descriptor(l, best, names, depth + 1, err)
		    : invalid(err, "no manifest for this platform:", l->platform.arch);
}

static int load_descriptor(struct load *l, const json_t *descriptor, const json_t *names, int depth,
			   struct bt_err *err)
{
	const char *text = blob_text(l, descriptor);
	json_auto_t *manifest = NULL;
	int r;

	if (!text || depth > INDEX_DEPTH)
		return invalid(
			err, "a manifest is missing:", bt_json_str(descriptor, "digest", "(none)"));
	r = parse(text, &manifest, err);
	if (r < 0)
		return r;
	if (bt_json_arr(manifest, "manifests") && bt_json_arr(manifest, "layers"))
		return invalid(err, "both an index and a manifest:",
			       bt_json_str(descriptor, "digest", ""));
	if (bt_json_arr(manifest, "manifests"))
		return load_best(l, manifest, names, depth, err);
	return load_oci_manifest(l, manifest, names, err);
}

static int load_oci(struct load *l, const char *text, struct bt_err *err)
{
	json_auto_t *index = NULL;
	json_t *entry;
	size_t i;
	int r;

	r = parse(text, &index, err);
	if (r < 0)
		return r;
	json_array_foreach (bt_json_arr(index, "manifests"), i, entry) {
		json_auto_t *names = oci_names(entry);

		/* Attestations and other platforms stand beside the image. */
		if (match(l, entry) == 0)
			continue;
		r = load_descriptor(l, entry, names, 0, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int load_all(struct load *l, int fd, bool quiet, struct bt_err *err)
{
	static const struct bt_progress nowhere = { 0 };
	const char *docker, *oci;
	int r;

	r = bt_bundle_read(&l->bundle, fd, quiet ? &nowhere : l->progress, err);
	if (r < 0)
		return r;
	docker = bt_bundle_text(&l->bundle, "manifest.json");
	oci = bt_bundle_text(&l->bundle, "index.json");
	if (!docker && !oci)
		return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
				  "invalid archive: it has neither manifest.json nor index.json");
	r = docker ? load_docker(l, docker, err) : load_oci(l, oci, err);
	if (r == 0 && l->loaded == 0)
		return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
				  "invalid archive: no image for %s/%s in it", l->platform.os,
				  l->platform.arch);
	return r;
}

int bt_load(struct bt_images *images, int fd, const char *platform, bool quiet,
	    const struct bt_progress *progress, struct bt_err *err)
{
	struct load l = { .images = images,
			  .bundle = { .layers = images->layers },
			  .only = platform && platform[0],
			  .progress = progress };
	int r;

	r = bt_platform_parse(platform, &l.platform, err);
	if (r == 0)
		r = load_all(&l, fd, quiet, err);
	bt_bundle_done(&l.bundle);
	return r;
}
