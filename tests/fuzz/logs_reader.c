/* SPDX-License-Identifier: Apache-2.0 */

/* A log file of any content is read to its end, in whole frames, whatever is asked for. The
 * first byte of the input chooses the options. */

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "logs/reader.h"

#define SIZE ((64u << 10) + 64)

static char path[] = "/tmp/fuzz_logs_reader.XXXXXX";
static int fd = -EBADF;

static void clean_up(void)
{
	(void)unlink(path);
}

/* Each frame has its header, and its length is that of what follows. */
static void check_frames(const char *buf, size_t len)
{
	const unsigned char *p = (const unsigned char *)buf;

	while (len > 0) {
		size_t n;

		if (len < 8 || (p[0] != 1 && p[0] != 2) || p[1] || p[2] || p[3])
			abort();
		n = (size_t)p[4] << 24 | (size_t)p[5] << 16 | (size_t)p[6] << 8 | p[7];
		if (n > len - 8)
			abort();
		p += 8 + n;
		len -= 8 + n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char buf[SIZE];
	struct bt_reader_options opt = { .path = path, .out = true, .err = true };
	struct bt_reader *reader;
	struct bt_err err;
	ssize_t n;

	if (fd < 0) {
		fd = mkstemp(path);
		atexit(clean_up);
	}
	if (fd < 0 || size < 1 || ftruncate(fd, 0) < 0 ||
	    pwrite(fd, data + 1, size - 1, 0) != (ssize_t)(size - 1))
		return 0;
	opt.mux = data[0] & 1;
	opt.timestamps = data[0] & 2;
	opt.details = data[0] & 4;
	opt.since_ns = data[0] & 8 ? 1700000000000000000 : 0;
	opt.tail = data[0] & 16 ? data[0] >> 5 : -1;
	if (bt_reader_open(&opt, &reader, &err) < 0)
		abort();
	while ((n = bt_reader_read(reader, buf, sizeof(buf))) > 0)
		if (opt.mux)
			check_frames(buf, (size_t)n);
	if (n < 0)
		abort();
	bt_reader_close(reader);
	return 0;
}
