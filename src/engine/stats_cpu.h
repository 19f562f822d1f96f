/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_STATS_CPU_H
#define BT_ENGINE_STATS_CPU_H

/*
 * The part of a sample that the next one is compared with.
 */

#include <stdint.h>

/** The processor's part of a sample; times in nanoseconds. */
struct bt_stats_cpu {
	int64_t at_ns; /* when it was taken; 0: never */
	uint64_t total, user, kernel, system;
};

#endif
