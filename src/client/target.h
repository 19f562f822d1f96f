/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLIENT_TARGET_H
#define BT_CLIENT_TARGET_H

/*
 * Writing request targets: a path and its query, percent-encoded (RFC 3986).
 */

#include "base/attr.h"
#include "base/str.h"

/** Append `segment` so that it is one path segment: a slash in it is escaped. */
void bt_target_segment(struct bt_str *target, const char *segment);

/** Append a path of several segments, as images' names are: its slashes stay. */
void bt_target_path(struct bt_str *target, const char *path);

/** Append "?name=value" or "&name=value", whichever fits. NULL for `value` appends nothing. */
void bt_target_add(struct bt_str *target, const char *name, const char *value);

/** The same for a number. */
void bt_target_add_number(struct bt_str *target, const char *name, long long value);

/** The same for a moment, as seconds and nanoseconds since 1970: `text` is a time, or so long ago
 * by our clock, as docker does it. NULL or "" appends nothing. Returns 0, or -EINVAL where it is
 * neither. */
bt_nodiscard int bt_target_add_time(struct bt_str *target, const char *name, const char *text);

/** The same for a flag: "name=1" where it is set, nothing where not. */
void bt_target_add_flag(struct bt_str *target, const char *name, bool value);

#endif
