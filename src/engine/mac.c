/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/mac.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* How many bytes stand between two separators; 0: it is no separator. */
static unsigned group_of(char separator)
{
	if (separator == ':' || separator == '-')
		return 1;
	return separator == '.' ? 2 : 0;
}

int bt_mac_parse(const char *text, uint8_t ret[BT_MAC_LEN])
{
	const size_t to_separator = strcspn(text, ":-.");
	const char separator = text[to_separator];
	const unsigned group = group_of(separator);
	uint8_t mac[BT_MAC_LEN];

	if (group == 0)
		return -EINVAL;
	for (unsigned i = 0; i < BT_MAC_LEN; i++) {
		int high, low;

		if (i > 0 && i % group == 0 && *text++ != separator)
			return -EINVAL;
		high = bt_str_hex_digit(text[0]);
		low = high < 0 ? -1 : bt_str_hex_digit(text[1]);
		if (low < 0)
			return -EINVAL;
		mac[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	if (*text)
		return -EINVAL;
	memcpy(ret, mac, sizeof(mac));
	return 0;
}

void bt_mac_format(const uint8_t mac[BT_MAC_LEN], char ret[BT_MAC_TEXT_LEN])
{
	(void)snprintf(ret, BT_MAC_TEXT_LEN, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		       mac[2], mac[3], mac[4], mac[5]);
}

bool bt_mac_is_station(const uint8_t mac[BT_MAC_LEN])
{
	static const uint8_t zero[BT_MAC_LEN];

	/* The lowest bit of the first byte is that of groups. */
	return (mac[0] & 1) == 0 && memcmp(mac, zero, sizeof(zero)) != 0;
}
