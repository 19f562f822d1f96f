/* SPDX-License-Identifier: Apache-2.0 */

#include "store/inflate.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define IN_SIZE (128u << 10)
#define SNIFF   6
/* Encoders use windows up to 128 MiB without being asked to (zstd -22); --long goes further. */
#define ZSTD_WINDOW_LOG_MAX 27

enum form {
	PLAIN,
	GZIP,
	ZSTD
};

struct bt_inflate {
	bt_inflate_read_fn fn;
	void *arg;
	enum form form;
	bool sniffed;
	bool in_eof;     /* `fn` has nothing more */
	bool in_member;  /* inside a gzip member or a zstd frame */
	size_t pos, len; /* what of `in` is not used yet */
	struct inflate_state *gzip;
	ZSTD_DStream *zstd;
	unsigned char in[IN_SIZE];
};

static int damaged(struct bt_err *err, const char *what, const char *why)
{
	return bt_err_set(err, BT_ERR_INVALID, EBADMSG, "damaged %s data: %s", what, why);
}

int bt_inflate_create(bt_inflate_read_fn fn, void *arg, struct bt_inflate **ret, struct bt_err *err)
{
	struct bt_inflate *inf = calloc(1, sizeof(*inf));

	if (!inf)
		return bt_err_sys(err, -ENOMEM, "decompress");
	inf->fn = fn;
	inf->arg = arg;
	*ret = inf;
	return 0;
}

void bt_inflate_destroy(struct bt_inflate *inf)
{
	if (!inf)
		return;
	free(inf->gzip);
	(void)ZSTD_freeDStream(inf->zstd);
	free(inf);
}

/* Read more input behind what there is; only when less than a buffer is there. */
static int fill(struct bt_inflate *inf, struct bt_err *err)
{
	ssize_t n;

	if (inf->pos > 0) {
		memmove(inf->in, inf->in + inf->pos, inf->len);
		inf->pos = 0;
	}
	n = inf->fn(inf->arg, inf->in + inf->len, IN_SIZE - inf->len, err);
	if (n < 0)
		return (int)n;
	if (n == 0)
		inf->in_eof = true;
	inf->len += (size_t)n;
	return 0;
}

static bool begins(const struct bt_inflate *inf, const char *magic, size_t n)
{
	return inf->len >= n && memcmp(inf->in, magic, n) == 0;
}

static int sniff(struct bt_inflate *inf, struct bt_err *err)
{
	while (inf->len < SNIFF && !inf->in_eof) {
		int r = fill(inf, err);

		if (r < 0)
			return r;
	}
	inf->sniffed = true;
	if (begins(inf,
		   "\xfd"
		   "7zXZ",
		   5) ||
	    begins(inf, "BZh", 3))
		return bt_err_set(err, BT_ERR_INVALID, EPROTONOSUPPORT,
				  "the archive is compressed with %s; gzip, zstd and plain tar "
				  "are supported",
				  inf->in[0] == 'B' ? "bzip2" : "xz");
	if (begins(inf, "\x1f\x8b\x08", 3)) {
		inf->form = GZIP;
		inf->gzip = malloc(sizeof(*inf->gzip));
		if (!inf->gzip)
			return bt_err_sys(err, -ENOMEM, "decompress");
	} else if (begins(inf, "\x28\xb5\x2f\xfd", 4) ||
		   (inf->len >= 4 && (inf->in[0] & 0xf0) == 0x50 &&
		    memcmp(inf->in + 1, "\x2a\x4d\x18", 3) == 0)) {
		inf->form = ZSTD;
		inf->zstd = ZSTD_createDStream();
		if (!inf->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(
					  inf->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX)))
			return bt_err_sys(err, -ENOMEM, "decompress");
	}
	return 0;
}

