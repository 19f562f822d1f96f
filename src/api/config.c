/* SPDX-License-Identifier: Apache-2.0 */

#include "api/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/config_options.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/size.h"
#include "base/str.h"
#include "codec/json.h"
#include "net/prefix.h"
#include "engine/publish_policy.h"
#include "runtime/systemd_unit.h"

#define SHUTDOWN_TIMEOUT 15

static int unknown_flag(const char *argument, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "unknown flag: %.200s\nSee 'berthd --help'.",
			  argument);
}

/* What stands behind an option's name in the same argument (NULL: nothing), or the next
 * argument, which is then consumed. */
static int value_of(const struct bt_option *option, const char *attached, char *const **next,
		    const char **ret, struct bt_err *err)
{
	if (attached)
		*ret = attached;
	else if (option->type == BT_OPTION_BOOL)
		*ret = "true";
	else if (**next)
		*ret = *(*next)++;
	else
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "flag needs an argument: --%s",
				  option->flag);
	return 0;
}

static int read_long(json_t *values, const char *argument, char *const **next, struct bt_err *err)
{
	const char *name = argument + 2, *equals = strchr(name, '='), *value = NULL;
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct bt_option *option = bt_config_options_by_flag(name, len);
	int r;

	if (!option)
		return unknown_flag(argument, err);
	r = value_of(option, equals ? equals + 1 : NULL, next, &value, err);
	return r < 0 ? r : bt_config_options_add(values, option, value, err);
}

/* One letter after another: "-DH unix:///x", "-Hunix:///x". */
static int read_short(json_t *values, const char *argument, char *const **next, struct bt_err *err)
{
	for (const char *p = argument + 1; *p; p++) {
		const struct bt_option *option = bt_config_options_by_letter(*p);
		const char *value = NULL, *attached = NULL;
		int r;

		if (!option)
			return unknown_flag(argument, err);
		if (p[1] == '=')
			attached = p + 2;
		else if (option->type != BT_OPTION_BOOL && p[1] != '\0')
			attached = p + 1;
		r = value_of(option, attached, next, &value, err);
		if (r == 0)
			r = bt_config_options_add(values, option, value, err);
		if (r < 0 || attached || option->type != BT_OPTION_BOOL)
			return r;
	}
	return 0;
}

static int read_flags(char *const argv[], json_t *values, struct bt_err *err)
{
	char *const *next = argv;

	while (*next) {
		const char *argument = *next++;
		int r;

		if (argument[0] != '-' || argument[1] == '\0')
			return bt_err_set(
				err, BT_ERR_INVALID, EINVAL,
				"berthd takes no argument \"%.200s\"\nSee 'berthd --help'.",
				argument);
		if (argument[1] == '-')
			r = read_long(values, argument, &next, err);
		else
			r = read_short(values, argument, &next, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_file(const char *text, size_t len, json_t **ret, struct bt_err *err)
{
	json_auto_t *values = NULL;
	const char *key;
	json_t *value;
	int r = bt_json_parse(text, len, BT_JSON_UNIQUE, &values, err);

	if (r < 0)
		return r;
	if (!json_is_object(values))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "it must hold a JSON object");
	json_object_foreach (values, key, value) {
		const struct bt_option *option = bt_config_options_by_key(key);

		if (!option)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "the following directives don't match any configuration "
					  "option: %.100s",
					  key);
		r = bt_config_options_check(option, value, err);
		if (r < 0)
			return r;
	}
	*ret = bt_take(values);
	return 0;
}

/* The file's values; empty where there is no such file, and where it is empty. */
static int read_file(const char *path, json_t **ret, struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	size_t len;
	int r = bt_io_read_file(AT_FDCWD, path, BT_CONFIG_FILE_MAX, &text, &len);

	if (r == -ENOENT || (r == 0 && text[strspn(text, " \t\r\n")] == '\0')) {
		*ret = json_object();
		return *ret ? 0 : bt_err_sys(err, -ENOMEM, "read %s", path);
	}
	r = r < 0 ? bt_err_sys(err, r, "read it") : parse_file(text, len, ret, err);
	if (r < 0)
		return bt_err_context(err, "unable to configure the daemon with file %s", path);
	return 0;
}

static int merge(json_t *values, const json_t *file, const char *path, struct bt_err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)file, key, value) {
		bt_auto_free char *from_flag = NULL, *from_file = NULL;

		if (!json_object_get(values, key)) {
			if (json_object_set(values, key, value) < 0)
				return bt_err_sys(err, -ENOMEM, "read %s", path);
			continue;
		}
		if (bt_json_dump(json_object_get(values, key), &from_flag, NULL) < 0 ||
		    bt_json_dump(value, &from_file, NULL) < 0)
			return bt_err_sys(err, -ENOMEM, "read %s", path);
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"unable to configure the daemon with file %s: the following "
			"directives are specified both as a flag and in the configuration "
			"file: %s: (from flag: %.100s, from file: %.100s)",
			path, key, from_flag, from_file);
	}
	return 0;
}

