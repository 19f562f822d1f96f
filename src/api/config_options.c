/* SPDX-License-Identifier: Apache-2.0 */

#include "api/config_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "codec/json.h"

#define USED    BT_OPTION_USED
#define GIVEN   BT_OPTION_GIVEN
#define MOOT    BT_OPTION_MOOT
#define REFUSED BT_OPTION_REFUSED

const struct bt_option bt_config_options[] = {
	{ "add-runtime", 0, "runtimes", BT_OPTION_RUNTIMES, USED,
	  "register an OCI runtime, NAME=PATH" },
	{ "berth-runtime", 0, "berth-runtime", BT_OPTION_STRING, USED,
	  "path of berth-runtime (beside berthd)" },
	{ "bip", 0, "bip", BT_OPTION_STRING, USED,
	  "address of the default bridge, as in 172.17.0.1/16" },
	{ "bip6", 0, "bip6", BT_OPTION_STRING, USED,
	  "IPv6 address of the default bridge, as in fd00:1::1/64 (with --ipv6)" },
	{ "bridge", 'b', "bridge", BT_OPTION_STRING, USED,
	  "name of the default bridge; none: without one" },
	{ "cgroup-parent", 0, "cgroup-parent", BT_OPTION_STRING, USED,
	  "parent cgroup of all containers" },
	{ "config-file", 0, NULL, BT_OPTION_STRING, USED,
	  "configuration file (/etc/berth/daemon.json)" },
	{ "data-root", 0, "data-root", BT_OPTION_STRING, USED,
	  "persistent state (/var/lib/berth)" },
	{ "debug", 'D', "debug", BT_OPTION_BOOL, USED, "log debug messages" },
	{ "default-address-pool", 0, "default-address-pools", BT_OPTION_POOLS, USED,
	  "pool of new networks, base=10.10.0.0/16,size=24" },
	{ "default-cgroupns-mode", 0, "default-cgroupns-mode", BT_OPTION_STRING, USED,
	  "cgroup namespace of containers that do not say: host or private" },
	{ "default-gateway", 0, "default-gateway", BT_OPTION_STRING, USED,
	  "router of the default bridge's containers, in place of the bridge" },
	{ "default-gateway-v6", 0, "default-gateway-v6", BT_OPTION_STRING, USED,
	  "the same for IPv6" },
	{ "default-ipc-mode", 0, "default-ipc-mode", BT_OPTION_STRING, USED,
	  "IPC namespace of containers that do not say: private or shareable (private)" },
	{ "default-runtime", 0, "default-runtime", BT_OPTION_STRING, USED,
	  "runtime of containers that name none" },
	{ "default-shm-size", 0, "default-shm-size", BT_OPTION_STRING, USED,
	  "size of /dev/shm of containers that do not say (64m)" },
	{ "default-ulimit", 0, "default-ulimits", BT_OPTION_ULIMITS, USED,
	  "default limit, NAME=SOFT[:HARD]" },
	{ "dns", 0, "dns", BT_OPTION_LIST, USED,
	  "name server of containers that name none (the host's)" },
	{ "dns-opt", 0, "dns-opts", BT_OPTION_LIST, USED,
	  "option for resolv.conf of containers that name none" },
	{ "dns-search", 0, "dns-search", BT_OPTION_LIST, USED,
	  "search domain of containers that name none" },
	{ "exec-opt", 0, "exec-opts", BT_OPTION_LIST, USED,
	  "native.cgroupdriver=cgroupfs or =systemd: who makes control groups (cgroupfs)" },
	{ "exec-root", 0, "exec-root", BT_OPTION_STRING, USED,
	  "state of running containers (/run/berth)" },
	{ "fixed-cidr", 0, "fixed-cidr", BT_OPTION_STRING, USED,
	  "part of the default bridge that addresses are given from" },
	{ "fixed-cidr-v6", 0, "fixed-cidr-v6", BT_OPTION_STRING, USED,
	  "IPv6 subnet of the default bridge, with --bip6 the part that addresses are given from" },
	{ "group", 'G', "group", BT_OPTION_STRING, USED, "group of unix sockets (docker)" },
	{ "help", 'h', NULL, BT_OPTION_BOOL, USED, "print this text" },
	{ "host", 'H', "hosts", BT_OPTION_LIST, USED,
	  "socket to serve: unix://, tcp://, fd:// (unix:///run/berth.sock)" },
	{ "host-gateway-ip", 0, "host-gateway-ips", BT_OPTION_LIST, USED,
	  "address that host-gateway stands for (the gateway of the container's network)" },
	{ "icc", 0, "icc", BT_OPTION_BOOL, USED,
	  "containers on the default bridge reach one another (true)" },
	{ "init", 0, "init", BT_OPTION_BOOL, USED,
	  "an init that reaps processes in all containers" },
	{ "init-path", 0, "init-path", BT_OPTION_STRING, USED,
	  "path of that init (berth-init beside berthd)" },
	{ "insecure-registry", 0, "insecure-registries", BT_OPTION_LIST, USED,
	  "registry to talk to without TLS: HOST[:PORT], or a network of addresses" },
	{ "ip", 0, "ip", BT_OPTION_STRING, USED,
	  "address of the host that ports are published on (0.0.0.0)" },
	{ "ip-masq", 0, "ip-masq", BT_OPTION_BOOL, USED,
	  "containers on the default bridge go out by the host (true)" },
	{ "ipv6", 0, "ipv6", BT_OPTION_BOOL, USED, "IPv6 on the default bridge" },
	{ "label", 0, "labels", BT_OPTION_LIST, USED, "label of this daemon, KEY=VALUE" },
	{ "log-driver", 0, "log-driver", BT_OPTION_STRING, USED, "default log driver (json-file)" },
	{ "log-level", 'l', "log-level", BT_OPTION_STRING, USED,
	  "debug, info, warn, error or fatal (info)" },
	{ "log-opt", 0, "log-opts", BT_OPTION_MAP, USED,
	  "default option of the log driver, KEY=VALUE" },
	{ "mtu", 0, "mtu", BT_OPTION_INT, USED, "MTU of the default bridge (1500)" },
	{ "no-new-privileges", 0, "no-new-privileges", BT_OPTION_BOOL, USED,
	  "no-new-privileges for all containers" },
	{ "http-proxy", 0, NULL, BT_OPTION_STRING, USED,
	  "proxy for registries without TLS (HTTP_PROXY)" },
	{ "https-proxy", 0, NULL, BT_OPTION_STRING, USED,
	  "proxy for registries with TLS (HTTPS_PROXY)" },
	{ "no-proxy", 0, NULL, BT_OPTION_STRING, USED,
	  "names and networks to reach without a proxy (NO_PROXY)" },
	{ "pidfile", 'p', "pidfile", BT_OPTION_STRING, USED,
	  "file for the process id (EXEC-ROOT/berthd.pid)" },
	{ "publish-policy", 0, "publish-policy", BT_OPTION_STRING, USED,
	  "who reaches published ports: all, host-firewall or loopback (all)" },
	{ "registry-mirror", 0, "registry-mirrors", BT_OPTION_LISTS, USED,
	  "mirror of Docker's registry; in the file also {REGISTRY: [MIRROR, ...]}" },
	{ "seccomp-profile", 0, "seccomp-profile", BT_OPTION_STRING, USED,
	  "file of the default seccomp profile, or unconfined, or builtin (builtin)" },
	{ "shutdown-timeout", 0, "shutdown-timeout", BT_OPTION_INT, USED,
	  "seconds to wait for open requests at the end (15)" },
	{ "tls", 0, "tls", BT_OPTION_BOOL, USED,
	  "TLS on tcp sockets; false by name: plain TCP from anywhere" },
	{ "tlscacert", 0, "tlscacert", BT_OPTION_STRING, USED,
	  "clients' certificates must be of this authority" },
	{ "tlscert", 0, "tlscert", BT_OPTION_STRING, USED, "our certificate" },
	{ "tlskey", 0, "tlskey", BT_OPTION_STRING, USED, "our key" },
	{ "tlsverify", 0, "tlsverify", BT_OPTION_BOOL, USED,
	  "TLS, and clients need a certificate" },
	{ "cpu-rt-period", 0, "cpu-rt-period", BT_OPTION_INT, USED,
	  "microseconds that cpu-rt-runtime is given in" },
	{ "cpu-rt-runtime", 0, "cpu-rt-runtime", BT_OPTION_INT, USED,
	  "microseconds of real-time for all containers (cgroup v1)" },
	{ "cdi-spec-dir", 0, "cdi-spec-dirs", BT_OPTION_LIST, USED,
	  "directory of CDI specifications (/etc/cdi, /var/run/cdi)" },
	{ "selinux-enabled", 0, "selinux-enabled", BT_OPTION_BOOL, USED,
	  "label containers and their files for SELinux" },
	{ "userns-remap", 0, "userns-remap", BT_OPTION_STRING, USED,
	  "whose subordinate ids containers have: default, USER or USER:GROUP" },
	{ "userland-proxy", 0, "userland-proxy", BT_OPTION_BOOL, USED,
	  "forward published ports from ::1 and to another address family (true)" },
	{ "validate", 0, NULL, BT_OPTION_BOOL, USED, "check the configuration and exit" },
	{ "version", 'v', NULL, BT_OPTION_BOOL, USED, "print the version" },

	{ "live-restore", 0, "live-restore", BT_OPTION_BOOL, GIVEN, NULL },

	{ NULL, 0, "default-network-opts", BT_OPTION_ANY, USED, NULL },
	{ "default-network-opt", 0, NULL, BT_OPTION_STRING, REFUSED,
	  "say it in the configuration file, as default-network-opts" },
	{ "allow-direct-routing", 0, "allow-direct-routing", BT_OPTION_BOOL, MOOT, NULL },
	{ "allow-nondistributable-artifacts", 0, "allow-nondistributable-artifacts", BT_OPTION_LIST,
	  MOOT, NULL },
	{ "api-cors-header", 0, "api-cors-header", BT_OPTION_STRING, MOOT, NULL },
	{ "authorization-plugin", 0, "authorization-plugins", BT_OPTION_LIST, REFUSED,
	  "berth asks no plugin who may do what" },
	{ NULL, 0, "bridge-accept-fwmark", BT_OPTION_STRING, MOOT, NULL },
	{ NULL, 0, "builder", BT_OPTION_ANY, MOOT, NULL },
	{ "cluster-advertise", 0, "cluster-advertise", BT_OPTION_STRING, MOOT, NULL },
	{ "cluster-store", 0, "cluster-store", BT_OPTION_STRING, MOOT, NULL },
	{ "cluster-store-opt", 0, "cluster-store-opts", BT_OPTION_MAP, MOOT, NULL },
	{ "containerd", 0, "containerd", BT_OPTION_STRING, MOOT, NULL },
	{ "containerd-namespace", 0, "containerd-namespace", BT_OPTION_STRING, MOOT, NULL },
	{ "containerd-plugins-namespace", 0, "containerd-plugin-namespace", BT_OPTION_STRING, MOOT,
	  NULL },
	{ "cri-containerd", 0, "cri-containerd", BT_OPTION_BOOL, MOOT, NULL },
	{ "experimental", 0, "experimental", BT_OPTION_BOOL, MOOT, NULL },
	{ NULL, 0, "features", BT_OPTION_ANY, MOOT, NULL },
	{ "feature", 0, NULL, BT_OPTION_MAP, MOOT, NULL },
	{ "firewall-backend", 0, "firewall-backend", BT_OPTION_STRING, MOOT, NULL },
	{ NULL, 0, "host-gateway-ip", BT_OPTION_STRING, USED, NULL },
	{ "ip-forward", 0, "ip-forward", BT_OPTION_BOOL, MOOT, NULL },
	{ "ip-forward-no-drop", 0, "ip-forward-no-drop", BT_OPTION_BOOL, MOOT, NULL },
	{ "ip6tables", 0, "ip6tables", BT_OPTION_BOOL, MOOT, NULL },
	{ "iptables", 0, "iptables", BT_OPTION_BOOL, MOOT, NULL },
	{ "log-format", 0, "log-format", BT_OPTION_STRING, MOOT, NULL },
	{ "max-concurrent-downloads", 0, "max-concurrent-downloads", BT_OPTION_INT, MOOT, NULL },
	{ "max-concurrent-uploads", 0, "max-concurrent-uploads", BT_OPTION_INT, MOOT, NULL },
	{ "max-download-attempts", 0, "max-download-attempts", BT_OPTION_INT, MOOT, NULL },
	{ "metrics-addr", 0, "metrics-addr", BT_OPTION_STRING, MOOT, NULL },
	{ "min-api-version", 0, "min-api-version", BT_OPTION_STRING, MOOT, NULL },
	{ "network-control-plane-mtu", 0, "network-control-plane-mtu", BT_OPTION_INT, MOOT, NULL },
	{ "network-diagnostic-port", 0, "network-diagnostic-port", BT_OPTION_INT, MOOT, NULL },
	{ "node-generic-resource", 0, "node-generic-resources", BT_OPTION_LIST, MOOT, NULL },
	{ "oom-score-adjust", 0, "oom-score-adjust", BT_OPTION_INT, MOOT, NULL },
	{ NULL, 0, "proxies", BT_OPTION_MAP, USED, NULL },
	{ "raw-logs", 0, "raw-logs", BT_OPTION_BOOL, MOOT, NULL },
	{ "rootless", 0, NULL, BT_OPTION_BOOL, MOOT, NULL },
	{ "storage-driver", 's', "storage-driver", BT_OPTION_STRING, MOOT, NULL },
	{ "storage-opt", 0, "storage-opts", BT_OPTION_LIST, MOOT, NULL },
	{ "swarm-default-advertise-addr", 0, "swarm-default-advertise-addr", BT_OPTION_STRING, MOOT,
	  NULL },
	{ "userland-proxy-path", 0, "userland-proxy-path", BT_OPTION_STRING, MOOT, NULL },
};

