/* SPDX-License-Identifier: Apache-2.0 */

#include "image/commit.h"

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
#include "base/time.h"
#include "codec/json.h"
#include "codec/platform.h"
#include "image/change.h"
#include "image/images_private.h"
#include "image/stack.h"
#include "store/pack.h"

/* An archive of nothing: 1024 zeros. */
#define EMPTY_DIFF_ID "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

/* What of a container's Config an image keeps. */
static const char *const config_keys[] = {
	"User",    "ExposedPorts", "Env",         "Entrypoint",  "Cmd",
	"Volumes", "WorkingDir",   "Labels",      "StopSignal",  "Healthcheck",
	"OnBuild", "Shell",        "StopTimeout", "ArgsEscaped",
};

static int no_memory(struct bt_err *err)
{
	return bt_err_sys(err, -ENOMEM, "commit a container");
}

/* Writes the archive of the changes into a pipe. */
struct archiver {
	int root, fd;
	struct bt_err err;
	int result;
};

static int write_pipe(void *arg, const void *data, size_t len)
{
	return bt_io_write_all(((struct archiver *)arg)->fd, data, len);
}

static void *archiver_main(void *arg)
{
	struct archiver *a = arg;
	sigset_t pipe_gone;

	(void)sigemptyset(&pipe_gone);
	(void)sigaddset(&pipe_gone, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipe_gone, NULL);
	a->result = bt_pack(&(struct bt_pack){ .at = a->root,
					       .name = ".",
					       .as = "",
					       .whiteouts = true,
					       .write = write_pipe,
					       .write_arg = a },
			    &a->err);
	bt_close(&a->fd);
	return NULL;
}

/* The container's changes as a layer on `parent` (or NULL); the caller gets a reference. */
static int make_layer(struct bt_images *images, const char *container_id, const char *parent,
		      struct bt_layer_result *ret, struct bt_err *err)
{
	bt_auto(bt_layers_rw_paths_done) struct bt_layer_paths paths = { 0 };
	bt_auto_close int root = -EBADF, from = -EBADF;
	struct archiver a = { 0 };
	pthread_t thread;
	int fds[2], r;

	r = bt_layers_rw_paths(images->layers, container_id, &paths, err);
	if (r < 0)
		return r;
	root = open(paths.upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return bt_err_sys(err, -errno, "open %s", paths.upper);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return bt_err_sys(err, -errno, "commit a container");
	from = fds[0];
	a.fd = fds[1];
	a.root = root;
	r = pthread_create(&thread, NULL, archiver_main, &a);
	if (r != 0) {
		bt_close(&a.fd);
		return bt_err_sys(err, -r, "commit a container");
	}
	r = bt_layers_unpack(images->layers, parent, from, NULL, 0, ret, err);
	bt_close(&from);
	(void)pthread_join(thread, NULL);
	/* A broken pipe is only that the other end gave up: its reason is the reason. */
	if (a.result < 0 && (r == 0 || a.result != -EPIPE)) {
		if (r == 0)
			bt_discard(bt_layers_unref(images->layers, ret->chain_id, BT_ERR_IGNORED));
		*err = a.err;
		return a.result;
	}
	return r;
}

static json_t *make_config(const struct bt_commit *commit)
{
	json_t *config = json_object();

	for (size_t i = 0; i < sizeof(config_keys) / sizeof(config_keys[0]); i++) {
		json_t *value = bt_json_member(commit->config, config_keys[i]);

		if (value &&
		    json_object_set_new(config, config_keys[i], json_deep_copy(value)) < 0) {
			json_decref(config);
			return NULL;
		}
	}
	return config;
}

static int append_history(json_t *image, const struct bt_commit *commit, const char *now,
			  bool empty)
{
	json_t *history = bt_json_arr(image, "history"), *step;

	if (!history) {
		history = json_array();
		if (json_object_set_new(image, "history", history) < 0)
			return -ENOMEM;
	}
	step = json_pack("{ss ss* ss* ss*}", "created", now, "author", commit->author, "created_by",
			 commit->created_by, "comment", commit->comment);
	if (empty && json_object_set_new(step, "empty_layer", json_true()) < 0)
		return -ENOMEM;
	return json_array_append_new(history, step);
}

static int append_diff_id(json_t *image, const char *diff_id)
{
	json_t *rootfs = bt_json_obj(image, "rootfs"), *ids;

	if (!rootfs) {
		rootfs = json_pack("{sss[]}", "type", "layers", "diff_ids");
		if (json_object_set_new(image, "rootfs", rootfs) < 0)
			return -ENOMEM;
	}
	ids = bt_json_arr(rootfs, "diff_ids");
	return diff_id ? json_array_append_new(ids, json_string(diff_id)) : 0;
}

static int set_text(json_t *image, const char *key, const char *text)
{
	return json_object_set_new(image, key, json_string(text ? text : ""));
}

/* What every image says, and an older one may not have said. */
static int set_platform(json_t *image)
{
	struct bt_platform host;
	int r = 0;

	bt_platform_host(&host);
	if (!bt_json_member(image, "os"))
		r = set_text(image, "os", host.os);
	if (r == 0 && !bt_json_member(image, "architecture"))
		r = set_text(image, "architecture", host.arch);
	return r;
}

static int set_origin(json_t *image, const struct bt_commit *commit, const char *now)
{
	static const char *const of_parent[] = { "container", "container_config", "id", "parent" };

	for (size_t i = 0; i < sizeof(of_parent) / sizeof(of_parent[0]); i++)
		(void)json_object_del(image, of_parent[i]);
	return set_text(image, "created", now) < 0 ||
			       set_text(image, "author", commit->author) < 0 ||
			       set_text(image, "comment", commit->comment) < 0 ||
			       set_text(image, "docker_version", BT_VERSION) < 0
		       ? -ENOMEM
		       : 0;
}

/* The new image's configuration: its parent's, with what the container changed. */
static int make_image(const struct bt_commit *commit, const struct bt_image_row *base,
		      json_t *config, const char *diff_id, char **ret, size_t *ret_len,
		      struct bt_err *err)
{
	json_auto_t *image = base->config ? json_deep_copy(base->config) : json_object();
	char now[BT_TIME_RFC3339_LEN];