static bool asks_for_something(const json_t *value)
{
	return value && !json_is_false(value) &&
	       !(json_is_array(value) && json_array_size(value) == 0);
}

/* Name the options that have no meaning here: an error, or as dockerd a warning. */
static int check_use(const json_t *values, bool dockerd, char **ret_warnings, struct bt_err *err)
{
	bt_auto_str struct bt_str warnings = { 0 };

	for (size_t i = 0; i < bt_config_options_count; i++) {
		const struct bt_option *option = &bt_config_options[i];
		const char *name = bt_config_options_name(option);

		if (option->use == BT_OPTION_REFUSED &&
		    asks_for_something(json_object_get(values, name)))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "the option \"%s\" of dockerd is not supported: %s", name,
					  option->help);
		if (option->use != BT_OPTION_MOOT || !json_object_get(values, name))
			continue;
		if (!dockerd)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "berth does not offer dockerd's option \"%s\"", name);
		bt_str_printf(&warnings, "the option \"%s\" of dockerd has no effect in berth\n",
			      name);
	}
	if (warnings.len == 0) {
		*ret_warnings = NULL;
		return 0;
	}
	return bt_str_steal(&warnings, ret_warnings) < 0
		       ? bt_err_sys(err, -ENOMEM, "read the configuration")
		       : 0;
}

static int resolve_level(const json_t *values, enum bt_log_level *ret, struct bt_err *err)
{
	const char *name = bt_json_str(values, "log-level", "info");

	if (bt_log_level_parse(name, ret) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid logging level: %.64s",
				  name);
	if (bt_json_bool(values, "debug", false))
		*ret = BT_LOG_DEBUG;
	return 0;
}

static void resolve_tls(const json_t *v, struct bt_config *c)
{
	c->tls_verify = bt_json_bool(v, "tlsverify", false);
	c->tls = c->tls_verify || bt_json_bool(v, "tls", false);
	c->tls_refused = json_is_false(bt_json_member(v, "tls")) ||
			 (!c->tls && json_is_false(bt_json_member(v, "tlsverify")));
	c->tls_ca = bt_json_str(v, "tlscacert", "/root/.docker/ca.pem");
	c->tls_cert = bt_json_str(v, "tlscert", "/root/.docker/cert.pem");
	c->tls_key = bt_json_str(v, "tlskey", "/root/.docker/key.pem");
}

/* A flag, or the member of "proxies". */
static const char *proxy_of(const json_t *values, const char *name)
{
	return bt_json_str(values, name, bt_json_str(bt_json_obj(values, "proxies"), name, NULL));
}

static int resolve_proxies(const json_t *v, struct bt_config *c, struct bt_err *err)
{
	const char *name;
	json_t *value;

	json_object_foreach (bt_json_obj(v, "proxies"), name, value)
		if (strcmp(name, "http-proxy") != 0 && strcmp(name, "https-proxy") != 0 &&
		    strcmp(name, "no-proxy") != 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "\"%.100s\" is no member of \"proxies\"", name);
	c->http_proxy = proxy_of(v, "http-proxy");
	c->https_proxy = proxy_of(v, "https-proxy");
	c->no_proxy = proxy_of(v, "no-proxy");
	return 0;
}

static int one_of(const json_t *v, const char *key, const char *a, const char *b, const char **ret,
		  struct bt_err *err)
{
	const char *value = bt_json_str(v, key, NULL);

	if (value && strcmp(value, a) != 0 && strcmp(value, b) != 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid value for \"%s\": %.64s: %s or %s is wanted", key, value,
				  a, b);
	*ret = value;
	return 0;
}