const size_t bt_config_options_count = sizeof(bt_config_options) / sizeof(bt_config_options[0]);

const char *bt_config_options_name(const struct bt_option *option)
{
	return option->key ? option->key : option->flag;
}

const struct bt_option *bt_config_options_by_flag(const char *name, size_t len)
{
	for (size_t i = 0; i < bt_config_options_count; i++) {
		const char *flag = bt_config_options[i].flag;

		if (flag && strlen(flag) == len && strncmp(flag, name, len) == 0)
			return &bt_config_options[i];
	}
	return NULL;
}

const struct bt_option *bt_config_options_by_letter(char letter)
{
	for (size_t i = 0; i < bt_config_options_count; i++)
		if (bt_config_options[i].letter == letter && letter != '\0')
			return &bt_config_options[i];
	return NULL;
}

const struct bt_option *bt_config_options_by_key(const char *key)
{
	for (size_t i = 0; i < bt_config_options_count; i++)
		if (bt_config_options[i].key && strcmp(bt_config_options[i].key, key) == 0)
			return &bt_config_options[i];
	return NULL;
}

static int refuse(const struct bt_option *option, const char *text, const char *why,
		  struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "invalid argument \"%.200s\" for \"--%s\" flag: %s", text, option->flag,
			  why);
}

