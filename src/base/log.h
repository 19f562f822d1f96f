/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_LOG_H
#define BT_BASE_LOG_H

/*
 * The daemon's own messages, one line each on standard error. Libraries do not
 * log: they return errors, and whoever handles one reports it here, once.
 * Control characters in messages are escaped, so that nothing a client sends
 * can forge a line.
 */

#include "base/attr.h"

enum bt_log_level {
	BT_LOG_DEBUG,
	BT_LOG_INFO,
	BT_LOG_WARN,
	BT_LOG_ERROR,
	BT_LOG_FATAL,
};

/** Messages below `level` are dropped from now on; INFO at first. Any thread. */
void bt_log_set_level(enum bt_log_level level);

/** Parse dockerd's names of levels: debug, info, warn, error, fatal. Returns 0 or -EINVAL. */
bt_nodiscard int bt_log_level_parse(const char *name, enum bt_log_level *ret);

/** Write one line: time, level, message. Lines longer than 2 KiB are cut. */
void bt_log_write(enum bt_log_level level, const char *fmt, ...) bt_printf(2, 3);

#define bt_log_debug(...) bt_log_write(BT_LOG_DEBUG, __VA_ARGS__)
#define bt_log_info(...)  bt_log_write(BT_LOG_INFO, __VA_ARGS__)
#define bt_log_warn(...)  bt_log_write(BT_LOG_WARN, __VA_ARGS__)
#define bt_log_error(...) bt_log_write(BT_LOG_ERROR, __VA_ARGS__)

#endif
