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

struct bt_container;

/** Its monitor is dead, and so is it, after `ran_ns`: start it again later, where its policy says
 * so. `stopped`: somebody had asked for its end. */
void bt_container_revive_lost(struct bt_container *container, int64_t ran_ns, bool stopped);

/** Its monitor failed to start it again: try it later, where it shares namespaces. As long as the
 * other container is between two runs, or on its way out, each of bt_container_revive_others() is
 * another try; it gives up where that one has ended, or has gone, for good. */
void bt_container_revive_failed(struct bt_container *container);

/** A container runs, has ended or has been removed: whoever waits for such a thing is started. */
void bt_container_revive_others(struct bt_container *container);

/** Somebody wants it not to run: a start that is due or waits is none any more. */
void bt_container_revive_never(struct bt_container *container);

#endif