/* Go's strconv.ParseBool, which dockerd's flags are read with. */
static int bool_of(const char *text, bool *ret)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*ret = strcmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return -EINVAL;
}

/* {"Name":…,"Hard":…,"Soft":…} of "1024:2048" or "1024", or NULL. */
static json_t *ulimit_of(const char *name, const char *text)
{
	const char *colon = strchr(text, ':');
	bt_auto_free char *first = colon ? strndup(text, (size_t)(colon - text)) : strdup(text);
	long long soft, hard;

	if (!first || bt_str_to_i64(first, &soft) < 0 ||
	    bt_str_to_i64(colon ? colon + 1 : first, &hard) < 0)
		return NULL;
	return json_pack("{ss sI sI}", "Name", name, "Hard", (json_int_t)hard, "Soft",
			 (json_int_t)soft);
}

/* "name=text" for the options that are objects. */
static int add_member(json_t *values, const struct bt_option *option, const char *text,
		      struct bt_err *err)
{
	const char *equals = strchr(text, '=');
	bt_auto_free char *name = equals ? strndup(text, (size_t)(equals - text)) : NULL;
	json_t *object = json_object_get(values, bt_config_options_name(option));
	json_t *member;

	if (!name || *name == '\0')
		return refuse(option, text, "it must be NAME=VALUE", err);
	if (!object) {
		object = json_object();
		if (json_object_set_new(values, bt_config_options_name(option), object) < 0)
			return bt_err_sys(err, -ENOMEM, "read the flags");
	}
	if (option->type == BT_OPTION_ULIMITS)
		member = ulimit_of(name, equals + 1);
	else if (option->type == BT_OPTION_RUNTIMES)
		member = json_pack("{ss}", "path", equals + 1);
	else
		member = json_string(equals + 1);
	if (json_object_set_new(object, name, member) < 0)
		return refuse(option, text, "the value cannot be read", err);
	return 0;
}

