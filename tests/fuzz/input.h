/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_INPUT_H
#define BT_TESTS_INPUT_H

/*
 * An input as what a parser of streams reads.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "base/err.h"

struct input {
	const uint8_t *data;
	size_t size;
};

/** The next bytes of a struct input, 0 at its end. */
static inline ssize_t read_input(void *arg, void *buf, size_t len, struct bt_err *err)
{
	struct input *in = arg;
	size_t n = len < in->size ? len : in->size;

	(void)err;
	memcpy(buf, in->data, n);
	in->data += n;
	in->size -= n;
	return (ssize_t)n;
}

#endif