	bt_time_rfc3339(bt_time_now_ns(), now);
	if (json_object_set(image, "config", config) < 0 || set_origin(image, commit, now) < 0 ||
	    set_platform(image) < 0 || append_history(image, commit, now, !diff_id) < 0 ||
	    append_diff_id(image, diff_id) < 0 || bt_json_dump(image, ret, ret_len) < 0)
		return no_memory(err);
	return 0;
}

/* The layer on top of the base, or the base itself where nothing was changed. The stack has a
 * reference in any case; `ret_diff_id` is "" in the latter. */
static int stack_up(struct bt_images *images, const struct bt_commit *commit, const char *base,
		    struct bt_stack *stack, char ret_diff_id[BT_DIGEST_SIZE], struct bt_err *err)
{
	struct bt_layer_result layer;
	int r;

	r = make_layer(images, commit->container_id, base, &layer, err);
	if (r < 0)
		return r;
	if (strcmp(layer.diff_id, EMPTY_DIFF_ID) != 0) {
		memcpy(stack->chain_id, layer.chain_id, sizeof(stack->chain_id));
		memcpy(ret_diff_id, layer.diff_id, BT_DIGEST_SIZE);
		return 0;
	}
	ret_diff_id[0] = '\0';
	r = base ? bt_layers_ref(images->layers, base, err) : 0;
	bt_discard(bt_layers_unref(images->layers, layer.chain_id, BT_ERR_IGNORED));
	if (r == 0 && base)
		memcpy(stack->chain_id, base, sizeof(stack->chain_id));
	return r;
}

static void tell_tag(struct bt_images *images, const char *id, const struct bt_image_ref *ref)
{
	bt_auto_free char *repo = bt_name_repo(ref);
	bt_auto_free char *text = repo ? bt_name_text(repo, bt_image_ref_tag_or_latest(ref)) : NULL;

	if (text)
		bt_images_tell_(images, "tag", id, text);
}

int bt_commit(struct bt_images *images, const struct bt_commit *commit, char ret_id[72],
	      struct bt_err *err)
{
	bt_auto(bt_stack_done) struct bt_stack stack = { .layers = images->layers };
	bt_auto(bt_image_row_done_) struct bt_image_row base = { 0 };
	bt_auto_image_ref struct bt_image_ref ref = { 0 };
	json_auto_t *config = make_config(commit);
	bt_auto_free char *text = NULL;
	char diff_id[BT_DIGEST_SIZE];
	size_t len = 0;
	int r = 0;

	if (!config)
		return no_memory(err);
	if (commit->ref)
		r = bt_name_parse(commit->ref, &ref, err);
	if (r == 0 && ref.digest)
		r = bt_err_set(err, BT_ERR_INVALID, EINVAL,
			       "refusing to create a tag with a digest reference");
	if (r == 0)
		r = bt_change_apply_all(config, commit->changes, err);
	if (r == 0 && commit->image_id)
		r = bt_images_find_(images, commit->image_id, &base, err);
	if (r == 0)
		r = stack_up(images, commit, base.chain_id, &stack, diff_id, err);
	if (r == 0)
		r = make_image(commit, &base, config, diff_id[0] ? diff_id : NULL, &text, &len,
			       err);
	if (r == 0)
		r = bt_images_add(images, text, len, bt_stack_top(&stack), commit->image_id,
				  commit->ref, ret_id, err);
	if (r < 0)
		return r;
	bt_stack_taken(&stack);
	bt_images_tell_(images, "create", ret_id, ret_id);
	if (commit->ref)
		tell_tag(images, ret_id, &ref);
	return 0;
}

int bt_commit_export(int root, const struct bt_id_map *ids, bt_save_write_fn fn, void *arg,
		     struct bt_err *err)
{
	return bt_pack(&(struct bt_pack){ .at = root,
					  .name = ".",
					  .as = "",
					  .ids = ids,
					  .write = fn,
					  .write_arg = arg },
		       err);
}
