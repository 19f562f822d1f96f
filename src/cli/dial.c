/* SPDX-License-Identifier: Apache-2.0 */

/* `system dial-stdio`: standard input and output as a connection to the daemon; what the far end of
 * ssh:// runs. */

#include <errno.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "client/stream.h"

static int run(struct bt_cli *cli, const struct bt_args *args bt_unused)
{
	struct bt_endpoint ep = { 0 };
	struct bt_http_conn conn = { .fd = -EBADF };
	struct bt_stream stream = {
		.conn = &conn, .in = STDIN_FILENO, .out = STDOUT_FILENO, .err = -1, .signals = -1
	};
	struct bt_err err = { 0 };
	int fd, r = bt_cli_endpoint(cli, &ep, &err);

	if (r < 0)
		return bt_cli_fail(&err);
	fd = bt_endpoint_connect(&ep, &err);
	bt_endpoint_done(&ep);
	if (fd < 0)
		return bt_cli_fail(&err);
	if (bt_http_attach(fd, &conn) < 0)
		return BT_CLI_FAILED;
	conn.head.framing = BT_HTTP_UNTIL_CLOSE;
	r = bt_stream_run(&stream, &err);
	bt_http_close(&conn);
	return r < 0 && r != -EPIPE ? bt_cli_fail(&err) : 0;
}

const struct bt_command bt_dial_command = {
	.names = "system dial-stdio",
	.usage = "",
	.brief = "Pass standard input and output on to the daemon",
	.run = run,
};
