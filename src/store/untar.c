/* SPDX-License-Identifier: Apache-2.0 */

#include "store/untar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "base/thread.h"
#include "store/extract.h"
#include "store/ring.h"
#include "sys/userns.h"

#define BLOCK_COUNT 4
#define BLOCK_SIZE  (256u << 10)
#define STACK_SIZE  (256u << 10)
#define ENTRIES_MAX (4u << 20)
#define HEADERS_MAX (4 << 20)
/* libarchive keeps some tens of bytes for each of the four that a region takes at least. */
#define SPARSE_MAP_MAX     (1 << 20)
#define FILE_SIZE_MAX      ((int64_t)1 << 40)
#define ARCHIVE_SIZE_LEAST ((int64_t)64 << 20)

/* The writing thread's state. */
struct writer {
	const struct bt_untar *u;
	struct bt_ring *ring;
	struct bt_extract x;
	struct archive *archive;
	int64_t entry_size;
	int64_t max; /* bytes of the archive, unpacked */

	/* Positions in the inflated archive, for the skeleton: of the block libarchive reads from,
	 * up to where all has been recorded, and the content of the current file. */
	const char *block;
	int64_t block_start, block_end, mark, file_start, file_end;
	const char *file_path; /* where that goes, or NULL where it is not told apart */
	int64_t header_bytes;  /* read for the current header, or -1 outside of one */

	struct bt_err err;
	int result;
};

/* Record the archive's bytes from `mark` to `upto`, which lie in the current block, but for those
 * that are the current file's content. */
static void record(struct writer *w, int64_t upto)
{
	while (w->mark < upto) {
		int64_t end = upto;

		if (w->mark >= w->file_start && w->mark < w->file_end) {
			w->mark = w->file_end < upto ? w->file_end : upto;
			continue;
		}
		if (w->mark < w->file_start && w->file_start < end)
			end = w->file_start;
		if (w->x.skeleton)
			bt_skeleton_raw(w->x.skeleton, w->block + (w->mark - w->block_start),
					(size_t)(end - w->mark));
		w->mark = end;
	}
}

/* The next block; what libarchive still needs of the last one it has copied. All of that one has
 * been understood by now: libarchive asks for more only when what it has does not suffice for the
 * header, or for the content, that it is reading. */
static ssize_t next_block(struct writer *w, const void **ret)
{
	const void *data;
	size_t len;
	int r;

	record(w, w->block_end);
	r = bt_ring_next(w->ring, &data, &len);
	if (r <= 0)
		return r;
	w->block = data;
	w->block_start = w->block_end;
	w->block_end += (int64_t)len;
	*ret = data;
	return (ssize_t)len;
}

static la_ssize_t on_read(struct archive *a, void *arg, const void **ret)
{
	struct writer *w = arg;
	ssize_t n = next_block(w, ret);

	if (n < 0) {
		archive_set_error(a, (int)-n, "cannot read it");
		return ARCHIVE_FATAL;
	}
	if (w->header_bytes >= 0) {
		w->header_bytes += n;
		if (w->header_bytes > HEADERS_MAX) {
			archive_set_error(a, EFBIG, "the header of an entry is too large");
			return ARCHIVE_FATAL;
		}
	}
	return n;
}

static int bad_archive(struct writer *w, struct bt_err *err)
{
	const char *why = archive_error_string(w->archive);

	return bt_err_set(err, BT_ERR_INVALID, EBADMSG, "invalid tar archive: %s",
			  why ? why : "unknown error");
}

/* For store/extract.h: the content of the current entry. */
static int64_t write_content(void *arg, int fd, struct bt_err *err)
{
	struct writer *w = arg;
	const void *data;
	int64_t end = 0;
	int64_t offset;
	size_t len;
	int r;

	/* Not before what was there has been moved away, and that recorded. */
	if (w->x.skeleton && w->file_path)
		bt_skeleton_file(w->x.skeleton, w->file_path, w->entry_size);
	/* The map of a sparse file may come first. */
	w->header_bytes = HEADERS_MAX - SPARSE_MAP_MAX;
	for (;;) {
		r = archive_read_data_block(w->archive, &data, &len, &offset);
		w->header_bytes = -1;
		if (r == ARCHIVE_EOF)
			break;
		if (r < ARCHIVE_WARN)
			return bad_archive(w, err);
		if (len == 0)
			continue;
		if (offset != end && lseek(fd, offset, SEEK_SET) < 0)
			return bt_err_sys(err, -errno, "unpack");
		r = bt_io_write_all(fd, data, len);
		if (r < 0)
			return bt_err_sys(err, r, "unpack");
		end = offset + (int64_t)len;
	}
	/* The hole at the end of a sparse file. */
	if (end < w->entry_size && ftruncate(fd, w->entry_size) < 0)
		return bt_err_sys(err, -errno, "unpack");
	return w->entry_size;
}