/* What containers get that do not say. */
static int resolve_defaults(const json_t *v, struct bt_config *c, struct bt_err *err)
{
	const char *shm = bt_json_str(v, "default-shm-size", NULL);
	int r = one_of(v, "default-ipc-mode", "private", "shareable", &c->default_ipc_mode, err);

	if (r == 0)
		r = one_of(v, "default-cgroupns-mode", "host", "private", &c->default_cgroupns_mode,
			   err);
	if (r < 0)
		return r;
	if (shm && (bt_size_parse(shm, &c->default_shm_size) < 0 || c->default_shm_size == 0))
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"invalid value for \"default-shm-size\": %.64s: a size is wanted, "
			"as 64m",
			shm);
	c->seccomp_profile = bt_json_str(v, "seccomp-profile", NULL);
	return 0;
}

/* {driver: {option: value}}, all of them strings. */
static int check_network_opts(const json_t *opts, struct bt_err *err)
{
	const char *driver, *option;
	json_t *map, *value;

	if (opts && !json_is_object(opts))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid value for \"default-network-opts\": an object of "
				  "drivers with their options is wanted");
	json_object_foreach ((json_t *)(uintptr_t)opts, driver, map) {
		if (!json_is_object(map))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid value for \"default-network-opts\": %.64s "
					  "wants an object of options",
					  driver);
		json_object_foreach (map, option, value)
			if (!json_is_string(value))
				return bt_err_set(err, BT_ERR_INVALID, EINVAL,
						  "invalid value for \"default-network-opts\": "
						  "%.64s of %.64s is no string",
						  option, driver);
	}
	return 0;
}

static int resolve_bridge(const json_t *v, struct bt_config *c, struct bt_err *err)
{
	int64_t mtu = bt_json_i64(v, "mtu", 1500);

	/* RFC 791: what every host must take. The upper end is the kernel's own. */
	if (mtu < 68 || mtu > 65535)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid value for \"mtu\": %lld: 68 to 65535 is wanted",
				  (long long)mtu);
	if (json_is_false(bt_json_member(v, "iptables")) ||
	    json_is_false(bt_json_member(v, "ip6tables")))
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"\"iptables\": false is not supported: berth keeps its rules in a table "
			"of its own and touches no other; \"publish-policy\" says who reaches "
			"published ports");
	c->mtu = (int)mtu;
	c->address_pools = bt_json_arr(v, "default-address-pools");
	c->bridge = bt_json_str(v, "bridge", BT_CONFIG_BRIDGE);
	c->bip = bt_json_str(v, "bip", NULL);
	c->fixed_cidr = bt_json_str(v, "fixed-cidr", NULL);
	c->publish_ip = bt_json_str(v, "ip", NULL);
	c->no_icc = !bt_json_bool(v, "icc", true);
	c->no_masquerade = !bt_json_bool(v, "ip-masq", true);
	c->ipv6 = bt_json_bool(v, "ipv6", false);
	c->bip6 = bt_json_str(v, "bip6", NULL);
	c->fixed_cidr6 = bt_json_str(v, "fixed-cidr-v6", NULL);
	c->default_gateway = bt_json_str(v, "default-gateway", NULL);
	c->default_gateway6 = bt_json_str(v, "default-gateway-v6", NULL);
	c->default_network_opts = bt_json_member(v, "default-network-opts");
	return check_network_opts(c->default_network_opts, err);
}

/* Addresses, each of them; "host-gateway-ips" may have one of each family. */
static int check_addresses(const json_t *list, const char *key, struct bt_err *err)
{
	struct bt_prefix address;
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		if (bt_prefix_parse_address(json_string_value(item), &address) < 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid value for \"%s\": %.64s is not an ip address",
					  key, json_string_value(item));
	return 0;
}

/* Words of resolv.conf: one that breaks its line would say what nobody asked for. */
static int check_words(const json_t *list, const char *key, struct bt_err *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *word = json_string_value(item);

		if (!*word || strpbrk(word, " \t\r\n#;"))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid value for \"%s\": \"%.64s\" is no word for "
					  "resolv.conf",
					  key, word);
	}
	return 0;
}

