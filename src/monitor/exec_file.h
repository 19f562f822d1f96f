/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_EXEC_FILE_H
#define BT_MONITOR_EXEC_FILE_H

/*
 * What a daemon needs to know an exec again: <dir>/execs/<id>, where <dir> is the
 * container's run directory. Daemon and monitor append lines; nobody rewrites:
 *
 *     1 CONFIG            by the daemon, at creation: a JSON object
 *     started AT PID      by the monitor
 *     ended AT CODE       by the monitor, before it tells anybody; or could not be started
 *     told                by the daemon: the end has become an event
 *
 * AT is in nanoseconds since the epoch. A line that is torn or unknown is passed over.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

/** What a file says. */
struct bt_exec_file {
	char *config; /* JSON text; owned */
	bool started, ended, told;
	pid_t pid;
	int code;
	int64_t started_ns, ended_ns;
};

/** Make the file of a new exec. Returns 0; -EINVAL for an id that is no plain name; -EEXIST; or
 * another -errno, and there is none. */
bt_nodiscard int bt_exec_file_create(const char *dir, const char *id, const char *config);

/** Append what has happened. A missing file is fine: nobody wants to know. Returns 0 or -errno. */
bt_nodiscard int bt_exec_file_started(const char *dir, const char *id, int64_t at_ns, pid_t pid);
/** As above. */
bt_nodiscard int bt_exec_file_ended(const char *dir, const char *id, int64_t at_ns, int code);
/** As above. */
bt_nodiscard int bt_exec_file_told(const char *dir, const char *id);

/** Read one. Returns 0; -ENOENT; -EBADMSG where its first line is not whole; or another -errno. */
bt_nodiscard int bt_exec_file_read(const char *dir, const char *id, struct bt_exec_file *ret);

/** Parse the text of one: "" is none. `text` is changed. Returns 0, -EBADMSG or -ENOMEM. */
bt_nodiscard int bt_exec_file_parse(char *text, struct bt_exec_file *ret);

/** Release and leave it empty. */
void bt_exec_file_done(struct bt_exec_file *file);

#define bt_auto_exec_file bt_auto(bt_exec_file_done)

/** Call `fn` for the id of each file. Returns 0, what `fn` returned other than 0, or -errno; no
 * directory is none. */
bt_nodiscard int bt_exec_file_each(const char *dir, int (*fn)(void *data, const char *id),
				   void *data);

/** Remove one; a missing one is fine. */
void bt_exec_file_remove(const char *dir, const char *id);

#endif
