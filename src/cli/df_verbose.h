/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_DF_VERBOSE_H
#define BT_CLI_DF_VERBOSE_H

/*
 * `system df --verbose`: every image, container and volume with its size.
 */

#include <jansson.h>

/** Print what the daemon answered to /system/df. */
void bt_df_verbose_print(const json_t *answer);

#endif
