/* SPDX-License-Identifier: Apache-2.0 */

#include "image/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "store/digest.h"
#include "store/inflate.h"
#include "store/tree.h"

#define MEMBERS_MAX 100000
#define TEXT_MAX    (8u << 20)
#define TEXTS_MAX   (64u << 20)
#define BUFFER_SIZE (128u << 10)
#define HEAD_SIZE   512
#define LINKS_MAX   8
#define BLOBS       "blobs/sha256/"

struct reader {
	struct bt_bundle *bundle;
	const struct bt_progress *progress;
	struct bt_inflate *inf;
	struct archive *archive;
	/* The member being read: its first bytes, and what of them has been used. */
	char head[HEAD_SIZE];
	size_t head_len, head_used;
	struct bt_digest digest;
	char buffer[BUFFER_SIZE];
};

static la_ssize_t on_read(struct archive *a, void *arg, const void **ret)
{
	struct reader *rd = arg;
	struct bt_err err = { 0 };
	ssize_t n = bt_inflate_read(rd->inf, rd->buffer, BUFFER_SIZE, &err);

	if (n < 0) {
		archive_set_error(a, (int)-n, "%s", err.msg);
		return ARCHIVE_FATAL;
	}
	*ret = rd->buffer;
	return n;
}

static int bad_archive(struct reader *rd, struct bt_err *err)
{
	const char *why = archive_error_string(rd->archive);

	return bt_err_set(err, BT_ERR_INVALID, EBADMSG, "invalid archive: %s",
			  why ? why : "unknown error");
}

/* The member's content, for bt_layers_prepare() and for texts. */
static ssize_t read_member(void *arg, void *buf, size_t len, struct bt_err *err)
{
	struct reader *rd = arg;
	la_ssize_t n;

	if (rd->head_used < rd->head_len) {
		size_t rest = rd->head_len - rd->head_used;

		if (rest < len)
			len = rest;
		memcpy(buf, rd->head + rd->head_used, len);
		rd->head_used += len;
		n = (la_ssize_t)len;
	} else {
		n = archive_read_data(rd->archive, buf, len);
		if (n < 0)
			return bad_archive(rd, err);
	}
	bt_digest_update(&rd->digest, buf, (size_t)n);
	return n;
}

static int read_head(struct reader *rd, struct bt_err *err)
{
	rd->head_len = rd->head_used = 0;
	bt_digest_init(&rd->digest);
	while (rd->head_len < HEAD_SIZE) {
		la_ssize_t n = archive_read_data(rd->archive, rd->head + rd->head_len,
						 HEAD_SIZE - rd->head_len);

		if (n < 0)
			return bad_archive(rd, err);
		if (n == 0)
			break;
		rd->head_len += (size_t)n;
	}
	return 0;
}

static bool is_json(const struct reader *rd)
{
	size_t i = 0;

	while (i < rd->head_len && strchr(" \t\r\n", rd->head[i]) && rd->head[i] != '\0')
		i++;
	return i < rd->head_len && (rd->head[i] == '{' || rd->head[i] == '[');
}

/* Packed, or a tar archive: with its mark, or empty, or by its name. */
static bool is_layer(const struct reader *rd, const char *name)
{
	static const char zeros[HEAD_SIZE];
	const char *h = rd->head;

	if (rd->head_len >= 4 &&
	    (memcmp(h, "\x1f\x8b\x08", 3) == 0 || memcmp(h, "\x28\xb5\x2f\xfd", 4) == 0))
		return true;
	if (rd->head_len < HEAD_SIZE)
		return false;
	return memcmp(h + 257, "ustar", 5) == 0 || memcmp(h, zeros, HEAD_SIZE) == 0 ||
	       bt_str_ends(name, ".tar");
}

/* Does the content have the digest that its name promises? */
static int check_name(const char *name, const char *digest, struct bt_err *err)
{
	const char *hex = bt_str_after(name, BLOBS);

	if (hex && strcmp(hex, bt_digest_hex(digest)) != 0)
		return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
				  "invalid archive: %.100s has the digest %s", name, digest);
	return 0;
}

