/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_MAC_H
#define BT_ENGINE_MAC_H

/*
 * Addresses of Ethernet interfaces (EUI-48) as text, in the forms that Docker's clients write.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define BT_MAC_LEN      6
#define BT_MAC_TEXT_LEN 18 /* with its NUL */

/** Parse "02:42:ac:11:00:02", "02-42-ac-11-00-02" or "0242.ac11.0002", in either case; written
 * on success only. Returns 0 or -EINVAL. */
bt_nodiscard int bt_mac_parse(const char *text, uint8_t ret[BT_MAC_LEN]);
/** Write it with colons, in lower case. */
void bt_mac_format(const uint8_t mac[BT_MAC_LEN], char ret[BT_MAC_TEXT_LEN]);
/** Can an interface have it: is it one station's, and not zero? */
bool bt_mac_is_station(const uint8_t mac[BT_MAC_LEN]);

#endif
