/* SPDX-License-Identifier: Apache-2.0 */

#include "net/forward.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "base/auto.h"
#include "base/sock.h"
#include "codec/json.h"

/* With one for the pidfd. */
#define PORTS_A_MESSAGE (BT_SOCK_FDS_MAX - 1)
#define KEYS_A_MESSAGE  512
#define KEY_LEN         (BT_PREFIX_TEXT_LEN + 16)

static void make_key(const struct bt_forward_port *p, char key[KEY_LEN])
{
	char host[BT_PREFIX_TEXT_LEN];

	bt_prefix_format_address(&p->host, host);
	(void)snprintf(key, KEY_LEN, "%d|%s|%u", p->proto, host, p->number);
}

static json_t *describe(const struct bt_forward_port *p)
{
	char key[KEY_LEN], target[BT_PREFIX_TEXT_LEN];

	make_key(p, key);
	bt_prefix_format_address(&p->target, target);
	return json_pack("{s:s,s:i,s:s,s:i}", "key", key, "proto", p->proto, "target", target,
			 "port", (int)p->target_number);
}

/* One message. */
static int put_some(struct bt_helper_link *link, const char *owner, struct bt_forward_port *ports,
		    size_t n, int life, struct bt_err *err)
{
	json_t *list = json_array(), *roles = json_array();
	json_auto_t *request = json_pack("{s:s,s:s,s:o,s:o}", "op", "put", "owner", owner, "ports",
					 list, "fds", roles);
	json_auto_t *reply = NULL;
	int fds[BT_SOCK_FDS_MAX], r;
	const json_t *item;
	size_t nfds = 0, i;

	if (!request)
		return bt_err_sys(err, -ENOMEM, "forward ports");
	for (i = 0; i < n; i++) {
		(void)json_array_append_new(list, describe(&ports[i]));
		if (ports[i].fd < 0)
			continue;
		(void)json_array_append_new(roles, json_sprintf("%zu", i));
		fds[nfds++] = ports[i].fd;
	}
	if (life >= 0) {
		(void)json_array_append_new(roles, json_string("life"));
		fds[nfds++] = life;
	}
	r = bt_helper_link_ask(link, request, fds, nfds, &reply, err);
	if (r < 0)
		return r;
	json_array_foreach (bt_json_arr(reply, "missing"), i, item) {
		const json_int_t at = json_integer_value(item);

		if (at >= 0 && (size_t)at < n)
			ports[at].missing = true;
	}
	return 0;
}

int bt_forward_put(struct bt_helper_link *link, const char *owner, struct bt_forward_port *ports,
		   size_t n, int life, struct bt_err *err)
{
	int r = 0;

	for (size_t i = 0; i < n; i++)
		ports[i].missing = false;
	for (size_t i = 0; r == 0 && i < n; i += PORTS_A_MESSAGE)
		r = put_some(link, owner, ports + i,
			     n - i < PORTS_A_MESSAGE ? n - i : PORTS_A_MESSAGE, life, err);
	return r;
}

void bt_forward_drop(struct bt_helper_link *link, const char *owner,
		     const struct bt_forward_port *ports, size_t n)
{
	char key[KEY_LEN];

	for (size_t i = 0; i < n;) {
		json_t *keys = json_array();

		for (size_t k = 0; i < n && k < KEYS_A_MESSAGE; k++, i++) {
			make_key(&ports[i], key);
			(void)json_array_append_new(keys, json_string(key));
		}
		bt_helper_link_tell(
			link,
			json_pack("{s:s,s:s,s:o}", "op", "drop", "owner", owner, "keys", keys),
			NULL, 0);
	}
}

void bt_forward_forget(struct bt_helper_link *link, const char *owner)
{
	bt_helper_link_tell(link, json_pack("{s:s,s:s}", "op", "forget", "owner", owner), NULL, 0);
}

void bt_forward_life(struct bt_helper_link *link, const char *owner, int pidfd)
{
	bt_helper_link_tell(
		link, json_pack("{s:s,s:s,s:[s]}", "op", "life", "owner", owner, "fds", "life"),
		&pidfd, 1);
}

void bt_forward_begin(struct bt_helper_link *link)
{
	bt_helper_link_tell(link, json_pack("{s:s}", "op", "begin"), NULL, 0);
}

void bt_forward_sweep(struct bt_helper_link *link)
{
	bt_helper_link_tell(link, json_pack("{s:s}", "op", "sweep"), NULL, 0);
}
