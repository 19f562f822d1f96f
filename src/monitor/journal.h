/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_JOURNAL_H
#define BT_MONITOR_JOURNAL_H

/*
 * The journal of a container: one line for each start, each end, each kill for
 * want of memory, and each restart that was asked for, appended by its monitor before anybody is
 * told. The daemon keeps the number of the last record it has applied and reads on from there.
 *
 *     1 SEQ started AT PID RESTARTS MONITOR ;
 *     1 SEQ exited AT CODE OOM FINAL STOPPED RESTARTS AGAIN_IN ;
 *     1 SEQ start-failed AT CODE FINAL KIND ERRNUM RESTARTS MESSAGE ;
 *     1 SEQ oom AT ;
 *     1 SEQ restarted AT ;
 *     1 SEQ told ;
 *
 * The first field is the version of the line; the last says that the line is
 * whole. "told" says that a daemon has made an event of the record SEQ, though it may not have
 * stored it. MESSAGE is percent-encoded. A line that was torn by a crash, or is of a version or a
 * kind that is not known, is skipped. Sequence numbers grow by one.
 *
 * Records survive the death of any process, but not of the machine: a line is
 * one write(2) without fsync(2). What a machine loses it has also stopped.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

#define BT_JOURNAL_VERSION 1

enum bt_journal_kind {
	BT_JOURNAL_STARTED,
	BT_JOURNAL_EXITED,
	BT_JOURNAL_START_FAILED,
	BT_JOURNAL_OOM,       /* the kernel killed something in it for want of memory */
	BT_JOURNAL_RESTARTED, /* a "restart" that was asked for is carried out */
};

/** One record. Plain data; members that the kind does not have are zero. */
struct bt_journal_record {
	enum bt_journal_kind kind;
	uint64_t seq;
	int64_t at_ns;
	pid_t pid;           /* started: the init, as the host sees it */
	pid_t monitor;       /* started */
	int restarts;        /* restarts made so far */
	int code;            /* exited, start-failed: Docker's exit code */
	bool oom;            /* exited */
	bool final;          /* exited, start-failed: no restart follows */
	bool stopped;        /* exited: somebody asked for it */
	int64_t again_in_ms; /* exited: until the restart; 0 where final */
	struct bt_err error; /* start-failed */
	/* It is in the journal, where it can be read again: whoever hears of it need not store it
	 * at once. True of what bt_journal_read() gives; not written. */
	bool kept;
	bool told; /* a daemon has made an event of it; of what bt_journal_read() gives */
};

/** Open for appending, creating with mode 0600; a torn last line is ended, so that it can be
 * told from the next one. Returns a descriptor (owned by the caller) or -errno. */
bt_nodiscard int bt_journal_open(const char *path);

/** Append one record with one write(2). Returns 0 or -errno. */
bt_nodiscard int bt_journal_append(int fd, const struct bt_journal_record *record);

/** Append that the record `seq` has become an event. Returns 0 or -errno. */
bt_nodiscard int bt_journal_append_told(int fd, uint64_t seq);

/** Called for each record; `record` is borrowed. A return other than 0 ends the reading. */
typedef int (*bt_journal_fn)(void *data, const struct bt_journal_record *record);

/** Read the records with a number above `after_seq`, in order. A missing file holds none.
 * Returns 0, what `fn` returned, or -errno with *err filled. */
bt_nodiscard int bt_journal_read(const char *path, uint64_t after_seq, bt_journal_fn fn, void *data,
				 struct bt_err *err);

#endif
