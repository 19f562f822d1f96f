/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_SPEC_SECURITY_H
#define BT_ENGINE_SPEC_SECURITY_H

/*
 * Capabilities, no-new-privileges, resource limits and security options.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/** What HostConfig.SecurityOpt says. Strings borrowed from it. */
struct bt_security_opts {
	bool no_new_privileges, no_new_privileges_set;
	bool seccomp_unconfined;
	bool seccomp_builtin; /* Docker's, also where the daemon's is another */
	const char *apparmor; /* a profile's name, or NULL: none was named */
	const char *seccomp;  /* a profile's JSON text, or NULL: the daemon's */
};

/** What the daemon and the host say to all containers. */
struct bt_spec_security {
	bool no_new_privileges;
	bool apparmor; /* its default profile is loaded */
};

/** Parse. INVALID where an option is unknown; NOT_IMPLEMENTED where the host cannot do it. */
bt_nodiscard int bt_spec_security_parse(const json_t *hc, struct bt_security_opts *ret,
					struct bt_err *err);

/** The capabilities a container's processes get, as bits 1 << CAP_*: Docker's default set as
 * changed by CapAdd, CapDrop and Privileged, cut to what this machine has. INVALID where one is
 * unknown, or asked for by name and not to be had. */
bt_nodiscard int bt_spec_security_capabilities(const json_t *hc, uint64_t *ret, struct bt_err *err);

/** For creation: are capabilities and options acceptable? What is cut is told in `warnings`. */
bt_nodiscard int bt_spec_security_check(const json_t *hc, json_t *warnings, struct bt_err *err);

/** Add capabilities, noNewPrivileges and apparmorProfile to a process object, as the daemon's
 * configuration and HostConfig have them. */
bt_nodiscard int bt_spec_security_process(const json_t *hc, uint32_t uid,
					  const struct bt_spec_security *daemon, json_t *process,
					  struct bt_err *err);

/** Set a process object's capabilities to `mask`: a user other than root has them in its bounding
 * set only. */
void bt_spec_security_set_capabilities(json_t *process, uint64_t mask, uint32_t uid);

/** Add rlimits: the daemon's defaults (object, or NULL), HostConfig.Ulimits before them. */
void bt_spec_security_rlimits(const json_t *hc, const json_t *defaults, json_t *process);

/** "nofile" → "RLIMIT_NOFILE"; NULL where there is no such limit. */
const char *bt_spec_security_rlimit_name(const char *name);

#endif
