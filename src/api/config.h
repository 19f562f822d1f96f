/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_CONFIG_H
#define BT_API_CONFIG_H

/*
 * The daemon's configuration: dockerd's flags and daemon.json's keys, by their
 * names. Both are brought into one JSON object in daemon.json's form; an option
 * may stand in one of them only. Called as `dockerd`, every option of dockerd is
 * taken, and those that mean nothing here are named in a warning.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"
#include "engine/cpu_realtime.h"

#define BT_CONFIG_DATA_ROOT "/var/lib/berth"
#define BT_CONFIG_EXEC_ROOT "/run/berth"
#define BT_CONFIG_FILE      "/etc/berth/daemon.json"
#define BT_CONFIG_HOST      "unix:///run/berth.sock"
#define BT_CONFIG_BRIDGE    "berth0"
/* A file larger than this is no configuration. */
#define BT_CONFIG_FILE_MAX (1u << 20)

/** The resolved configuration. Strings and JSON are borrowed from `values` or are literals. */
struct bt_config {
	json_t *values; /* owned: every option that was given, by its key in daemon.json */
	bool help, version, validate;
	const char *config_file, *data_root, *exec_root, *pidfile, *group, *runtime_path,
		*init_path;
	enum bt_log_level log_level;
	const json_t *hosts; /* array, or NULL: BT_CONFIG_HOST */
	bool tls, tls_verify;
	bool tls_refused; /* --tls=false by name: plain TCP beyond loopback is wanted */
	const char *tls_ca, *tls_cert, *tls_key;
	const char *bridge, *bip, *cgroup_parent, *log_driver, *default_runtime, *publish_policy;
	const json_t *log_opts, *default_ulimits, *labels, *insecure_registries, *registry_mirrors;
	const json_t *runtimes;
	const char *http_proxy, *https_proxy, *no_proxy;
	const char *default_ipc_mode, *default_cgroupns_mode, *seccomp_profile; /* or NULL */
	int64_t default_shm_size;                                               /* 0: Docker's */
	const json_t *address_pools;
	const char *fixed_cidr, *publish_ip; /* of the default bridge; NULL: all of it, 0.0.0.0 */
	const json_t *dns, *dns_search, *dns_options, *host_gateways;        /* arrays, or NULL */
	const char *bip6, *fixed_cidr6, *default_gateway, *default_gateway6; /* or NULL */
	const json_t *default_network_opts; /* object of objects, or NULL */
	bool ipv6;                          /* of the default bridge */
	bool no_icc, no_masquerade;
	bool no_forwarder; /* userland-proxy=false */
	int mtu;
	bool systemd_cgroup; /* native.cgroupdriver=systemd */
	bool init;           /* in containers that do not say */
	struct bt_cpu_realtime cpu_realtime;
	const json_t *cdi_dirs;
	const char *userns_remap;
	bool selinux; /* selinux-enabled */
	bool no_new_privileges;
	int shutdown_timeout;
};

/**
 * Read flags and the file that they name.
 *
 * @argv: as main() gets it; argv[0] tells whether dockerd is meant.
 * @ret_warnings: text of one or more lines, or NULL (owned by the caller).
 *
 * Kind INVALID: an unknown flag or key, a value of the wrong type, an option given twice.
 */
bt_nodiscard int bt_config_load(int argc, char *const argv[], struct bt_config *ret,
				char **ret_warnings, struct bt_err *err);
/** The configuration of `values`, in daemon.json's form and checked before (bt_config_load()); the
 * reference is taken, also on error. Says nothing of help, version, validate and config_file. Kind
 * INVALID: values that do not go together. */
bt_nodiscard int bt_config_resolve(json_t *values, struct bt_config *ret, struct bt_err *err);
/** Release what it owns and leave it empty. */
void bt_config_done(struct bt_config *config);
#define bt_auto_config bt_auto(bt_config_done)

/** Print the options on standard output. */
void bt_config_help(void);

#endif