static int keep_text(struct reader *rd, const char *name, struct bt_err *err)
{
	struct bt_bundle *b = rd->bundle;
	bt_auto_str struct bt_str text = { .max = TEXT_MAX };
	char digest[BT_DIGEST_SIZE];
	char *copy = NULL;
	void *old = NULL;
	ssize_t n;
	int r;

	for (;;) {
		if (bt_str_reserve(&text, 4096) < 0)
			return bt_err_set(err, BT_ERR_INVALID, EFBIG,
					  "invalid archive: %.100s is too large", name);
		n = read_member(rd, text.p + text.len, 4096, err);
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		text.len += (size_t)n;
		text.p[text.len] = '\0';
	}
	b->text_bytes += text.len;
	if (b->text_bytes > TEXTS_MAX || memchr(bt_str_get(&text), '\0', text.len))
		return bt_err_set(err, BT_ERR_INVALID, EFBIG,
				  "invalid archive: too much or malformed JSON");
	bt_digest_text(&rd->digest, digest);
	r = check_name(name, digest, err);
	if (r < 0)
		return r;
	if (bt_str_steal(&text, &copy) < 0 || bt_map_put(&b->texts, name, copy, &old) < 0) {
		free(copy);
		return bt_err_sys(err, -ENOMEM, "load an archive");
	}
	free(old);
	return 0;
}

static void layer_destroy(struct bt_bundle_layer *layer)
{
	if (!layer)
		return;
	bt_layer_copy_destroy(layer->copy);
	free(layer);
}

/* What follows the layer's own end in its member is part of its digest. */
static int drain(struct reader *rd, struct bt_err *err)
{
	char rest[4096];
	ssize_t n;

	do
		n = read_member(rd, rest, sizeof(rest), err);
	while (n > 0);
	return (int)n;
}

static int unpack_layer(struct reader *rd, const char *name, struct bt_err *err)
{
	struct bt_bundle_layer *layer = calloc(1, sizeof(*layer));
	void *old = NULL;
	int r;

	if (!layer)
		return bt_err_sys(err, -ENOMEM, "load an archive");
	r = bt_layers_prepare(rd->bundle->layers,
			      &(struct bt_layer_source){ .read = read_member, .arg = rd },
			      &layer->copy, err);
	if (r == 0)
		r = drain(rd, err);
	if (r == 0) {
		bt_digest_text(&rd->digest, layer->digest);
		(void)strcpy(layer->diff_id, bt_layer_copy_diff_id(layer->copy));
		r = check_name(name, layer->digest, err);
	}
	if (r == 0 && bt_map_put(&rd->bundle->copies, name, layer, &old) < 0)
		r = bt_err_sys(err, -ENOMEM, "load an archive");
	if (r < 0) {
		layer_destroy(layer);
		return bt_err_context(err, "%.100s", name);
	}
	layer_destroy(old);
	return 0;
}

/* A link stands for a member of the same archive, not for a file. */
static int keep_link(struct reader *rd, const char *name, const char *target, bool relative,
		     struct bt_err *err)
{
	bt_auto_free char *full = NULL, *clean = NULL;
	const char *slash = strrchr(name, '/');
	void *old = NULL;

	if (relative && slash)
		full = bt_str_format("%.*s/%s", (int)(slash - name), name, target);
	else
		full = strdup(target);
	if (!full)
		return bt_err_sys(err, -ENOMEM, "load an archive");
	if (bt_tree_clean(full, &clean) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
				  "invalid archive: the link %.100s leads outside", name);
	if (bt_map_put(&rd->bundle->links, name, clean, &old) < 0)
		return bt_err_sys(err, -ENOMEM, "load an archive");
	(void)bt_take(clean);
	free(old);
	return 0;
}

/* The layer's bar, complete. */
static int tell_layer(struct reader *rd, const char *name, int64_t size, struct bt_err *err)
{
	const struct bt_bundle_layer *layer = bt_map_get(&rd->bundle->copies, name);
	char id[13];
	int r;

	(void)snprintf(id, sizeof(id), "%.12s", bt_digest_hex(layer->diff_id));
	r = bt_progress_bar(rd->progress, id, "Loading layer", size, size);
	return r < 0 ? bt_err_sys(err, r, "load an archive") : 0;
}

