/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_PORTS_H
#define BT_CLI_PORTS_H

/*
 * The column of ports in `ps`: neighbours are joined to ranges.
 */

#include <jansson.h>

/** "0.0.0.0:80-81->80-81/tcp, 443/tcp" from the API's list of ports; a new string value. */
json_t *bt_ports_text(const json_t *ports);

#endif
