/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_OCI_CLI_H
#define BT_RUNTIME_OCI_CLI_H

/*
 * The OCI command line: what podman, containerd and dockerd call. Commands,
 * flags, exit codes and the form of errors are runc's.
 */

#include <getopt.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "codec/json.h"
#include "codec/oci_spec.h"
#include "runtime/rootless.h"
#include "runtime/state.h"

/** Where root's containers are kept unless --root says otherwise; those of others are in a
 * directory of that name in $XDG_RUNTIME_DIR. */
#define BT_OCI_CLI_ROOT "/run/berth-runtime"

/** The flags before the command. */
struct bt_oci_cli {
	const char *root;
	const char *log_path; /* NULL: standard error */
	bool log_json, debug, systemd_cgroup;
	enum bt_rootless rootless;
};

/** Run berth-runtime as an OCI runtime. Returns the exit code. */
int bt_oci_cli_main(int argc, char **argv);

/* For the commands' files. */

/** A command: `argv[0]` is its name. 0, with *ret_code for the exit code (0 before); or a
 * negative errno, and the exit code is 1 unless *ret_code was set. */
typedef int bt_oci_command(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
			   struct bt_err *err);

bt_oci_command bt_oci_create, bt_oci_start, bt_oci_run;
bt_oci_command bt_oci_exec;
bt_oci_command bt_oci_state, bt_oci_kill, bt_oci_delete, bt_oci_list, bt_oci_ps;
bt_oci_command bt_oci_pause, bt_oci_resume;
bt_oci_command bt_oci_update, bt_oci_events;
bt_oci_command bt_oci_features, bt_oci_spec_command;

/** May control groups be out of reach, by --rootless or by who calls? */
bool bt_oci_cli_rootless(const struct bt_oci_cli *cli);

/** What the commands state and list say of a container, as a new object (owned) with runc's names;
 * NULL for want of memory. Without annotations there is no such member. */
json_t *bt_oci_describe(const struct bt_state *state, enum bt_state_status status,
			const char *owner);

/** Write a warning to the log. */
void bt_oci_cli_warn(const struct bt_oci_cli *cli, const char *text);

/** Check that `argc` (what is left after the flags) is from `min` to `max`. Returns 0 or -EINVAL.
 */
bt_nodiscard int bt_oci_cli_count(const char *command, int argc, int min, int max,
				  struct bt_err *err);

/** The next flag of a command, as getopt_long(3); `shorts` begins with "+", since flags stand
 * before the arguments. A flag without a value may be said "--flag=true", and "--flag=false" is as
 * if it were not there. Returns its `val`, -1 at the end, or '?' with *err filled. */
int bt_oci_cli_flag(int argc, char **argv, const char *shorts, const struct option *longs,
		    struct bt_err *err);

/** Write a pid file, whole as soon as it is there; a `path` of NULL is none. */
bt_nodiscard int bt_oci_cli_write_pid(const char *path, pid_t pid, struct bt_err *err);

/** Parse a number of a flag. Returns 0 or -EINVAL. */
bt_nodiscard int bt_oci_cli_number(const char *flag, const char *text, long long min, long long max,
				   long long *ret, struct bt_err *err);

#endif