/* Does the content of the entry whose header was just read lie in the archive as it is, in `size`
 * bytes from `mark` on? Of sparse files only parts do (GNU tar manual, "Storing Sparse Files");
 * libarchive does not say so before it reads them, but their header gives another size, and in
 * version 1.0 a made-up name. The header is the 512 bytes before `mark`, and as all blocks but
 * the last are multiples of that, it is in the current one. */
static bool is_stored_whole(const struct writer *w, int64_t size)
{
	const char *header = w->block + (w->mark - 512 - w->block_start);
	int64_t stored = 0;

	if (w->mark - 512 < w->block_start || memmem(header, 100, "GNUSparseFile.", 14))
		return false;
	if ((header[124] & 0x80) != 0) {
		for (int i = 128; i < 136; i++)
			stored = (int64_t)((uint64_t)stored << 8 | (unsigned char)header[i]);
		return stored == size;
	}
	for (int i = 124; i < 136 && header[i] != ' ' && header[i] != '\0'; i++)
		stored = stored * 8 + (header[i] - '0');
	return stored == size;
}

/* A name of the archive as a clean path below the root. */
static int place(const struct bt_untar *u, const char *name, char **ret)
{
	bt_auto_free char *clean = NULL;
	int r = bt_tree_clean(name, &clean);

	if (r < 0)
		return r;
	if (!u->into || u->into[0] == '\0')
		*ret = bt_take(clean);
	else
		*ret = bt_str_format("%s%s%s", u->into, clean[0] ? "/" : "", clean);
	return *ret ? 0 : -ENOMEM;
}

/* The target of a hard link is a name of the archive, too. */
static int place_target(const struct bt_untar *u, struct archive_entry *entry)
{
	const char *target = archive_entry_hardlink(entry);
	bt_auto_free char *path = NULL;
	int r = target && u->into ? place(u, target, &path) : 0;

	if (path)
		archive_entry_set_hardlink(entry, path);
	return r;
}

static int too_large(int64_t max_bytes, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EFBIG,
			  "the archive is larger than %lld bytes when unpacked",
			  (long long)max_bytes);
}

static int unpack_entry(struct writer *w, struct archive_entry *entry, struct bt_err *err)
{
	const char *name = archive_entry_pathname(entry);
	int64_t size = archive_entry_size(entry);
	bt_auto_free char *path = NULL;
	bool whole;
	int r;

	if (!name)
		return bt_err_set(err, BT_ERR_INVALID, EBADMSG,
				  "invalid tar archive: an entry without a name");
	r = place(w->u, name, &path);
	if (r == 0)
		r = place_target(w->u, entry);
	if (r < 0)
		return bt_err_set(err, BT_ERR_INVALID, -r,
				  "invalid tar archive: the name '%.200s' %s", name,
				  r == -EXDEV ? "leads outside" : "is too long");
	if (size < 0 || size > FILE_SIZE_MAX)
		return bt_err_set(err, BT_ERR_INVALID, EFBIG,
				  "invalid tar archive: the size of /%s is out of bounds", path);

	record(w, archive_filter_bytes(w->archive, 0));
	w->file_path = NULL;
	w->entry_size = size;
	whole = size > 0 && is_stored_whole(w, size);
	if (whole && size > w->max - w->mark)
		return too_large(w->max, err);
	if (whole && bt_extract_kind(&w->x, entry, path) == BT_EXTRACT_FILE) {
		w->file_start = w->mark;
		w->file_end = w->mark + size;
		w->file_path = path;
	}
	return bt_extract_entry(&w->x, entry, path, err);
}

static int unpack_entries(struct writer *w, struct bt_err *err)
{
	struct archive_entry *entry;
	int r;

	for (unsigned int count = 0;; count++) {
		w->header_bytes = 0;
		r = archive_read_next_header(w->archive, &entry);
		w->header_bytes = -1;
		if (r == ARCHIVE_EOF)
			return bt_extract_finish(&w->x, err);
		if (r < ARCHIVE_WARN)
			return bad_archive(w, err);
		if (count == ENTRIES_MAX)
			return bt_err_set(err, BT_ERR_INVALID, EFBIG,
					  "the archive has more than %u entries", ENTRIES_MAX);
		r = unpack_entry(w, entry, err);
		if (r < 0)
			return r;
		/* Not while the next header is read: that one's bytes are limited. */
		if (archive_read_data_skip(w->archive) < ARCHIVE_WARN)
			return bad_archive(w, err);
	}
}

