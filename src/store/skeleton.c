/* SPDX-License-Identifier: Apache-2.0 */

#include "store/skeleton.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/auto.h"
#include "base/io.h"

#define RAW_SIZE (32u << 10)
#define OUT_SIZE (64u << 10)
/* Headers are mostly zeros: the fastest level leaves a tenth. */
#define LEVEL 1

struct bt_skeleton {
	int fd;
	int failed; /* 0, or the first negative errno */
	ZSTD_CCtx *zstd;
	size_t raw_len, out_len;
	char raw[RAW_SIZE];
	char out[OUT_SIZE];
};

int bt_skeleton_create(int fd, struct bt_skeleton **ret, struct bt_err *err)
{
	struct bt_skeleton *sk = calloc(1, sizeof(*sk));

	if (sk)
		sk->zstd = ZSTD_createCCtx();
	if (!sk || !sk->zstd ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(sk->zstd, ZSTD_c_compressionLevel, LEVEL))) {
		bt_skeleton_destroy(sk);
		bt_close(&fd);
		return bt_err_sys(err, -ENOMEM, "record a layer");
	}
	sk->fd = fd;
	*ret = sk;
	return 0;
}

/* Compress `len` bytes, and write what has come together. */
static void put(struct bt_skeleton *sk, const void *data, size_t len, ZSTD_EndDirective end)
{
	ZSTD_inBuffer in = { .src = data, .size = len };
	size_t left;

	if (sk->failed < 0)
		return;
	do {
		ZSTD_outBuffer out = { .dst = sk->out, .size = OUT_SIZE, .pos = sk->out_len };

		left = ZSTD_compressStream2(sk->zstd, &out, &in, end);
		sk->out_len = out.pos;
		if (ZSTD_isError(left)) {
			sk->failed = -ENOMEM;
			return;
		}
		if (sk->out_len == OUT_SIZE || end == ZSTD_e_end) {
			sk->failed = bt_io_write_all(sk->fd, sk->out, sk->out_len);
			sk->out_len = 0;
		}
	} while (sk->failed == 0 && (in.pos < in.size || (end == ZSTD_e_end && left > 0)));
}

static void put_head(struct bt_skeleton *sk, char type, size_t len)
{
	char head[5] = { type };
	uint32_t n = htole32((uint32_t)len);

	memcpy(head + 1, &n, sizeof(n));
	put(sk, head, sizeof(head), ZSTD_e_continue);
}

static void flush_raw(struct bt_skeleton *sk)
{
	if (sk->raw_len == 0)
		return;
	put_head(sk, 'R', sk->raw_len);
	put(sk, sk->raw, sk->raw_len, ZSTD_e_continue);
	sk->raw_len = 0;
}

void bt_skeleton_raw(struct bt_skeleton *sk, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		size_t n = RAW_SIZE - sk->raw_len;

		if (n > len)
			n = len;
		memcpy(sk->raw + sk->raw_len, p, n);
		sk->raw_len += n;
		p += n;
		len -= n;
		if (sk->raw_len == RAW_SIZE)
			flush_raw(sk);
	}
}

void bt_skeleton_file(struct bt_skeleton *sk, const char *path, int64_t size)
{
	uint64_t n = htole64((uint64_t)size);

	flush_raw(sk);
	put_head(sk, 'F', sizeof(n) + strlen(path));
	put(sk, &n, sizeof(n), ZSTD_e_continue);
	put(sk, path, strlen(path), ZSTD_e_continue);
}

void bt_skeleton_moved(struct bt_skeleton *sk, const char *path, uint32_t number)
{
	uint32_t n = htole32(number);

	flush_raw(sk);
	put_head(sk, 'M', sizeof(n) + strlen(path));
	put(sk, &n, sizeof(n), ZSTD_e_continue);
	put(sk, path, strlen(path), ZSTD_e_continue);
}

int bt_skeleton_finish(struct bt_skeleton *sk, struct bt_err *err)
{
	flush_raw(sk);
	put_head(sk, 'E', 0);
	put(sk, NULL, 0, ZSTD_e_end);
	return sk->failed < 0 ? bt_err_sys(err, sk->failed, "record a layer") : 0;
}

void bt_skeleton_destroy(struct bt_skeleton *sk)
{
	if (!sk)
		return;
	(void)ZSTD_freeCCtx(sk->zstd);
	bt_close(&sk->fd);
	free(sk);
}
