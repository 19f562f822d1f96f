/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>

#include "input.h"
#include "store/inflate.h"

/* So much is read of what a small input unpacks to. */
#define READ_MAX (4u << 20)

/* Whatever the stream says, it ends, or is refused with a reason. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .data = data, .size = size };
	struct bt_inflate *inf = NULL;
	struct bt_err err = { 0 };
	static char buf[64u << 10];
	size_t total = 0;
	ssize_t n = 0;

	if (bt_inflate_create(read_input, &in, &inf, &err) < 0)
		abort();
	while (total < READ_MAX && (n = bt_inflate_read(inf, buf, sizeof(buf), &err)) > 0)
		total += (size_t)n;
	if (n > (ssize_t)sizeof(buf) || (n < 0 && (err.kind == BT_ERR_NONE || err.msg[0] == '\0')))
		abort();
	bt_inflate_destroy(inf);
	return 0;
}
