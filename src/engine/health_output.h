/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_HEALTH_OUTPUT_H
#define BT_ENGINE_HEALTH_OUTPUT_H

/*
 * What State.Health keeps of what a check printed: the beginning, as Docker does.
 */

#include <stddef.h>

/** So many bytes are kept. */
#define BT_HEALTH_OUTPUT_MAX 4096
/** And so many of the stream have to be read for them: each frame has a head of eight bytes, and
 * may hold a single one. */
#define BT_HEALTH_OUTPUT_READ (10 * BT_HEALTH_OUTPUT_MAX)

/** The text in `len` bytes of Docker's multiplexed stream, standard output and error as they came,
 * with "..." behind where there was more. `stream` is changed, and may be NULL. A frame may be cut
 * anywhere; a byte of 0 ends the text. Owned, free(); NULL without memory. */
char *bt_health_output_keep(char *stream, size_t len);

#endif
