/* SPDX-License-Identifier: Apache-2.0 */

#include "net/resolver.h"

#include <errno.h>
#include <stdlib.h>

#include "base/auto.h"
#include "codec/json.h"
#include "net/helper_link.h"
#include "net/nameserver.h"

struct bt_resolver {
	struct bt_resolver_owner owner;
	struct bt_helper_link *link;
};

static int start(void *data, int listen_fd, struct bt_err *err)
{
	const struct bt_resolver *r = data;

	return r->owner.start(r->owner.data, listen_fd, err);
}

static int lost(void *data, bool ended)
{
	const struct bt_resolver *r = data;

	return r->owner.lost(r->owner.data, ended);
}

int bt_resolver_open(const char *path, const struct bt_resolver_owner *owner,
		     struct bt_resolver **ret, struct bt_err *err)
{
	struct bt_resolver *r = calloc(1, sizeof(*r));
	const struct bt_helper_link_owner link = { .data = r,
						   .what = "the name server",
						   .version = BT_NAMESERVER_VERSION,
						   .start = start,
						   .lost = lost };
	int e;

	if (!r)
		return bt_err_sys(err, -ENOMEM, "open the resolver");
	r->owner = *owner;
	e = bt_helper_link_open(path, &link, &r->link, err);
	if (e < 0) {
		free(r);
		return e;
	}
	*ret = r;
	return 0;
}

void bt_resolver_close(struct bt_resolver *resolver)
{
	if (!resolver)
		return;
	bt_helper_link_close(resolver->link);
	free(resolver);
}

/* The message without its descriptors. */
static json_t *put_message(const json_t *client, const struct bt_resolver_fds *fds, int ret_fds[3],
			   size_t *ret_nfds)
{
	const int all[3] = { fds ? fds->udp : -EBADF, fds ? fds->tcp : -EBADF,
			     fds ? fds->life : -EBADF };
	static const char *const roles[3] = { "udp", "tcp", "life" };
	json_t *message = json_copy((json_t *)(uintptr_t)client);
	json_t *list = json_array();

	*ret_nfds = 0;
	for (size_t i = 0; i < 3; i++) {
		if (all[i] < 0)
			continue;
		(void)json_array_append_new(list, json_string(roles[i]));
		ret_fds[(*ret_nfds)++] = all[i];
	}
	if (json_object_set_new(message, "op", json_string("put")) < 0 ||
	    json_object_set_new(message, "fds", list) < 0) {
		json_decref(message);
		return NULL;
	}
	return message;
}

int bt_resolver_put(struct bt_resolver *resolver, const json_t *client,
		    const struct bt_resolver_fds *fds, bool *ret_sockets, struct bt_err *err)
{
	int list[3];
	size_t n;
	json_auto_t *message = put_message(client, fds, list, &n);
	json_auto_t *reply = NULL;
	int r;

	if (!message)
		return bt_err_sys(err, -ENOMEM, "tell the name server of a container");
	r = bt_helper_link_ask(resolver->link, message, list, n, &reply, err);
	if (r < 0)
		return r;
	*ret_sockets = bt_json_bool(reply, "sockets", false);
	return 0;
}

void bt_resolver_update(struct bt_resolver *resolver, const json_t *client)
{
	int none[3];
	size_t n;
	json_t *message = put_message(client, NULL, none, &n);

	if (message)
		(void)json_object_set_new(message, "known", json_true());
	bt_helper_link_tell(resolver->link, message, NULL, 0);
}

void bt_resolver_life(struct bt_resolver *resolver, const char *owner, int pidfd)
{
	bt_helper_link_tell(
		resolver->link,
		json_pack("{s:s,s:s,s:[s]}", "op", "life", "owner", owner, "fds", "life"), &pidfd,
		1);
}

void bt_resolver_forget(struct bt_resolver *resolver, const char *owner)
{
	bt_helper_link_tell(resolver->link, json_pack("{s:s,s:s}", "op", "forget", "owner", owner),
			    NULL, 0);
}

void bt_resolver_begin(struct bt_resolver *resolver)
{
	bt_helper_link_tell(resolver->link, json_pack("{s:s}", "op", "begin"), NULL, 0);
}

void bt_resolver_sweep(struct bt_resolver *resolver)
{
	bt_helper_link_tell(resolver->link, json_pack("{s:s}", "op", "sweep"), NULL, 0);
}
