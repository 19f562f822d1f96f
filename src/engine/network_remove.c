/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/filters.h"
#include "codec/json.h"
#include "engine/engine_private.h"
#include "engine/events.h"
#include "engine/network.h"
#include "engine/network_bring_up.h"
#include "engine/network_endpoint.h"
#include "engine/network_event.h"
#include "engine/network_pool.h"
#include "engine/network_private.h"
#include "engine/network_table.h"

#define SHORT_ID 12

/* Who is on it, in Docker's words. */
static int in_use(struct bt_networks *nets, const char *name, const char *id, struct bt_err *err)
{
	json_auto_t *containers = bt_network_endpoint_containers(nets, id);
	bt_auto_str struct bt_str list = { 0 };
	const char *cid;
	json_t *c;

	json_object_foreach (containers, cid, c)
		bt_str_printf(&list, "%sname:\"%s\" id:\"%.*s\"", list.len ? ", " : "",
			      bt_json_str(c, "Name", ""), SHORT_ID,
			      bt_json_str(c, "EndpointID", ""));
	return bt_err_set(err, BT_ERR_FORBIDDEN, EBUSY,
			  "error while removing network: network %s has active endpoints (%s)",
			  name, bt_str_get(&list));
}

/* Does another network take its configuration? */
static bool is_template(struct bt_networks *nets, const struct bt_network *net)
{
	bt_list_foreach (it, &nets->list) {
		const struct bt_network *other = bt_list_entry(it, struct bt_network, link);

		if (strcmp(bt_json_str(bt_json_obj(other->config, "ConfigFrom"), "Network", ""),
			   net->name) == 0)
			return true;
	}
	return false;
}

/* Under lock, given up while ready namespaces are dropped: somebody may come in between. */
static int remove_locked(struct bt_networks *nets, const char *id, struct bt_err *err)
{
	struct bt_network *net;
	int r = bt_network_table_find(nets, id, &net, err);

	if (r < 0)
		return r;
	if (net->config_only && is_template(nets, net))
		return bt_err_set(err, BT_ERR_FORBIDDEN, EPERM,
				  "configuration network %s is in use", net->name);
	if (bt_network_pool_is_used(nets->pool, net))
		return -EBUSY;
	bt_network_pool_drop(nets->pool, net);
	r = bt_network_table_find(nets, id, &net, err);
	if (r < 0)
		return r;
	if (net->leases)
		return -EBUSY;
	bt_network_bring_down(nets, net);
	bt_network_event(nets, net, "destroy", NULL);
	return bt_network_table_delete(nets, net, err);
}

int bt_network_remove(struct bt_engine *engine, const char *ref, struct bt_err *err)
{
	struct bt_networks *nets = engine->networks;
	char id[BT_RAND_ID_LEN + 1];
	bt_auto_free char *name = NULL;
	struct bt_network *net;
	int r;

	pthread_mutex_lock(&nets->lock);
	r = bt_network_table_find(nets, ref, &net, err);
	if (r == 0 && bt_network_is_builtin(net))
		r = bt_err_set(err, BT_ERR_FORBIDDEN, EPERM,
			       "%s is a pre-defined network and cannot be removed", net->name);
	if (r == 0) {
		strcpy(id, net->id);
		name = strdup(net->name);
		r = remove_locked(nets, id, err);
	}
	pthread_mutex_unlock(&nets->lock);
	return r == -EBUSY ? in_use(nets, name ? name : ref, id, err) : r;
}

static const char *label(const void *arg, const char *key)
{
	const struct bt_network *net = arg;

	return bt_json_str(bt_json_member(net->config, "Labels"), key, NULL);
}

/* "label!" names labels that must not be there; it holds where none of its values matches. */
static bool has_refused_label(const struct bt_filters *filters, const struct bt_network *net)
{
	return bt_filters_has(filters, "label!") &&
	       bt_filters_labels(filters, "label!", label, net);
}

int bt_network_prune(struct bt_engine *engine, const struct bt_filters *filters, json_t **ret,
		     struct bt_err *err)
{
	static const char *const known[] = { "label", "label!", "until", NULL };
	struct bt_networks *nets = engine->networks;
	json_auto_t *victims = json_object();
	json_t *deleted, *name;
	int64_t before = INT64_MAX;
	const char *id;
	int r = bt_filters_only(filters, known, err);

	if (r == 0)
		r = bt_filters_until(filters, &before, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&nets->lock);
	bt_list_foreach (it, &nets->list) {
		struct bt_network *net = bt_list_entry(it, struct bt_network, link);

		if (!bt_network_is_builtin(net) && !bt_network_pool_is_used(nets->pool, net) &&
		    net->created_ns < before && bt_filters_labels(filters, "label", label, net) &&
		    !has_refused_label(filters, net))
			(void)json_object_set_new(victims, net->id, json_string(net->name));
	}
	pthread_mutex_unlock(&nets->lock);
	deleted = json_array();
	json_object_foreach (victims, id, name) {
		struct bt_err one;

		if (bt_network_remove(engine, id, &one) == 0)
			(void)json_array_append(deleted, name);
	}
	bt_events_emit_prune(engine, "network", 0);
	/* null where there is none, as Docker answers. */
	*ret = json_pack("{s:o}", "NetworksDeleted",
			 json_array_size(deleted) > 0 ? json_incref(deleted) : json_null());
	json_decref(deleted);
	return *ret ? 0 : bt_err_sys(err, -ENOMEM, "prune networks");
}
