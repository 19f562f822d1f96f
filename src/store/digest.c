/* SPDX-License-Identifier: Apache-2.0 */

#include "store/digest.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

#define PREFIX  "sha256:"
#define HEX_LEN (2 * SHA256_DIGEST_SIZE)

_Static_assert(BT_DIGEST_SIZE == sizeof(PREFIX) + HEX_LEN, "room for the text");

void bt_digest_init(struct bt_digest *d)
{
	sha256_init(&d->sha256);
}

void bt_digest_update(struct bt_digest *d, const void *data, size_t len)
{
	sha256_update(&d->sha256, len, data);
}

void bt_digest_text(struct bt_digest *d, char ret[BT_DIGEST_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t raw[SHA256_DIGEST_SIZE];
	char *p = ret + strlen(PREFIX);

	sha256_digest(&d->sha256, sizeof(raw), raw);
	memcpy(ret, PREFIX, strlen(PREFIX));
	for (size_t i = 0; i < sizeof(raw); i++) {
		*p++ = digits[raw[i] >> 4];
		*p++ = digits[raw[i] & 15];
	}
	*p = '\0';
}

void bt_digest_of(const void *data, size_t len, char ret[BT_DIGEST_SIZE])
{
	struct bt_digest d;

	bt_digest_init(&d);
	bt_digest_update(&d, data, len);
	bt_digest_text(&d, ret);
}

bool bt_digest_is_valid(const char *text)
{
	const char *hex = text ? bt_str_after(text, PREFIX) : NULL;

	return hex && strlen(hex) == HEX_LEN && bt_str_is_hex(hex);
}

const char *bt_digest_hex(const char *digest)
{
	return digest + strlen(PREFIX);
}

void bt_digest_chain(const char *parent, const char *diff_id, char ret[BT_DIGEST_SIZE])
{
	struct bt_digest d;

	if (!parent) {
		memmove(ret, diff_id, BT_DIGEST_SIZE);
		return;
	}
	bt_digest_init(&d);
	bt_digest_update(&d, parent, strlen(parent));
	bt_digest_update(&d, " ", 1);
	bt_digest_update(&d, diff_id, strlen(diff_id));
	bt_digest_text(&d, ret);
}
