/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <string.h>

#include "codec/filters.h"
#include "codec/json.h"
#include "engine/engine_private.h"
#include "engine/network.h"
#include "engine/network_inspect.h"
#include "engine/network_pool.h"
#include "engine/network_private.h"

static const char *label(const void *arg, const char *key)
{
	const struct bt_network *net = arg;

	return bt_json_str(bt_json_member(net->config, "Labels"), key, NULL);
}

/* Is nothing of the user's on it (dangling=true), or something (false)? */
static bool dangles(const struct bt_networks *nets, const struct bt_network *net)
{
	return !bt_network_is_builtin(net) && !bt_network_pool_is_used(nets->pool, net);
}

static bool id_matches(const struct bt_filters *filters, const struct bt_network *net)
{
	const char *value;

	for (size_t i = 0; (value = bt_filters_value(filters, "id", i)); i++)
		if (strncmp(net->id, value, strlen(value)) == 0)
			return true;
	return !bt_filters_has(filters, "id");
}

static bool matches(const struct bt_networks *nets, const struct bt_filters *filters,
		    const struct bt_network *net, const bool *dangling)
{
	return bt_filters_match(filters, "name", net->name) && id_matches(filters, net) &&
	       bt_filters_exact(filters, "driver", bt_json_str(net->config, "Driver", "")) &&
	       bt_filters_exact(filters, "scope", "local") &&
	       bt_filters_exact(filters, "type",
				bt_network_is_builtin(net) ? "builtin" : "custom") &&
	       bt_filters_labels(filters, "label", label, net) &&
	       (!dangling || dangles(nets, net) == *dangling);
}

static int check_type(const struct bt_filters *filters, struct bt_err *err)
{
	const char *type;

	for (size_t i = 0; (type = bt_filters_value(filters, "type", i)); i++)
		if (strcmp(type, "builtin") != 0 && strcmp(type, "custom") != 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid filter: 'type'='%.100s'", type);
	return 0;
}

int bt_network_list(struct bt_engine *engine, const struct bt_filters *filters, struct bt_str *out,
		    struct bt_err *err)
{
	static const char *const known[] = { "dangling", "driver", "id",   "label",
					     "name",     "scope",  "type", NULL };
	struct bt_networks *nets = engine->networks;
	const char *between = "";
	bool dangling = false;
	int r = bt_filters_only(filters, known, err);

	if (r == 0)
		r = check_type(filters, err);
	if (r == 0)
		r = bt_filters_bool(filters, "dangling", &dangling, err);
	if (r < 0)
		return r;
	bt_str_putc(out, '[');
	pthread_mutex_lock(&nets->lock);
	bt_list_foreach (it, &nets->list) {
		struct bt_network *net = bt_list_entry(it, struct bt_network, link);

		if (!matches(nets, filters, net, r > 0 ? &dangling : NULL))
			continue;
		bt_str_puts(out, between);
		bt_network_inspect_put(net, out);
		between = ",";
	}
	pthread_mutex_unlock(&nets->lock);
	bt_str_putc(out, ']');
	return out->failed ? bt_err_sys(err, out->failed, "list networks") : 0;
}
