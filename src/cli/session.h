/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_SESSION_H
#define BT_CLI_SESSION_H

/*
 * Being attached to a container's or an exec's program: terminal mode, window size, signals passed
 * on, detach keys. Shared by run, start, attach and exec.
 */

#include <stdbool.h>

#include "cli/cli.h"
#include "client/stream.h"

struct bt_session {
	struct bt_cli *cli;
	const char *resize; /* "/containers/ID" or "/exec/ID", of which "/resize" is asked */
	const char *kill;   /* "/containers/ID", which gets our signals; NULL: none */
	bool tty, in, out, err;
	const char *keys; /* --detach-keys, or NULL */
	int signals;      /* signalfd, made by bt_session_prepare() */
};

/** Check the terminal and block the signals that will be passed on. Kind INVALID where a terminal
 * is asked for and standard input is none. */
bt_nodiscard int bt_session_prepare(struct bt_session *session, struct bt_err *err);

/** Carry the stream. Returns an enum bt_stream_end, or negative. */
bt_nodiscard int bt_session_run(struct bt_session *session, struct bt_http_conn *conn,
				struct bt_err *err);

/** Tell the daemon the terminal's size, where there is one. */
void bt_session_resize(const struct bt_session *session);

/** The detach keys in effect: flag, configuration, or NULL for the daemon's own. */
const char *bt_session_keys(struct bt_cli *cli, const struct bt_args *args);

#endif
