/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_LOG_OPTIONS_H
#define BT_ENGINE_LOG_OPTIONS_H

/*
 * HostConfig.LogConfig as numbers, and the attributes of each line.
 */

#include <jansson.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_container_settings;

struct bt_log_options {
	int64_t max_size; /* bytes; 0: no limit */
	int max_file;
	char *attrs; /* JSON object text, owned; NULL: none */
};

/** May `opts` (LogConfig.Config; an object, or NULL) be given? INVALID names the one that makes no
 * sense. */
bt_nodiscard int bt_log_options_check(const json_t *opts, struct bt_err *err);

/** Read them. INVALID in Docker's words where one makes no sense. */
bt_nodiscard int bt_log_options_make(const struct bt_container_settings *settings,
				     struct bt_log_options *ret, struct bt_err *err);
/** Release what it owns. */
void bt_log_options_done(struct bt_log_options *options);

#endif
