/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_ARCHIVE_H
#define BT_ENGINE_CONTAINER_ARCHIVE_H

/*
 * Copies in and out of a container (`cp`), running or not. What is in its root
 * is hostile: paths are resolved beneath a descriptor of that root, as in a
 * chroot, and never by text on the host.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_engine;
struct bt_container_archive;

/**
 * Find `path` in a container.
 *
 * @ret_stat: {"name","size","mode" (bits of Go's os.FileMode),"mtime","linkTarget"}, owned; may be
 *            NULL.
 * @ret:      what bt_container_archive_write() reads, or NULL where only the first is wanted.
 *
 * NOT_FOUND "Could not find the file PATH in container REF".
 */
bt_nodiscard int bt_container_archive_open(struct bt_engine *engine, const char *ref,
					   const char *path, json_t **ret_stat,
					   struct bt_container_archive **ret, struct bt_err *err);
/** Write the file, or the directory with all below, as tar. */
bt_nodiscard int bt_container_archive_write(struct bt_container_archive *archive,
					    int (*fn)(void *arg, const void *data, size_t len),
					    void *arg, struct bt_err *err);
/** Release. NULL is fine. */
void bt_container_archive_close(struct bt_container_archive *archive);

struct bt_container_put {
	const char *path; /* an existing directory in the container */
	bool keep_kinds;  /* noOverwriteDirNonDir */
	bool copy_owner;  /* copyUIDGID */
	int fd;           /* the archive, plain or packed; borrowed */
};

/** Unpack an archive into a container. INVALID where `path` is no directory, FORBIDDEN where it is
 * read-only. After a failure what was unpacked so far is still there. */
bt_nodiscard int bt_container_archive_put(struct bt_engine *engine, const char *ref,
					  const struct bt_container_put *put, struct bt_err *err);

#endif