/* {"base":…,"size":…} of "base=10.10.0.0/16,size=24", in either order, or NULL. */
static json_t *pool_of(const char *text)
{
	size_t first = strcspn(text, ",");
	bt_auto_free char *front = strndup(text, first);
	const char *back = text[first] ? text + first + 1 : "", *base, *number;
	long long size;

	if (!front)
		return NULL;
	base = bt_str_after(front, "base=");
	number = bt_str_after(base ? back : front, "size=");
	if (!base)
		base = bt_str_after(back, "base=");
	if (!base || !number || bt_str_to_i64(number, &size) < 0)
		return NULL;
	return json_pack("{ss,sI}", "base", base, "size", (json_int_t)size);
}

static int add_item(json_t *values, const struct bt_option *option, const char *text,
		    struct bt_err *err)
{
	json_t *list = json_object_get(values, bt_config_options_name(option));

	if (!list) {
		list = json_array();
		if (json_object_set_new(values, bt_config_options_name(option), list) < 0)
			return bt_err_sys(err, -ENOMEM, "read the flags");
	}
	if (option->type == BT_OPTION_POOLS) {
		if (json_array_append_new(list, pool_of(text)) < 0)
			return refuse(option, text, "it must be base=CIDR,size=N", err);
	} else if (json_array_append_new(list, json_string(text)) < 0) {
		return refuse(option, text, "it is not UTF-8", err);
	}
	return 0;
}

