/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_INIT_H
#define BT_RUNTIME_INIT_H

/*
 * The first process of a container, between clone and exec: it carries out a plan
 * and talks with its creator (runtime/sync.h).
 *
 * It allocates nothing, never returns into its parent's frames, and cannot be
 * traced or looked into until it is the user's program.
 */

#include "runtime/plan.h"

struct bt_init {
	struct bt_plan *plan; /* this process' own copy */
	int sync;             /* its end of the socket pair */
	int listener;         /* socket that a later `start` connects to, or -EBADF */
};

/** Become the container's init; ends in the user's program or in _exit(2) with the error sent. */
_Noreturn void bt_init_run(const struct bt_init *init);

#endif
