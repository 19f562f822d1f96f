/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_REFUSED_H
#define BT_CLI_REFUSED_H

/*
 * Commands of docker that berth does not have, each with the reason: who calls one learns why it
 * cannot be, and not that it is unknown.
 */

/** Why the command that `words` begin with is refused ("swarm", "swarm init", "volume update"), or
 * NULL where docker has no such command either. Static text. */
const char *bt_refused_why(const char *words);

#endif
