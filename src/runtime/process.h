/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_PROCESS_H
#define BT_RUNTIME_PROCESS_H

/*
 * Becoming the user's process, inside the container's namespaces and root: the
 * last part of create and of exec. In this order: _prepare while all rights are
 * there, _drop to the user and its capabilities, _filter, _exec. A container's init does
 * all of it; of exec, whoever is seen in the container does _lead and _exec only, and what
 * comes before is its creator's (runtime/exec.c).
 */

#include "runtime/plan.h"

/** Close every descriptor but the standard ones, those that the program shall inherit, those of
 * `p->stdio`, and the `n` of `keep` (negative ones mean nothing; BT_PROCESS_KEEP_MAX at most):
 * whoever gets to look into this process finds no way to the host. Returns 0 or -errno. */
bt_nodiscard int bt_process_close_all_but(const struct bt_plan_process *p, const int keep[],
					  size_t n, struct bt_err *err);

#define BT_PROCESS_KEEP_MAX 8

/** Descriptors 0, 1, 2; with a terminal `slave` becomes all three. Returns 0 or -errno. */
bt_nodiscard int bt_process_set_stdio(const struct bt_plan_process *p, int slave,
				      struct bt_err *err);

/** Start a session, and make a terminal, which is standard input, its controlling one. With
 * `p->count_late` what _prepare has left is limited now. Needs no right, and no call but setsid(2),
 * ioctl(2) and setrlimit(2). */
bt_nodiscard int bt_process_lead(const struct bt_plan_process *p, char warning[BT_SYNC_WARNING_LEN],
				 struct bt_err *err);

/** Keyring, limits, scheduling, umask, personality. What the machine reduces is appended to
 * `warning`. `proc` is a procfs (runtime/procfs.h). */
bt_nodiscard int bt_process_prepare(const struct bt_plan_process *p, int proc,
				    char warning[BT_SYNC_WARNING_LEN], struct bt_err *err);

/** The working directory, groups, user, capabilities; all other descriptors will close at
 * execve(2). CAP_SYS_ADMIN stays permitted where the filter will need it. */
bt_nodiscard int bt_process_drop(const struct bt_plan_process *p, struct bt_err *err);

/** Find the program and its HOME; see runtime/program.h. */
bt_nodiscard int bt_process_find(struct bt_plan_process *p, char ret_path[], struct bt_err *err);

/** Install the filter, if there is one, hand its listener, if it has one, over on `sync`, and give
 * up the last rights. Returns 0 or -errno. */
bt_nodiscard int bt_process_filter(const struct bt_plan_process *p, int sync, struct bt_err *err);

/** execve(2) `path`. Returns only on failure, with a negative errno. */
int bt_process_exec(const struct bt_plan_process *p, const char *path, struct bt_err *err);

#endif
