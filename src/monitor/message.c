/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/json.h"

int bt_message_parse(const char *text, size_t len, const int *fds, size_t nfds,
		     struct bt_message *ret)
{
	json_t *json;

	if (nfds > BT_SOCK_FDS_MAX)
		return -EMSGSIZE;
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(json)) {
		json_decref(json);
		return -EBADMSG;
	}
	*ret = (struct bt_message){ .json = json, .nfds = nfds };
	if (nfds > 0)
		memcpy(ret->fds, fds, nfds * sizeof(*fds));
	return 0;
}

int bt_message_recv(int fd, int flags, struct bt_message *ret)
{
	bt_auto_free char *buf = malloc(BT_SOCK_MSG_MAX);
	int fds[BT_SOCK_FDS_MAX];
	size_t nfds = 0;
	ssize_t n;
	int r;

	if (!buf)
		return -ENOMEM;
	n = bt_sock_recv(fd, buf, BT_SOCK_MSG_MAX, fds, &nfds, flags);
	if (n <= 0) {
		while (nfds > 0)
			bt_close(&fds[--nfds]);
		return (int)n;
	}
	r = bt_message_parse(buf, (size_t)n, fds, nfds, ret);
	if (r == 0)
		return 1;
	while (nfds > 0)
		bt_close(&fds[--nfds]);
	return r;
}

int bt_message_send(int fd, const json_t *json, const int *fds, size_t nfds)
{
	bt_auto_free char *text = json_dumps(json, JSON_COMPACT);

	if (!text)
		return -ENOMEM;
	return bt_sock_send(fd, text, strlen(text), fds, nfds);
}

int bt_message_take_fd(struct bt_message *message, const char *role)
{
	const json_t *roles = json_object_get(message->json, "fds");
	const json_t *name;
	size_t i;

	json_array_foreach (roles, i, name) {
		const char *text = json_string_value(name);

		if (i < message->nfds && message->fds[i] >= 0 && text && strcmp(text, role) == 0)
			return bt_take_fd(&message->fds[i]);
	}
	return -EBADF;
}

void bt_message_done(struct bt_message *message)
{
	for (size_t i = 0; i < message->nfds; i++)
		bt_close(&message->fds[i]);
	message->nfds = 0;
	json_decref(message->json);
	message->json = NULL;
}

json_t *bt_message_from_error(const struct bt_err *err)
{
	/* "s" refuses what is no UTF-8; a path of the user may be. */
	json_t *msg = json_string(err->msg);

	if (!msg)
		msg = json_string(strerror(err->errnum));
	return json_pack("{s:i, s:i, s:o}", "kind", (int)err->kind, "errnum", err->errnum, "msg",
			 msg);
}

int bt_message_to_error(const json_t *json, struct bt_err *ret)
{
	int64_t kind = bt_json_i64(json, "kind", 0), errnum = bt_json_i64(json, "errnum", 0);

	if (kind <= BT_ERR_NONE || kind >= BT_ERR_KINDS_ || errnum <= 0 || errnum > 4095)
		return bt_err_set(ret, BT_ERR_SYSTEM, EPROTO, "the monitor answered nonsense");
	return bt_err_set(ret, (enum bt_err_kind)kind, (int)errnum, "%s",
			  bt_json_str(json, "msg", "unknown error"));
}
