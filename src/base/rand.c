/* SPDX-License-Identifier: Apache-2.0 */

#include "base/rand.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

int bt_rand_bytes(void *ret, size_t len)
{
	char *p = ret;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int bt_rand_hex(char *ret, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char byte = 0;

	for (size_t i = 0; i < len; i++) {
		if (i % 32 == 0) {
			size_t chunk = len - i < 32 ? len - i : 32;
			int r = bt_rand_bytes(ret + i, chunk);

			if (r < 0)
				return r;
		}
		byte = (unsigned char)ret[i];
		ret[i] = digits[byte & 15];
	}
	ret[len] = '\0';
	return 0;
}

int bt_rand_id(char ret[BT_RAND_ID_LEN + 1])
{
	int r;

	do {
		r = bt_rand_hex(ret, BT_RAND_ID_LEN);
	} while (r == 0 && strspn(ret, "0123456789") >= 12);
	return r;
}