static ssize_t read_plain(struct bt_inflate *inf, void *buf, size_t len, struct bt_err *err)
{
	size_t n = inf->len < len ? inf->len : len;

	if (n == 0)
		return inf->fn(inf->arg, buf, len, err);
	memcpy(buf, inf->in + inf->pos, n);
	inf->pos += n;
	inf->len -= n;
	return (ssize_t)n;
}

static const char *gzip_error(int rc)
{
	switch (rc) {
	case ISAL_INVALID_WRAPPER:
	case ISAL_UNSUPPORTED_METHOD:
		return "no gzip header where one must be";
	case ISAL_INCORRECT_CHECKSUM:
		return "checksum mismatch";
	default:
		return "invalid deflate stream";
	}
}

/* One round of ISA-L. Returns bytes written, or a negative errno. */
static ssize_t step_gzip(struct bt_inflate *inf, void *buf, size_t len, struct bt_err *err)
{
	struct inflate_state *z = inf->gzip;
	int rc;

	if (!inf->in_member) {
		isal_inflate_init(z);
		z->crc_flag = ISAL_GZIP;
		inf->in_member = true;
	}
	z->next_in = inf->in + inf->pos;
	z->avail_in = (uint32_t)inf->len;
	z->next_out = buf;
	z->avail_out = (uint32_t)(len > UINT32_MAX ? UINT32_MAX : len);
	len = z->avail_out;
	rc = isal_inflate(z);
	if (rc < 0)
		return damaged(err, "gzip", gzip_error(rc));
	inf->pos += inf->len - z->avail_in;
	inf->len = z->avail_in;
	if (z->block_state == ISAL_BLOCK_FINISH)
		inf->in_member = false;
	return (ssize_t)(len - z->avail_out);
}

/* One round of libzstd. Returns bytes written, or a negative errno. */
static ssize_t step_zstd(struct bt_inflate *inf, void *buf, size_t len, struct bt_err *err)
{
	ZSTD_inBuffer in = { .src = inf->in + inf->pos, .size = inf->len };
	ZSTD_outBuffer out = { .dst = buf, .size = len };
	size_t rc = ZSTD_decompressStream(inf->zstd, &out, &in);

	if (ZSTD_isError(rc))
		return damaged(err, "zstd", ZSTD_getErrorName(rc));
	inf->pos += in.pos;
	inf->len -= in.pos;
	inf->in_member = rc != 0;
	return (ssize_t)out.pos;
}

static ssize_t read_packed(struct bt_inflate *inf, void *buf, size_t len, struct bt_err *err)
{
	for (;;) {
		size_t before = inf->len;
		ssize_t n = 0;
		int r;

		if (inf->len == 0 && !inf->in_eof) {
			r = fill(inf, err);
			if (r < 0)
				return r;
			before = inf->len;
		}
		if (inf->len == 0 && inf->in_eof && !inf->in_member)
			return 0;
		n = inf->form == GZIP ? step_gzip(inf, buf, len, err)
				      : step_zstd(inf, buf, len, err);
		if (n != 0)
			return n;
		/* Neither output nor progress: either more input helps, or it is cut short. */
		if (inf->len == before && inf->in_eof)
			return damaged(err, inf->form == GZIP ? "gzip" : "zstd",
				       "it ends too early");
		if (inf->len == before && before > 0) {
			r = fill(inf, err);
			if (r < 0)
				return r;
		}
	}
}

ssize_t bt_inflate_read(struct bt_inflate *inf, void *buf, size_t len, struct bt_err *err)
{
	if (!inf->sniffed) {
		int r = sniff(inf, err);

		if (r < 0)
			return r;
	}
	if (inf->form == PLAIN)
		return read_plain(inf, buf, len, err);
	return read_packed(inf, buf, len, err);
}

ssize_t bt_inflate_read_fd(void *arg, void *buf, size_t len, struct bt_err *err)
{
	for (;;) {
		ssize_t n = read(*(const int *)arg, buf, len);

		if (n >= 0)
			return n;
		if (errno != EINTR)
			return bt_err_sys(err, -errno, "read the archive");
	}
}
