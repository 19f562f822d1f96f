/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_CREATE_H
#define BT_CLI_CREATE_H

/*
 * What run and create share: their flags, the body they make of them, and the creation itself, with
 * a pull where the image is missing.
 */

#include <jansson.h>

#include "base/attr.h"
#include "base/err.h"
#include "cli/cli.h"

/** The flags of both. */
extern const struct bt_flag bt_create_flags[];

/** Fill the container's configuration (the top level of the body). */
bt_nodiscard int bt_create_config_fill(const struct bt_cli *cli, const struct bt_args *args,
				       json_t *config, struct bt_err *err);

/** Set Env by --env and --env-file alone (exec has them too). */
bt_nodiscard int bt_create_config_env(const struct bt_args *args, json_t *config,
				      struct bt_err *err);

/** Fill HostConfig, without mounts, ports and networks. */
bt_nodiscard int bt_create_host_fill(const struct bt_args *args, json_t *host, struct bt_err *err);

/** Fill the limits and devices in HostConfig. */
bt_nodiscard int bt_create_resources_fill(const struct bt_args *args, json_t *host,
					  struct bt_err *err);

/** A flag's check: "nofile=1024:2048". */
bt_nodiscard int bt_create_resources_check_ulimit(const char *value, struct bt_err *err);
/** A flag's check: "/dev/sda:100", a weight of block I/O. */
bt_nodiscard int bt_create_resources_check_weight(const char *value, struct bt_err *err);
/** A flag's check: "/dev/sda:1mb", bytes a second. */
bt_nodiscard int bt_create_resources_check_bps(const char *value, struct bt_err *err);
/** A flag's check: "/dev/sda:100", operations a second. */
bt_nodiscard int bt_create_resources_check_iops(const char *value, struct bt_err *err);
/** A flag's check: "c 1:3 rwm", a rule of the device list. */
bt_nodiscard int bt_create_resources_check_rule(const char *value, struct bt_err *err);

/** The whole body of flags and positional arguments; a new reference. */
bt_nodiscard int bt_create_body(const struct bt_cli *cli, const struct bt_args *args, json_t **ret,
				struct bt_err *err);

/** Create the container, after a pull where --pull and a missing image ask for it, write --cidfile,
 * and print the daemon's warnings. `ret_id` has room for 65 bytes. */
bt_nodiscard int bt_create_container(struct bt_cli *cli, const struct bt_args *args,
				     const json_t *body, char ret_id[65], struct bt_err *err);

#endif
