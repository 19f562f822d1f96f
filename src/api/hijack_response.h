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

/** The response that switches the connection of `req`, or NULL. The hijack of the answer runs once
 * headers are out. */
struct MHD_Response *bt_hijack_response(struct bt_request *req);

/** The same for a client that did not ask to switch, as Docker has it: a head with 200 and without
 * a length, and after it the stream, in both directions and to the connection's end. The HTTP
 * library has no such answer: the head is written here, and what is left of the connection is for
 * the library to close. Over TLS it returns at the stream's end. Bytes that the client sent before
 * it saw the head are lost. */
void bt_hijack_response_take(struct bt_request *req);

#endif