static int write_archive(struct writer *w, struct bt_err *err)
{
	const struct bt_id_map *ids = w->u->ids;
	const void *data;
	ssize_t n;
	int r;

	/* This thread's files get the modes that the archive says. */
	if (unshare(CLONE_FS) < 0)
		return bt_err_sys(err, -errno, "unpack");
	(void)umask(0);
	/* The host's root has no counterpart there, and could make nothing. */
	r = ids ? bt_userns_act_as(bt_id_map_outside(ids->uids, ids->nuids, 0),
				   bt_id_map_outside(ids->gids, ids->ngids, 0))
		: 0;
	if (r < 0)
		return bt_err_sys(err, r, "unpack");
	w->archive = archive_read_new();
	if (!w->archive || archive_read_support_format_tar(w->archive) != ARCHIVE_OK ||
	    archive_read_support_format_empty(w->archive) != ARCHIVE_OK)
		return bt_err_sys(err, -ENOMEM, "unpack");
	if (archive_read_open(w->archive, w, NULL, on_read, NULL) != ARCHIVE_OK)
		return bad_archive(w, err);
	r = unpack_entries(w, err);
	/* What follows the end of the archive belongs to its digest all the same. */
	while (r == 0) {
		n = next_block(w, &data);
		if (n < 0)
			return bt_err_sys(err, (int)n, "unpack");
		if (n == 0)
			break;
	}
	return r;
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;

	w->result = write_archive(w, &w->err);
	if (w->archive)
		(void)archive_read_free(w->archive);
	bt_extract_done(&w->x);
	bt_ring_cancel(w->ring);
	return NULL;
}

/* Fill one block, inflated. Returns its length, 0 at the end. */
static ssize_t fill_block(struct bt_inflate *inf, char *block, struct bt_err *err)
{
	size_t len = 0;

	while (len < BLOCK_SIZE) {
		ssize_t n = bt_inflate_read(inf, block + len, BLOCK_SIZE - len, err);

		if (n < 0)
			return n;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* Read all, into the ring and the digest. Returns 1 where the writer has given up. */
static int feed(struct bt_inflate *inf, struct bt_ring *ring, int64_t max_bytes,
		struct bt_untar_result *res, struct bt_err *err)
{
	struct bt_digest digest;
	void *block;
	ssize_t n;
	int r;

	bt_digest_init(&digest);
	for (;;) {
		r = bt_ring_claim(ring, &block);
		if (r < 0)
			return 1;
		n = fill_block(inf, block, err);
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		bt_digest_update(&digest, block, (size_t)n);
		res->archive_size += n;
		if (res->archive_size > max_bytes)
			return too_large(max_bytes, err);
		bt_ring_push(ring, (size_t)n);
	}
	bt_digest_text(&digest, res->diff_id);
	return 0;
}

/* Where nobody set a limit, what the file system has room for is one. */
static int64_t room_on_disk(int fd)
{
	struct statvfs st;
	int64_t room;

	if (fstatvfs(fd, &st) < 0)
		return INT64_MAX;
	room = (int64_t)st.f_bavail * (int64_t)st.f_frsize;
	return room > ARCHIVE_SIZE_LEAST ? room : ARCHIVE_SIZE_LEAST;
}

static int start_writer(struct writer *w, pthread_t *ret, struct bt_err *err)
{
	int r = bt_thread_start(ret, STACK_SIZE, writer_main, w);

	return r < 0 ? bt_err_sys(err, r, "unpack") : 0;
}

static int run(struct writer *w, struct bt_inflate *inf, struct bt_untar_result *res,
	       struct bt_err *err)
{
	pthread_t thread;
	int r;

	w->max = w->u->max_bytes > 0 ? w->u->max_bytes : room_on_disk(w->u->root);
	r = start_writer(w, &thread, err);
	if (r < 0)
		return r;
	r = feed(inf, w->ring, w->max, res, err);
	bt_ring_finish(w->ring, r < 0 ? r : 0);
	(void)pthread_join(thread, NULL);
	if (r < 0)
		return r;
	if (w->result < 0) {
		*err = w->err;
		return w->result;
	}
	res->size = w->x.size;
	return 0;
}

int bt_untar(const struct bt_untar *u, struct bt_untar_result *ret, struct bt_err *err)
{
	struct bt_untar_result res = { 0 };
	struct bt_inflate *inf = NULL;
	struct writer *w;
	int r;

	w = calloc(1, sizeof(*w));
	if (!w || bt_ring_create(BLOCK_COUNT, BLOCK_SIZE, &w->ring) < 0) {
		free(w);
		return bt_err_sys(err, -ENOMEM, "unpack");
	}
	w->u = u;
	w->header_bytes = -1;
	w->x = (struct bt_extract){
		.tree = { .root = u->root,
			  .cross_mounts = u->cross_mounts,
			  .made = u->implied ? bt_implied_add : NULL,
			  .made_arg = u->implied },
		.implied = u->implied,
		.whiteouts = u->whiteouts,
		.keep_kinds = u->keep_kinds,
		.owner = u->owner,
		.ids = u->ids,
		.shadow_fd = u->shadow_fd,
		.skeleton = u->skeleton,
		.content = write_content,
		.content_arg = w,
	};
	r = bt_inflate_create(u->read, u->read_arg, &inf, err);
	if (r == 0)
		r = run(w, inf, &res, err);
	bt_inflate_destroy(inf);
	bt_ring_destroy(w->ring);
	free(w);
	if (r == 0)
		*ret = res;
	return r;
}
