/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/network_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"

#define DOCKERS "com.docker.network."
#define BRIDGES DOCKERS "bridge."

#define OPT_NAME       BRIDGES "name"
#define OPT_ICC        BRIDGES "enable_icc"
#define OPT_MASQUERADE BRIDGES "enable_ip_masquerade"
#define OPT_DEFAULT    BRIDGES "default_bridge"
#define OPT_BINDING    BRIDGES "host_binding_ipv4"
#define OPT_INHIBIT    BRIDGES "inhibit_ipv4"
#define OPT_MODE4      BRIDGES "gateway_mode_ipv4"
#define OPT_MODE6      BRIDGES "gateway_mode_ipv6"
#define OPT_MTU        DOCKERS "driver.mtu"
#define OPT_PREFIX     DOCKERS "container_iface_prefix"

#define MTU_MAX             65535
#define ID_DIGITS_OF_BRIDGE 12
/* Leaves room for the number behind it. */
#define IFACE_PREFIX_MAX (IFNAMSIZ - 4)

static const char *const bridge_options[] = { OPT_NAME,    OPT_ICC,     OPT_MASQUERADE,
					      OPT_DEFAULT, OPT_BINDING, OPT_INHIBIT,
					      OPT_MODE4,   OPT_MODE6,   OPT_MTU,
					      OPT_PREFIX,  NULL };
static const char *const macvlan_options[] = { "parent", "macvlan_mode", OPT_MTU, OPT_PREFIX,
					       NULL };
static const char *const ipvlan_options[] = { "parent", "ipvlan_mode", "ipvlan_flag",
					      OPT_MTU,  OPT_PREFIX,    NULL };
static const char *const no_options[] = { NULL };

static const struct driver {
	const char *name;
	enum bt_network_driver driver;
	const char *const *options;
	bool creatable;
} drivers[] = {
	{ "bridge", BT_NETWORK_DRIVER_BRIDGE, bridge_options, true },
	{ "macvlan", BT_NETWORK_DRIVER_MACVLAN, macvlan_options, true },
	{ "ipvlan", BT_NETWORK_DRIVER_IPVLAN, ipvlan_options, true },
	{ "host", BT_NETWORK_DRIVER_HOST, no_options, false },
	{ "null", BT_NETWORK_DRIVER_NULL, no_options, false },
};

static const struct driver *find(const char *name)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strcmp(drivers[i].name, name) == 0)
			return &drivers[i];
	return NULL;
}

bool bt_network_options_is_driver(const char *name)
{
	const struct driver *d = find(name);

	return d && d->creatable;
}

static bool is_known(const struct driver *d, const char *key)
{
	for (size_t i = 0; d->options[i]; i++)
		if (strcmp(d->options[i], key) == 0)
			return true;
	return false;
}

/* What Go's strconv.ParseBool takes. */
static const char *const bools[] = { "1", "t", "T", "true",  "True",  "TRUE",
				     "0", "f", "F", "false", "False", "FALSE" };
#define BOOLS (sizeof(bools) / sizeof(bools[0]))

static bool is_true(const char *text)
{
	for (size_t i = 0; i < BOOLS / 2; i++)
		if (strcmp(text, bools[i]) == 0)
			return true;
	return false;
}

int bt_network_options_check(const char *driver, const json_t *options, char **warning,
			     struct bt_err *err)
{
	const struct driver *d = find(driver);
	bt_auto_str struct bt_str unknown = { 0 };
	const char *key;
	json_t *value;

	*warning = NULL;
	json_object_foreach ((json_t *)(uintptr_t)options, key, value) {
		if (!json_is_string(value))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid network config:\noption %s must be a string",
					  key);
		/* It would be one of those that cannot be removed. */
		if (strcmp(key, OPT_DEFAULT) == 0 && is_true(json_string_value(value)))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid network config:\noption %s is the default "
					  "bridge's alone",
					  key);
		if (!d || is_known(d, key))
			continue;
		if (bt_str_after(key, DOCKERS))
			return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOTSUP,
					  "option %s is not supported for networks of driver %s",
					  key, driver);
		bt_str_printf(&unknown, "%s%s", unknown.len ? ", " : "", key);
	}
	if (!unknown.len)
		return 0;
	*warning = bt_str_format("driver %s does not know: %s; kept without effect", driver,
				 bt_str_get(&unknown));
	return *warning ? 0 : bt_err_sys(err, -ENOMEM, "check network options");
}

static int invalid(const char *key, const char *value, const char *wanted, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "invalid network config:\ninvalid value \"%s\" for option %s: %s", value,
			  key, wanted);
}

static int read_bool(const json_t *options, const char *key, bool fallback, bool *ret,
		     struct bt_err *err)
{
	const char *text = bt_json_str(options, key, NULL);

	*ret = fallback;
	if (!text || !text[0])
		return 0;
	for (size_t i = 0; i < BOOLS; i++) {
		if (strcmp(text, bools[i]) != 0)
			continue;
		*ret = i < BOOLS / 2;
		return 0;
	}
	return invalid(key, text, "true or false is wanted", err);
}

/* One of `words` by its number; the first where it is absent. */
static int read_word(const json_t *options, const char *key, const char *const *words,
		     unsigned *ret, struct bt_err *err)
{
	const char *text = bt_json_str(options, key, "");

	*ret = 0;
	for (unsigned i = 0; words[i]; i++) {
		if (text[0] && strcmp(text, words[i]) != 0)
			continue;
		*ret = i;
		return 0;
	}
	return invalid(key, text, "no such mode", err);
}

static int read_mode(const struct bt_network *net, const json_t *options, const char *key,
		     enum bt_network_gateway_mode *ret, struct bt_err *err)
{
	static const char *const modes[] = { "nat", "nat-unprotected", "routed", "isolated", NULL };
	unsigned mode;
	int r = read_word(options, key, modes, &mode, err);

