/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_ATTACH_H
#define BT_CLI_ATTACH_H

/*
 * `attach`, and what run and start share with it.
 */

#include "base/str.h"
#include "cli/session.h"

/** Append the target that attaches to `id` as the session says. */
void bt_attach_target(struct bt_str *target, const char *id, const struct bt_session *session);

/** Read the answer of a wait to its end: the container's exit code, or 125 where it cannot be
 * known. */
int bt_attach_exit_code(struct bt_http_conn *wait);

#endif
