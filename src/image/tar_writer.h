/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_IMAGE_TAR_WRITER_H
#define BT_IMAGE_TAR_WRITER_H

/*
 * A tar archive of files and directories with short names (ustar), written as it
 * comes. For what `save` writes; trees of files go through libarchive.
 */

#include <stdint.h>

#include "base/attr.h"
#include "image/save.h"

/** Where to write. Zeroed but for the first two, it is ready. */
struct bt_tar_writer {
	bt_save_write_fn fn;
	void *arg;
	int64_t mtime;   /* of all entries, seconds */
	int64_t written; /* of the current file */
};

/** Begin a file of `size` bytes, or (size -1) make a directory; `name` of at most 99 bytes. Its
 * content follows by bt_tar_writer_data(). Returns 0 or a negative errno, as all here. */
bt_nodiscard int bt_tar_writer_entry(struct bt_tar_writer *w, const char *name, int64_t size);
/** Content; a bt_layers_write_fn whose argument is the writer. */
int bt_tar_writer_data(void *w, const void *data, size_t len);
/** End the file's content with its padding. */
bt_nodiscard int bt_tar_writer_end(struct bt_tar_writer *w);
/** A whole file. */
bt_nodiscard int bt_tar_writer_file(struct bt_tar_writer *w, const char *name, const void *data,
				    size_t len);
/** The end of the archive. */
bt_nodiscard int bt_tar_writer_finish(struct bt_tar_writer *w);

#endif