	if (r < 0)
		return r;
	*ret = (enum bt_network_gateway_mode)mode;
	if (*ret == BT_NETWORK_GATEWAY_ISOLATED && !net->internal)
		return invalid(key, "isolated", "only internal networks have it", err);
	return 0;
}

static bool is_ifname(const char *text, size_t max)
{
	return text[0] && strlen(text) <= max && strcmp(text, ".") != 0 &&
	       strcmp(text, "..") != 0 && !strpbrk(text, "/: \t\n%");
}

static int read_common(struct bt_network *net, const json_t *options, struct bt_err *err)
{
	const char *mtu = bt_json_str(options, OPT_MTU, "");
	const char *prefix = bt_json_str(options, OPT_PREFIX, "eth");
	unsigned long long number = 0;

	if (mtu[0] && (bt_str_to_u64(mtu, &number) < 0 || number > MTU_MAX))
		return invalid(OPT_MTU, mtu, "a number of bytes is wanted", err);
	net->mtu = (unsigned)number;
	if (!is_ifname(prefix, IFACE_PREFIX_MAX))
		return invalid(OPT_PREFIX, prefix, "not the beginning of an interface's name", err);
	(void)snprintf(net->iface_prefix, sizeof(net->iface_prefix), "%s", prefix);
	return 0;
}

static int read_bridge(struct bt_network *net, const json_t *options, struct bt_err *err)
{
	const char *bridge = bt_json_str(options, OPT_NAME, "");
	const char *binding = bt_json_str(options, OPT_BINDING, "");
	struct bt_prefix p;
	int r;

	if (bridge[0] && strlen(bridge) >= sizeof(net->bridge))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "name of bridge too long: %s",
				  bridge);
	if (bridge[0] && !is_ifname(bridge, IFNAMSIZ - 1))
		return invalid(OPT_NAME, bridge, "not an interface's name", err);
	if (bridge[0])
		(void)snprintf(net->bridge, sizeof(net->bridge), "%s", bridge);
	else
		(void)snprintf(net->bridge, sizeof(net->bridge), "br-%.*s", ID_DIGITS_OF_BRIDGE,
			       net->id);
	if (binding[0] && (bt_prefix_parse_address(binding, &p) < 0 || p.family != AF_INET))
		return invalid(OPT_BINDING, binding, "an IPv4 address is wanted", err);
	r = read_bool(options, OPT_ICC, true, &net->icc, err);
	if (r == 0)
		r = read_bool(options, OPT_MASQUERADE, true, &net->masquerade, err);
	if (r == 0)
		r = read_bool(options, OPT_DEFAULT, false, &net->is_default, err);
	if (r == 0)
		r = read_bool(options, OPT_INHIBIT, false, &net->inhibit_ipv4, err);
	if (r == 0)
		r = read_mode(net, options, OPT_MODE4, &net->mode4, err);
	return r < 0 ? r : read_mode(net, options, OPT_MODE6, &net->mode6, err);
}

/* The interface of the host that the containers' interfaces sit on. Without one, they sit on
 * one of our own that leads nowhere. */
static int read_parent(struct bt_network *net, const json_t *options, struct bt_err *err)
{
	const char *parent = bt_json_str(options, "parent", "");

	if (parent[0] && !is_ifname(parent, IFNAMSIZ - 1))
		return invalid("parent", parent, "not an interface's name", err);
	net->own_parent = !parent[0];
	if (net->own_parent)
		(void)snprintf(net->bridge, sizeof(net->bridge), "dm-%.*s", ID_DIGITS_OF_BRIDGE,
			       net->id);
	else
		(void)snprintf(net->bridge, sizeof(net->bridge), "%s", parent);
	return 0;
}

static int read_macvlan(struct bt_network *net, const json_t *options, struct bt_err *err)
{
	static const char *const modes[] = { "bridge", "private", "vepa", "passthru", NULL };
	int r = read_parent(net, options, err);

	return r < 0 ? r : read_word(options, "macvlan_mode", modes, &net->link_mode, err);
}

static int read_ipvlan(struct bt_network *net, const json_t *options, struct bt_err *err)
{
	static const char *const modes[] = { "l2", "l3", "l3s", NULL };
	static const char *const flags[] = { "bridge", "private", "vepa", NULL };
	int r = read_parent(net, options, err);

	if (r == 0)
		r = read_word(options, "ipvlan_mode", modes, &net->link_mode, err);
	return r < 0 ? r : read_word(options, "ipvlan_flag", flags, &net->link_flag, err);
}

int bt_network_options_read(struct bt_network *net, struct bt_err *err)
{
	const json_t *options = bt_json_member(net->config, "Options");
	const struct driver *d = find(bt_json_str(net->config, "Driver", ""));
	int r;

	net->driver = d ? d->driver : BT_NETWORK_DRIVER_BRIDGE;
	net->config_only = bt_json_bool(net->config, "ConfigOnly", false);
	if (net->config_only)
		net->driver = BT_NETWORK_DRIVER_NULL;
	net->internal = bt_json_bool(net->config, "Internal", false);
	net->icc = true;
	r = read_common(net, options, err);
	if (r < 0)
		return r;
	switch (net->driver) {
	case BT_NETWORK_DRIVER_BRIDGE:
		return read_bridge(net, options, err);
	case BT_NETWORK_DRIVER_MACVLAN:
		return read_macvlan(net, options, err);
	case BT_NETWORK_DRIVER_IPVLAN:
		return read_ipvlan(net, options, err);
	case BT_NETWORK_DRIVER_HOST:
	case BT_NETWORK_DRIVER_NULL:
		break;
	}
	return 0;
}
