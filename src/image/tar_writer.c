/* SPDX-License-Identifier: Apache-2.0 */

#include "image/tar_writer.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 512

/* POSIX.1-1988 ustar. */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
	char magic[8], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

/* Octal digits, or where they do not suffice base 256, as GNU tar and Go do. */
static void put_number(char *field, size_t len, int64_t value)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%0*llo", (int)len - 1, (unsigned long long)value);

	if ((size_t)n < len) {
		memcpy(field, text, (size_t)n);
		return;
	}
	for (size_t i = len; i-- > 0; value >>= 8)
		field[i] = (char)(value & 0xff);
	field[0] = (char)0x80;
}

int bt_tar_writer_entry(struct bt_tar_writer *w, const char *name, int64_t size)
{
	struct header h = { .magic = { 'u', 's', 't', 'a', 'r', 0, '0', '0' } };
	bool dir = size < 0;
	unsigned int sum = 0;

	(void)snprintf(h.name, sizeof(h.name), "%s", name);
	put_number(h.mode, sizeof(h.mode), dir ? 0755 : 0644);
	put_number(h.uid, sizeof(h.uid), 0);
	put_number(h.gid, sizeof(h.gid), 0);
	put_number(h.size, sizeof(h.size), dir ? 0 : size);
	put_number(h.mtime, sizeof(h.mtime), w->mtime > 0 ? w->mtime : 0);
	h.type = dir ? '5' : '0';
	memset(h.sum, ' ', sizeof(h.sum));
	for (size_t i = 0; i < sizeof(h); i++)
		sum += ((const unsigned char *)&h)[i];
	(void)snprintf(h.sum, sizeof(h.sum), "%06o", sum & 0777777);
	w->written = 0;
	return w->fn(w->arg, &h, sizeof(h));
}

int bt_tar_writer_data(void *arg, const void *data, size_t len)
{
	struct bt_tar_writer *w = arg;

	w->written += (int64_t)len;
	return w->fn(w->arg, data, len);
}

int bt_tar_writer_end(struct bt_tar_writer *w)
{
	static const char zeros[BLOCK];
	size_t rest = (size_t)(w->written % BLOCK);

	return rest == 0 ? 0 : w->fn(w->arg, zeros, BLOCK - rest);
}

int bt_tar_writer_file(struct bt_tar_writer *w, const char *name, const void *data, size_t len)
{
	int r = bt_tar_writer_entry(w, name, (int64_t)len);

	if (r == 0)
		r = bt_tar_writer_data(w, data, len);
	return r < 0 ? r : bt_tar_writer_end(w);
}

int bt_tar_writer_finish(struct bt_tar_writer *w)
{
	static const char zeros[2 * BLOCK];

	return w->fn(w->arg, zeros, sizeof(zeros));
}