static int resolve_names(json_t *v, struct bt_config *c, struct bt_err *err)
{
	const char *gateway = bt_json_str(v, "host-gateway-ip", NULL);
	int r;

	/* Its name before docker 28. */
	if (gateway && !bt_json_arr(v, "host-gateway-ips") &&
	    json_object_set_new(v, "host-gateway-ips", json_pack("[s]", gateway)) < 0)
		return bt_err_sys(err, -ENOMEM, "read the configuration");
	c->dns = bt_json_arr(v, "dns");
	c->dns_search = bt_json_arr(v, "dns-search");
	c->dns_options = bt_json_arr(v, "dns-opts");
	c->host_gateways = bt_json_arr(v, "host-gateway-ips");
	r = check_addresses(c->dns, "dns", err);
	if (r == 0)
		r = check_addresses(c->host_gateways, "host-gateway-ips", err);
	if (r == 0)
		r = check_words(c->dns_search, "dns-search", err);
	return r < 0 ? r : check_words(c->dns_options, "dns-opts", err);
}

/* Docker's own name, too: engine/host_config_check.c takes it for ours where it is not registered.
 */
static bool is_known_runtime(const json_t *runtimes, const char *name)
{
	return strcmp(name, "berth-runtime") == 0 || strcmp(name, "runc") == 0 ||
	       strcmp(name, "io.containerd.runc.v2") == 0 || json_object_get(runtimes, name);
}

/* Nothing that an entry asks for beside its path can be had, and nothing is ignored. */
static int check_runtimes(const json_t *v, struct bt_err *err)
{
	const char *name, *key;
	json_t *runtime, *value;

	json_object_foreach (bt_json_obj(v, "runtimes"), name, runtime) {
		json_object_foreach (runtime, key, value) {
			if (strcmp(key, "path") != 0 && asks_for_something(value))
				return bt_err_set(err, BT_ERR_INVALID, EINVAL,
						  "runtimes: %.64s: \"%.64s\" is not supported",
						  name, key);
		}
	}
	name = bt_json_str(v, "default-runtime", "");
	if (name[0] && !is_known_runtime(bt_json_obj(v, "runtimes"), name))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "specified default runtime '%.64s' does not exist", name);
	return 0;
}

/* Options of the driver that runs containers; there is one. */
static int resolve_exec_options(const json_t *v, struct bt_config *c, struct bt_err *err)
{
	const json_t *option;
	size_t i;

	json_array_foreach (bt_json_arr(v, "exec-opts"), i, option) {
		const char *text = json_string_value(option);
		const char *driver = text ? bt_str_after(text, "native.cgroupdriver=") : NULL;

		if (!driver)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "exec-opts: \"%.64s\" is not supported: only "
					  "native.cgroupdriver is",
					  text ? text : "");
		if (strcmp(driver, "systemd") != 0 && strcmp(driver, "cgroupfs") != 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "exec-opts: native.cgroupdriver option %.64s is invalid: "
					  "cgroupfs or systemd",
					  driver);
		c->systemd_cgroup = strcmp(driver, "systemd") == 0;
	}
	if (c->systemd_cgroup && c->cgroup_parent && !bt_systemd_unit_is_slice(c->cgroup_parent))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "cgroup-parent for systemd cgroup should be a valid slice named "
				  "as \"xxx.slice\"");
	return 0;
}

