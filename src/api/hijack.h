/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_HIJACK_H
#define BT_API_HIJACK_H

/*
 * Connections that become raw streams: attach, exec. The socket itself is
 * given away, to end at a container's monitor; the HTTP library keeps a
 * placeholder under the same number, so that its own closing touches nobody.
 */

#include "api/answer.h"

struct MHD_Response;
struct bt_request;

/** The response that switches the connection of `req` (or, where the client did not ask to
 * switch, streams the output), or NULL. The hijack of the answer runs once headers are out. */
struct MHD_Response *bt_hijack_response(struct bt_request *req);
/** Give up a hijack that never ran. A zeroed one is fine. */
void bt_hijack_cancel(struct bt_hijack *hijack);

#endif
