/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_DURATION_H
#define BT_CODEC_DURATION_H

/*
 * Spans of time in Docker's words, for `ps` and for tables of other things.
 */

#include <stdint.h>

#define BT_DURATION_TEXT_MAX 32

/** "Less than a second", "About an hour", "3 days": one number, cut, but for hours, which are
 * rounded. */
void bt_duration_text(int64_t seconds, char ret[BT_DURATION_TEXT_MAX]);

#endif
