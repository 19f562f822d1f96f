/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_HOOKS_H
#define BT_RUNTIME_HOOKS_H

/*
 * Hooks (config.md, "POSIX-platform Hooks"): programs run at fixed points, each
 * with the container's state as JSON on standard input, one after the other. A hook ends with
 * the process that runs it.
 */

#include <signal.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "codec/oci_spec.h"

/** The parts of the state that never change, as the text of a JSON object in `arena`: NULL
 * where the specification has no hooks at all. Returns 0 or -errno. */
bt_nodiscard int bt_hooks_state(const struct bt_oci_spec *spec, const char *id, const char *bundle,
				struct bt_arena *arena, const char **ret, struct bt_err *err);

/**
 * Run the hooks of one kind and wait for each, no longer than its timeout.
 *
 * @name:   the kind, for errors: "createRuntime".
 * @state:  of bt_hooks_state(); not NULL unless the list is empty.
 * @status: "creating", "created", "running" or "stopped".
 * @pid:    of the container's init, as the host sees it; 0: none.
 *
 * Allocates nothing. Returns 0, or -ECANCELED for a hook that failed, with the beginning of
 * what it wrote to standard error in the message.
 */
bt_nodiscard int bt_hooks_run(const struct bt_oci_hook_list *hooks, const char *name,
			      const char *state, const char *status, pid_t pid, struct bt_err *err);

/** From now on signals that come while a hook is waited for are passed on to it: those of `signals`
 * (borrowed for ever), which the caller has blocked. NULL: none are. */
void bt_hooks_pass_on(const sigset_t *signals);

#endif