static int read_options(struct bt_config *c, struct bt_err *err)
{
	const json_t *v = c->values;
	int64_t timeout = bt_json_i64(v, "shutdown-timeout", SHUTDOWN_TIMEOUT);
	int r;
	enum bt_publish_policy policy;

	c->data_root = bt_json_str(v, "data-root", BT_CONFIG_DATA_ROOT);
	c->exec_root = bt_json_str(v, "exec-root", BT_CONFIG_EXEC_ROOT);
	c->pidfile = bt_json_str(v, "pidfile", NULL);
	c->group = bt_json_str(v, "group", NULL);
	c->runtime_path = bt_json_str(v, "berth-runtime", NULL);
	c->hosts = bt_json_arr(v, "hosts");
	c->publish_policy = bt_json_str(v, "publish-policy", NULL);
	c->cgroup_parent = bt_json_str(v, "cgroup-parent", NULL);
	c->log_driver = bt_json_str(v, "log-driver", NULL);
	c->default_runtime = bt_json_str(v, "default-runtime", NULL);
	c->log_opts = bt_json_obj(v, "log-opts");
	c->default_ulimits = bt_json_obj(v, "default-ulimits");
	c->labels = bt_json_arr(v, "labels");
	c->insecure_registries = bt_json_arr(v, "insecure-registries");
	c->registry_mirrors = bt_json_member(v, "registry-mirrors");
	c->runtimes = bt_json_obj(v, "runtimes");
	c->init_path = bt_json_str(v, "init-path", NULL);
	c->init = bt_json_bool(v, "init", false);
	c->cpu_realtime = (struct bt_cpu_realtime){ bt_json_i64(v, "cpu-rt-period", 0),
						    bt_json_i64(v, "cpu-rt-runtime", 0) };
	c->cdi_dirs = bt_json_arr(v, "cdi-spec-dirs");
	c->userns_remap = bt_json_str(v, "userns-remap", NULL);
	c->selinux = bt_json_bool(v, "selinux-enabled", false);
	c->no_forwarder = !bt_json_bool(v, "userland-proxy", true);
	c->no_new_privileges = bt_json_bool(v, "no-new-privileges", false);
	c->shutdown_timeout = timeout < 0 || timeout > 3600 ? 3600 : (int)timeout;
	resolve_tls(v, c);
	if (bt_publish_policy_of(c->publish_policy, NULL, &policy, err) < 0)
		return -err->errnum;
	if (c->data_root[0] != '/' || c->exec_root[0] != '/')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "data-root and exec-root must be absolute paths");
	r = check_runtimes(v, err);
	if (r == 0)
		r = resolve_exec_options(v, c, err);
	if (r == 0)
		r = resolve_bridge(v, c, err);
	if (r == 0)
		r = resolve_names(c->values, c, err);
	if (r == 0)
		r = resolve_defaults(v, c, err);
	if (r == 0)
		r = resolve_proxies(v, c, err);
	return r < 0 ? r : resolve_level(v, &c->log_level, err);
}

int bt_config_load(int argc, char *const argv[], struct bt_config *ret, char **ret_warnings,
		   struct bt_err *err)
{
	bt_auto_config struct bt_config c = { .values = json_object() };
	json_auto_t *file = NULL;
	bool dockerd = argc > 0 && strcmp(bt_path_base(argv[0]), "dockerd") == 0;
	int r = c.values ? read_flags(argv + (argc > 0), c.values, err)
			 : bt_err_sys(err, -ENOMEM, "read the flags");

	if (r < 0)
		return r;
	c.help = bt_json_bool(c.values, "help", false);
	c.version = bt_json_bool(c.values, "version", false);
	c.validate = bt_json_bool(c.values, "validate", false);
	c.config_file = bt_json_str(c.values, "config-file",
				    dockerd ? "/etc/docker/daemon.json" : BT_CONFIG_FILE);
	r = c.help || c.version ? 0 : read_file(c.config_file, &file, err);
	if (r == 0 && file)
		r = merge(c.values, file, c.config_file, err);
	if (r == 0)
		r = check_use(c.values, dockerd, ret_warnings, err);
	if (r == 0)
		r = read_options(&c, err);
	if (r == 0)
		*ret = bt_take_struct(c);
	return r;
}

int bt_config_resolve(json_t *values, struct bt_config *ret, struct bt_err *err)
{
	bt_auto_config struct bt_config c = { .values = values };
	int r = read_options(&c, err);

	if (r == 0)
		*ret = bt_take_struct(c);
	return r;
}

void bt_config_done(struct bt_config *config)
{
	json_decref(config->values);
	*config = (struct bt_config){ 0 };
}

void bt_config_help(void)
{
	printf("Usage: berthd [OPTIONS]\n\nThe daemon of berth, a container engine.\n\nOptions:\n");
	for (size_t i = 0; i < bt_config_options_count; i++) {
		const struct bt_option *option = &bt_config_options[i];

		if (option->use != BT_OPTION_USED || !option->flag)
			continue;
		printf(option->letter ? "  -%c, " : "      ", option->letter);
		printf("--%-20s %s\n", option->flag, option->help);
	}
	printf("\nEach stands in %s under its name, too (lists in the plural).\n"
	       "Called as dockerd, every option of dockerd is accepted.\n",
	       BT_CONFIG_FILE);
}
