/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_UPLOAD_H
#define BT_CLI_UPLOAD_H

/*
 * Sending a file or a pipe as the body of a request (import, load, cp), and writing the body of an
 * answer to one (save, export, cp).
 */

#include "cli/cli.h"

/** Send everything of `fd` in chunks and receive the answer's head. `ret` is to close or to keep.
 */
bt_nodiscard int bt_upload_fd(struct bt_api *api, const struct bt_api_request *req, int fd,
			      struct bt_http_conn *ret, struct bt_err *err);

/** Write the answer's body to `fd`. */
bt_nodiscard int bt_upload_download(struct bt_http_conn *conn, int fd, struct bt_err *err);

#endif
