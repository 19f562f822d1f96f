/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_CONTAINER_REVIVE_H
#define BT_ENGINE_CONTAINER_REVIVE_H

/*
 * Restarts that a container's policy asks for and that its monitor cannot make:
 * the monitor was killed itself, or the container shares namespaces with one
 * that is another process by now, which only a daemon can find. The daemon
 * starts such a container anew, and goes on with its count of restarts.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct bt_container;

/** Its monitor is dead, and so is it, after `ran_ns` and with `code`: will it be started again, as
 * its policy says? Then that is due (`awaiting`). Asked before the end is applied, so that nobody
 * finds the container ended and takes it for good; where somebody had asked for its end, or does so
 * from now on, it is not started. */
bt_nodiscard bool bt_container_revive_decide(struct bt_container *container, int code,
					     int64_t ran_ns);
/** The end is applied: make the restart later, and count it then. One that follows a short run has
 * a delay before it. */
void bt_container_revive_lost(struct bt_container *container, int64_t ran_ns);

/** Its monitor failed to start it again: try it later, where it shares namespaces and `awaiting`
 * was set with that end. As long as the other container is between two runs, or on its way out,
 * each of bt_container_revive_others() is another try; it gives up where that one has ended, or has
 * gone, for good. */
void bt_container_revive_failed(struct bt_container *container);

/** A container runs, has ended or has been removed, or will do none of these after all: whoever
 * waits for such a thing is tried. */
void bt_container_revive_others(struct bt_container *container);

#endif
