/* SPDX-License-Identifier: Apache-2.0 */

#include "api/reply.h"

#include <stdlib.h>

#include "base/auto.h"

void bt_reply_renew(struct bt_reply *reply, unsigned status, const char *type)
{
	bt_stream_close(&reply->stream);
	bt_hijack_cancel(&reply->hijack);
	free(bt_take(reply->text));
	reply->len = 0;
	reply->websocket = false;
	reply->status = status;
	reply->type = type;
}

void bt_reply_done(struct bt_reply *reply)
{
	bt_reply_renew(reply, 0, NULL);
	for (unsigned i = 0; i < reply->nheaders; i++)
		free(reply->headers[i].value);
	*reply = (struct bt_reply){ 0 };
}
