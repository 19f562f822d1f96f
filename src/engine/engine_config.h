/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_ENGINE_CONFIG_H
#define BT_ENGINE_ENGINE_CONFIG_H

/*
 * What the engine is told when it is opened.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/cpu_realtime.h"

/** The daemon's configuration, from flags and daemon.json; strings borrowed for the engine's
 * life. */
struct bt_engine_config {
	const char *data_root, *exec_root;
	const char *bridge;          /* name of the default bridge; "none": no default network */
	const char *bip;             /* its address with prefix, "172.17.0.1/16", or NULL: chosen */
	const json_t *address_pools; /* array of {base,size}, or NULL: Docker's */
	const char *fixed_cidr;      /* part of its subnet that addresses are given from, or NULL */
	bool ipv6;                   /* it has IPv6, too */
	const char *bip6;            /* its address, or NULL: as fixed_cidr6 says, or a ULA */
	const char
		*fixed_cidr6; /* its subnet, with `bip6` the part that addresses are given from */
	/* Routers that its containers have in place of the bridge, or NULL. */
	const char *default_gateway, *default_gateway6;
	/* Object driver → {option: value} for networks that do not say, or NULL. */
	const json_t *default_network_opts;
	const char *publish_ip; /* where its ports are published, NULL: 0.0.0.0 */
	bool no_icc;            /* its containers do not reach one another */
	bool no_masquerade;     /* they go out with their own addresses */
	int mtu;                /* 0: 1500 */
	/* Arrays of name servers, domains and resolv.conf's options for containers that name none,
	 * or NULL. */
	const json_t *dns, *dns_search, *dns_options;
	const json_t *host_gateways; /* what "host-gateway" stands for: array of addresses, or NULL:
					the network's gateway */
	/* What containers get that do not say; NULL or 0: Docker's default. */
	const char *default_ipc_mode, *default_cgroupns_mode;
	int64_t default_shm_size;      /* bytes */
	const char *seccomp_profile;   /* path, "unconfined", or NULL or "builtin" */
	const char *cgroup_parent;     /* NULL: "/docker", with systemd "system.slice" */
	bool systemd_cgroup;           /* systemd's driver keeps control groups */
	const char *log_driver;        /* NULL: "json-file" */
	const json_t *log_opts;        /* object, or NULL */
	const char *publish_policy;    /* who reaches published ports; NULL: "all" */
	bool no_forwarder;             /* userland-proxy=false: only what the kernel translates */
	const json_t *default_ulimits; /* object name → {Name,Soft,Hard}, or NULL */
	const json_t *labels;          /* array of "k=v", or NULL */
	const json_t *insecure_registries; /* array, or NULL */
	const json_t *registry_mirrors;    /* array, or object of arrays by registry, or NULL */
	const char *http_proxy, *https_proxy, *no_proxy; /* NULL: as the environment says */
	const json_t *runtimes;                          /* object name → {path}, or NULL */
	const char *default_runtime;
	struct bt_cpu_realtime cpu_realtime; /* budget of all containers */
	const json_t *cdi_dirs;              /* array of paths, or NULL: engine/cdi.h */
	const char *init_path;               /* of berth-init; NULL: there is none */
	bool init;                           /* containers that do not say get one */
	bool debug;                          /* messages for who looks for a defect are logged */
	bool no_new_privileges;
	const char *userns_remap; /* whose subordinate ids containers have; NULL or "": nobody's */
	bool apparmor;            /* enforced here, and its default profile is loaded */
	bool selinux;             /* containers get labels of SELinux */
	int shutdown_timeout;
	/* What the strings and the JSON above are borrowed from, or NULL where they live on anyway.
	 */
	const json_t *values;
	int spawner_fd; /* connection to the spawner, owned by the engine from now on */
};

#endif
