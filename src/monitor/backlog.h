/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_BACKLOG_H
#define BT_MONITOR_BACKLOG_H

/*
 * What somebody missed who reads the log and then attaches: lines that came after the
 * end of the log was read. Only the monitor can tell, which neither logs nor delivers
 * anything while it looks.
 */

#include "base/attr.h"
#include "base/str.h"
#include "logs/json_file.h"
#include "monitor/protocol.h"

/** Append to `ret`, as `how` says, the lines of the log at `path` behind `how->logged_ns`, and what
 * of a line is in `log` (flushed) but not yet in the file. Returns 0; -EAGAIN where that is more
 * than BT_ATTACH_QUEUE_MAX; or another negative errno. */
bt_nodiscard int bt_backlog_read(const char *path, const struct bt_json_file *log,
				 const struct bt_spawn_client *how, struct bt_str *ret);

#endif
