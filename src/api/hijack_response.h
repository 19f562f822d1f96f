/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_HIJACK_RESPONSE_H
#define BT_API_HIJACK_RESPONSE_H

/*
 * The switch of a connection to a raw stream. The socket itself is given away,
 * to end at a container's monitor; the HTTP library keeps a placeholder under
 * the same number, so that its own closing touches nobody.
 */

struct MHD_Response;
struct bt_request;

/** The response that switches the connection of `req` (or, where the client did not ask to
 * switch, streams the output), or NULL. The hijack of the answer runs once headers are out. */
struct MHD_Response *bt_hijack_response(struct bt_request *req);

#endif
