/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_MACHINE_TIME_H
#define BT_ENGINE_MACHINE_TIME_H

/*
 * What the machine's processors did since its start: what a container's share is compared with.
 * The kernel counts it in ticks of ten milliseconds, and writing it down takes it longer than all
 * that is read of a small control group; so it is read once a tick, however many ask.
 */

#include <stdint.h>

struct bt_machine_time {
	uint64_t total_ns; /* of all processors, in whatever state; 0: unknown */
	uint64_t cpus;     /* that are online; at least 1 */
};

/** As of now, or of up to a tick ago. Takes a short lock of its own. */
struct bt_machine_time bt_machine_time_now(void);

/** What a text in the form of /proc/stat (proc(5)) says; `ticks` a second. */
struct bt_machine_time bt_machine_time_parse(const char *text, long ticks);

#endif