static int add_scalar(json_t *values, const struct bt_option *option, const char *text,
		      struct bt_err *err)
{
	json_t *value = NULL;
	long long number;
	bool yes;

	if (option->type == BT_OPTION_BOOL && bool_of(text, &yes) == 0)
		value = json_boolean(yes);
	else if (option->type == BT_OPTION_INT && bt_str_to_i64(text, &number) == 0)
		value = json_integer(number);
	else if (option->type == BT_OPTION_STRING)
		value = json_string(text);
	if (!value || json_object_set_new(values, bt_config_options_name(option), value) < 0)
		return refuse(option, text, "parsing failed", err);
	return 0;
}

int bt_config_options_add(json_t *values, const struct bt_option *option, const char *text,
			  struct bt_err *err)
{
	switch (option->type) {
	case BT_OPTION_LIST:
	case BT_OPTION_LISTS:
	case BT_OPTION_POOLS:
	case BT_OPTION_ANY:
		return add_item(values, option, text, err);
	case BT_OPTION_MAP:
	case BT_OPTION_ULIMITS:
	case BT_OPTION_RUNTIMES:
		return add_member(values, option, text, err);
	case BT_OPTION_STRING:
	case BT_OPTION_BOOL:
	case BT_OPTION_INT:
		break;
	}
	return add_scalar(values, option, text, err);
}

static bool all_members(const json_t *value, bool objects)
{
	void *it = json_object_iter((json_t *)(uintptr_t)value);

	if (!json_is_object(value))
		return false;
	for (; it; it = json_object_iter_next((json_t *)(uintptr_t)value, it)) {
		const json_t *member = json_object_iter_value(it);

		if (objects ? !json_is_object(member) : !json_is_string(member))
			return false;
	}
	return true;
}

static bool all_lists(const json_t *value)
{
	const char *name;
	json_t *list;

	json_object_foreach ((json_t *)(uintptr_t)value, name, list)
		if (!bt_json_is_strs(list))
			return false;
	return json_is_object(value);
}

static bool is_string(const json_t *value)
{
	return json_is_string(value);
}

static bool is_boolean(const json_t *value)
{
	return json_is_boolean(value);
}

static bool is_integer(const json_t *value)
{
	return json_is_integer(value);
}

static bool is_array(const json_t *value)
{
	return json_is_array(value);
}

static bool is_lists(const json_t *value)
{
	return bt_json_is_strs(value) || all_lists(value);
}

static bool is_strings_by_name(const json_t *value)
{
	return all_members(value, false);
}

static bool is_objects_by_name(const json_t *value)
{
	return all_members(value, true);
}

static bool is_anything(const json_t *value bt_unused)
{
	return true;
}

int bt_config_options_check(const struct bt_option *option, const json_t *value, struct bt_err *err)
{
	static const struct {
		bool (*fits)(const json_t *value);
		const char *what;
	} forms[] = {
		[BT_OPTION_STRING] = { is_string, "a string" },
		[BT_OPTION_BOOL] = { is_boolean, "true or false" },
		[BT_OPTION_INT] = { is_integer, "a number" },
		[BT_OPTION_LIST] = { bt_json_is_strs, "an array of strings" },
		[BT_OPTION_LISTS] = { is_lists, "an array of strings, or an object of such" },
		[BT_OPTION_MAP] = { is_strings_by_name, "an object of strings" },
		[BT_OPTION_ULIMITS] = { is_objects_by_name, "an object of objects" },
		[BT_OPTION_RUNTIMES] = { is_objects_by_name, "an object of objects" },
		[BT_OPTION_POOLS] = { is_array, "an array of {\"base\", \"size\"}" },
		[BT_OPTION_ANY] = { is_anything, "anything" },
	};

	if (forms[option->type].fits(value))
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "the value of \"%s\" must be %s",
			  option->key, forms[option->type].what);
}
