/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_LOGS_READER_H
#define BT_LOGS_READER_H

/*
 * Reading logs back, through rotation: what `logs` answers from. The reader
 * produces the bytes of the wire itself (Docker's multiplexed frames, or plain
 * text for a terminal), because at hundreds of megabytes a second a call for
 * each line would cost more than the line.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_reader;

struct bt_reader_options {
	const char *path; /* of the json-file; rotated ones are found beside it. Borrowed */
	bool out, err;
	bool mux;        /* frame as Docker's raw-stream; false: plain */
	bool timestamps; /* each line behind its time and a blank */
	bool details;    /* … and behind its attrs as k=v,k=v */
	bool follow;
	int64_t since_ns, until_ns; /* 0: not given */
	int64_t tail;               /* lines from the end; -1: all */
};

/** Open. A log that does not exist yet is empty. Returns 0 or a negative errno. */
bt_nodiscard int bt_reader_open(const struct bt_reader_options *opt, struct bt_reader **ret,
				struct bt_err *err);

/**
 * Fill `buf` with at most `size` (>= 32 KiB) bytes of whole frames or text. A line of which as much
 * does not fit, which our writer's never are, comes in several frames.
 * Returns the count, 0 at the end, -EAGAIN where following and nothing is there
 * yet (poll bt_reader_fd() then), or another negative errno. Lines that are no
 * valid JSON are skipped and counted.
 */
bt_nodiscard ssize_t bt_reader_read(struct bt_reader *reader, char *buf, size_t size);

/** The time of the last line that was understood, wanted or not; 0: none was. Lines of our writer
 * have each a time of its own. */
int64_t bt_reader_last_ns(const struct bt_reader *reader);

/** Were there lines before `since_ns` among those that were read? */
bool bt_reader_has_passed(const struct bt_reader *reader);

/** A descriptor that becomes readable when the followed log changes; borrowed. */
int bt_reader_fd(const struct bt_reader *reader);

/** Say that nothing more will be written: a following reader ends at the end of the file. */
void bt_reader_finish(struct bt_reader *reader);

/** Close. NULL is fine. */
void bt_reader_close(struct bt_reader *reader);

#endif
