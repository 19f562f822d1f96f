/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_LOGS_LOG_FILES_H
#define BT_LOGS_LOG_FILES_H

/*
 * The files of one log, oldest first: path.N … path.1, path. They are read through
 * as one, also while a writer renames them: descriptors are held, so that nothing
 * is missed or read twice; and what is new after a rotation is found by inode.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

/* Rotated files beyond this are not looked for. */
#define BT_LOG_FILES_MAX 1000

/** Zeroed is none. */
struct bt_log_files {
	char *path; /* owned */
	int *fds;   /* owned, oldest first; -EBADF once read through */
	size_t n;
	size_t at;    /* the one being read; n: none is left */
	off_t offset; /* in it */
};

/** Open what there is; no file at all is fine. Returns 0 or -errno. */
bt_nodiscard int bt_log_files_open(const char *path, struct bt_log_files *ret);

/** Begin `lines` lines before the end instead of at the beginning. Returns 0 or -errno. */
bt_nodiscard int bt_log_files_tail(struct bt_log_files *files, int64_t lines);

/** Read on in the present file. Returns the count, 0 at its end, or -errno. */
bt_nodiscard ssize_t bt_log_files_read(struct bt_log_files *files, char *buf, size_t size);

/** Go to the next file. False: there is none, and the present one stays. */
bool bt_log_files_next(struct bt_log_files *files);

/** Has the file that is being read become shorter than what was read of it? Then reading begins
 * anew at its start. */
bool bt_log_files_truncated(struct bt_log_files *files);

/** Look for files that came after the last one, by rotation or by being made at last. Returns
 * how many, or -errno. */
bt_nodiscard int bt_log_files_refresh(struct bt_log_files *files);

/** Release and leave it empty. */
void bt_log_files_done(struct bt_log_files *files);

#endif