static int read_entry(struct reader *rd, struct archive_entry *entry, struct bt_err *err)
{
	const char *path = archive_entry_pathname(entry);
	bt_auto_free char *name = NULL;
	int r;

	if (!path || bt_tree_clean(path, &name) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
				  "invalid archive: a member's name leads outside");
	if (archive_entry_hardlink(entry))
		return keep_link(rd, name, archive_entry_hardlink(entry), false, err);
	if (archive_entry_filetype(entry) == AE_IFLNK)
		return keep_link(rd, name, archive_entry_symlink(entry), true, err);
	if (archive_entry_filetype(entry) != AE_IFREG)
		return 0;
	r = read_head(rd, err);
	if (r < 0)
		return r;
	if (is_layer(rd, name)) {
		int64_t size = archive_entry_size(entry);

		r = unpack_layer(rd, name, err);
		return r < 0 ? r : tell_layer(rd, name, size, err);
	}
	return is_json(rd) ? keep_text(rd, name, err) : 0;
}

static int read_all(struct reader *rd, struct bt_err *err)
{
	struct archive_entry *entry;
	int r;

	if (archive_read_open(rd->archive, rd, NULL, on_read, NULL) != ARCHIVE_OK)
		return bad_archive(rd, err);
	for (;;) {
		r = archive_read_next_header(rd->archive, &entry);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r < ARCHIVE_WARN)
			return bad_archive(rd, err);
		if (rd->bundle->members++ == MEMBERS_MAX)
			return bt_err_set(err, BT_ERR_INVALID, EFBIG,
					  "invalid archive: more than %d members", MEMBERS_MAX);
		r = read_entry(rd, entry, err);
		if (r < 0)
			return r;
	}
}

int bt_bundle_read(struct bt_bundle *bundle, int fd, const struct bt_progress *progress,
		   struct bt_err *err)
{
	struct reader *rd = calloc(1, sizeof(*rd));
	int r;

	if (!rd)
		return bt_err_sys(err, -ENOMEM, "load an archive");
	rd->bundle = bundle;
	rd->progress = progress;
	rd->archive = archive_read_new();
	r = bt_inflate_create(bt_inflate_read_fd, &fd, &rd->inf, err);
	if (r == 0 && (!rd->archive || archive_read_support_format_tar(rd->archive) != ARCHIVE_OK))
		r = bt_err_sys(err, -ENOMEM, "load an archive");
	if (r == 0)
		r = read_all(rd, err);
	if (rd->archive)
		(void)archive_read_free(rd->archive);
	bt_inflate_destroy(rd->inf);
	free(rd);
	return r;
}

/* What `name` stands for in the end; borrowed. */
static const char *follow(const struct bt_bundle *bundle, const char *name)
{
	for (int i = 0; i < LINKS_MAX; i++) {
		const char *target = bt_map_get(&bundle->links, name);

		if (!target)
			break;
		name = target;
	}
	return name;
}

const char *bt_bundle_text(const struct bt_bundle *bundle, const char *name)
{
	return bt_map_get(&bundle->texts, follow(bundle, name));
}

struct bt_bundle_layer *bt_bundle_layer(const struct bt_bundle *bundle, const char *name)
{
	return bt_map_get(&bundle->copies, follow(bundle, name));
}

void bt_bundle_done(struct bt_bundle *bundle)
{
	void *value;

	for (size_t pos = 0; bt_map_next(&bundle->texts, &pos, NULL, &value);)
		free(value);
	for (size_t pos = 0; bt_map_next(&bundle->links, &pos, NULL, &value);)
		free(value);
	for (size_t pos = 0; bt_map_next(&bundle->copies, &pos, NULL, &value);)
		layer_destroy(value);
	bt_map_done(&bundle->texts);
	bt_map_done(&bundle->links);
	bt_map_done(&bundle->copies);
}
