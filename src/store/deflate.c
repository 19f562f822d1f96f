/* SPDX-License-Identifier: Apache-2.0 */

#include "store/deflate.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The encoder sees blocks of this size always: its output depends on where they end. */
#define IN_SIZE  (256u << 10)
#define OUT_SIZE (128u << 10)

struct bt_deflate {
	bt_deflate_write_fn fn;
	void *arg;
	size_t len;
	struct isal_zstream z;
	unsigned char level[ISAL_DEF_LVL1_DEFAULT];
	unsigned char in[IN_SIZE];
	unsigned char out[OUT_SIZE];
};

int bt_deflate_create(bt_deflate_write_fn fn, void *arg, struct bt_deflate **ret)
{
	struct bt_deflate *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->fn = fn;
	d->arg = arg;
	isal_deflate_init(&d->z);
	d->z.level = 1;
	d->z.level_buf = d->level;
	d->z.level_buf_size = sizeof(d->level);
	d->z.gzip_flag = IGZIP_GZIP;
	d->z.flush = NO_FLUSH;
	*ret = d;
	return 0;
}

static int pack(struct bt_deflate *d, bool last)
{
	d->z.next_in = d->in;
	d->z.avail_in = (uint32_t)d->len;
	d->z.end_of_stream = last;
	do {
		size_t n;
		int r;

		d->z.next_out = d->out;
		d->z.avail_out = OUT_SIZE;
		if (isal_deflate(&d->z) != COMP_OK)
			return -EIO;
		n = OUT_SIZE - d->z.avail_out;
		r = n > 0 ? d->fn(d->arg, d->out, n) : 0;
		if (r < 0)
			return r;
	} while (d->z.avail_out == 0 || d->z.avail_in > 0 ||
		 (last && d->z.internal_state.state != ZSTATE_END));
	d->len = 0;
	return 0;
}

int bt_deflate_write(void *arg, const void *data, size_t len)
{
	struct bt_deflate *d = arg;
	const char *p = data;

	while (len > 0) {
		size_t n = IN_SIZE - d->len;

		if (n > len)
			n = len;
		memcpy(d->in + d->len, p, n);
		d->len += n;
		p += n;
		len -= n;
		if (d->len == IN_SIZE) {
			int r = pack(d, false);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int bt_deflate_finish(struct bt_deflate *deflate)
{
	return pack(deflate, true);
}

void bt_deflate_destroy(struct bt_deflate *deflate)
{
	free(deflate);
}
