/* SPDX-License-Identifier: Apache-2.0 */

#include "api/answer.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "api/hijack_response.h"
#include "api/pending.h"
#include "api/request.h"
#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"

/* Start a new description; what was described before is released. */
static struct bt_reply *renew(struct bt_request *req, unsigned status, const char *type)
{
	bt_reply_renew(&req->answer, status, type);
	return &req->answer;
}

int bt_answer_empty(struct bt_request *req, unsigned status)
{
	renew(req, status, NULL);
	return 0;
}

int bt_answer_text(struct bt_request *req, unsigned status, const char *type, char *text,
		   size_t len)
{
	struct bt_reply *answer = renew(req, status, type);

	answer->text = text;
	answer->len = len;
	return 0;
}

int bt_answer_json_text(struct bt_request *req, unsigned status, struct bt_str *text,
			struct bt_err *err)
{
	char *dumped = NULL;
	size_t len;

	bt_str_putc(text, '\n');
	len = text->len;
	if (bt_str_steal(text, &dumped) < 0)
		return bt_err_sys(err, -ENOMEM, "write the answer");
	return bt_answer_text(req, status, BT_ANSWER_JSON, dumped, len);
}

int bt_answer_json(struct bt_request *req, unsigned status, json_t *json, struct bt_err *err)
{
	json_auto_t *owned = json;
	bt_auto_str struct bt_str text = { 0 };

	if (!owned)
		return bt_err_sys(err, -ENOMEM, "write the answer");
	bt_json_append(&text, owned);
	return bt_answer_json_text(req, status, &text, err);
}

void bt_answer_error(struct bt_request *req, const struct bt_err *error)
{
	unsigned status = (unsigned)bt_err_http_status(error->kind);
	bt_auto_str struct bt_str text = { 0 };
	char *dumped = NULL;
	size_t len;

	/* By hand, because what a client sent may be in the message and need not be UTF-8. */
	bt_str_puts(&text, "{\"message\":");
	bt_json_append_str(&text, error->msg);
	bt_str_puts(&text, "}\n");
	len = text.len;
	if (bt_str_steal(&text, &dumped) < 0)
		bt_answer_empty(req, status);
	else
		bt_answer_text(req, status, BT_ANSWER_JSON, dumped, len);
}

int bt_answer_stream(struct bt_request *req, const char *type, struct bt_stream stream)
{
	renew(req, MHD_HTTP_OK, type)->stream = stream;
	return 0;
}

int bt_answer_hijack(struct bt_request *req, bool tty, struct bt_hijack hijack)
{
	/* Multiplexed streams have a name of their own since API 1.42; told with a switch only. */
	const char *type = tty || req->version < 42 ? BT_ANSWER_RAW : BT_ANSWER_MUXED;
	unsigned status = req->upgrade ? MHD_HTTP_SWITCHING_PROTOCOLS : MHD_HTTP_OK;

	renew(req, status, type)->hijack = hijack;
	return 0;
}

int bt_answer_header(struct bt_request *req, const char *name, const char *value,
		     struct bt_err *err)
{
	struct bt_reply *answer = &req->answer;
	char *copy = strdup(value);

	if (!copy || answer->nheaders == BT_REPLY_HEADERS_MAX) {
		free(copy);
		return bt_err_sys(err, -ENOMEM, "add the header %s", name);
	}
	answer->headers[answer->nheaders].name = name;
	answer->headers[answer->nheaders++].value = copy;
	return 0;
}

static void add_headers(struct MHD_Response *response, const struct bt_reply *answer)
{
	MHD_add_response_header(response, "Api-Version", BT_ROUTE_VERSION_MAX_STR);
	MHD_add_response_header(response, "Docker-Experimental", "false");
	MHD_add_response_header(response, "Ostype", "linux");
	MHD_add_response_header(response, "Server", "berth/" BT_VERSION " (linux)");
	if (answer->type)
		MHD_add_response_header(response, "Content-Type", answer->type);
	for (unsigned i = 0; i < answer->nheaders; i++)
		MHD_add_response_header(response, answer->headers[i].name,
					answer->headers[i].value);
}

static struct MHD_Response *make_response(struct bt_request *req)
{
	struct bt_reply *answer = &req->answer;
	struct MHD_Response *response;

	if (answer->hijack.run)
		return bt_hijack_response(req);
	if (answer->stream.ops)
		return bt_stream_response(bt_take_struct(answer->stream), req->sock, &req->owed);
	response =
		MHD_create_response_from_buffer(answer->len, answer->text, MHD_RESPMEM_MUST_FREE);
	if (response)
		answer->text = NULL;
	return response;
}

int bt_answer_send(struct bt_request *req)
{
	struct MHD_Response *response;
	enum MHD_Result sent;

	if (req->answer.hijack.run && !req->upgrade) {
		bt_hijack_response_take(req);
		return MHD_NO;
	}
	response = make_response(req);

	if (!response)
		return MHD_NO;
	add_headers(response, &req->answer);
	/* The next request of this client is for the next daemon; and one for whom there was no
	 * room is not to keep its descriptor. */
	if (req->refused.errnum == EMFILE ||
	    (!req->answer.hijack.run && req->owed && bt_pending_is_ending(req->owed)))
		MHD_add_response_header(response, "Connection", "close");
	sent = MHD_queue_response(req->conn, req->answer.status, response);
	MHD_destroy_response(response);
	return (int)sent;
}
