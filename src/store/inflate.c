/* SPDX-License-Identifier: Apache-2.0 */

#include "store/inflate.h"

#include <bzlib.h>
#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define IN_SIZE (128u << 10)
#define SNIFF   6
/* Encoders use windows up to 128 MiB without being asked to (zstd -22); --long goes further. */
#define ZSTD_WINDOW_LOG_MAX 27
/* What "xz -9" asks of who unpacks it is 65 MiB; nobody may ask for more than twice that. */
#define XZ_MEMORY_MAX (130ull << 20)

enum form {
	PLAIN,
	GZIP,
	ZSTD,
	XZ,
	BZIP2,
};

struct bt_inflate {
	bt_inflate_read_fn fn;
	void *arg;
	enum form form;
	bool sniffed;
	bool in_eof;     /* `fn` has nothing more */
	bool in_member;  /* inside a gzip member, a zstd frame, an xz or a bzip2 stream */
	size_t pos, len; /* what of `in` is not used yet */
	struct inflate_state *gzip;
	ZSTD_DStream *zstd;
	lzma_stream xz;
	bz_stream bzip2;
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
	lzma_end(&inf->xz);
	if (inf->form == BZIP2 && inf->in_member)
		(void)BZ2_bzDecompressEnd(&inf->bzip2);
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

static enum form form_of(const struct bt_inflate *inf)
{
	if (begins(inf, "\x1f\x8b\x08", 3))
		return GZIP;
	/* A frame, or one that is to be skipped, before it. */
	if (begins(inf, "\x28\xb5\x2f\xfd", 4) || (inf->len >= 4 && (inf->in[0] & 0xf0) == 0x50 &&
						   memcmp(inf->in + 1, "\x2a\x4d\x18", 3) == 0))
		return ZSTD;
	if (begins(inf, "\xfd\x37\x7a\x58\x5a", 5))
		return XZ;
	return begins(inf, "BZh", 3) ? BZIP2 : PLAIN;
}

static int open_form(struct bt_inflate *inf, struct bt_err *err)
{
	bool ok = true;

	if (inf->form == GZIP) {
		inf->gzip = malloc(sizeof(*inf->gzip));
		ok = inf->gzip != NULL;
	} else if (inf->form == ZSTD) {
		inf->zstd = ZSTD_createDStream();
		ok = inf->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(
					  inf->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX));
	} else if (inf->form == XZ) {
		ok = lzma_stream_decoder(&inf->xz, XZ_MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK;
		inf->in_member = true; /* all streams and what pads them are one to liblzma */
	}
	return ok ? 0 : bt_err_sys(err, -ENOMEM, "decompress");
}

static int sniff(struct bt_inflate *inf, struct bt_err *err)
{
	while (inf->len < SNIFF && !inf->in_eof) {
		int r = fill(inf, err);

		if (r < 0)
			return r;
	}
	inf->sniffed = true;
	inf->form = form_of(inf);
	return open_form(inf, err);
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

static const char *xz_error(lzma_ret rc)
{
	switch (rc) {
	case LZMA_MEMLIMIT_ERROR:
		return "it asks for too much memory";
	case LZMA_FORMAT_ERROR:
		return "no xz header where one must be";
	case LZMA_BUF_ERROR:
		return "it ends too early";
	default:
		return "it is corrupt";
	}
}

/* One round of liblzma. Returns bytes written, or a negative errno. */
static ssize_t step_xz(struct bt_inflate *inf, void *buf, size_t len, struct bt_err *err)
{
	lzma_stream *z = &inf->xz;
	lzma_ret rc;

	z->next_in = inf->in + inf->pos;
	z->avail_in = inf->len;
	z->next_out = buf;
	z->avail_out = len;
	rc = lzma_code(z, inf->in_eof ? LZMA_FINISH : LZMA_RUN);
	inf->pos += inf->len - z->avail_in;
	inf->len = z->avail_in;
	if (rc == LZMA_STREAM_END)
		inf->in_member = false;
	else if (rc != LZMA_OK && !(rc == LZMA_BUF_ERROR && !inf->in_eof))
		return damaged(err, "xz", xz_error(rc));
	return (ssize_t)(len - z->avail_out);
}

/* One round of libbz2. Returns bytes written, or a negative errno. */
static ssize_t step_bzip2(struct bt_inflate *inf, void *buf, size_t len, struct bt_err *err)
{
	bz_stream *z = &inf->bzip2;
	unsigned int room = (unsigned int)(len > UINT32_MAX ? UINT32_MAX : len);
	int rc;

	if (!inf->in_member) {
		*z = (bz_stream){ 0 };
		if (BZ2_bzDecompressInit(z, 0, 0) != BZ_OK)
			return bt_err_sys(err, -ENOMEM, "decompress");
		inf->in_member = true;
	}
	z->next_in = (char *)inf->in + inf->pos;
	z->avail_in = (unsigned int)inf->len;
	z->next_out = buf;
	z->avail_out = room;
	rc = BZ2_bzDecompress(z);
	inf->pos += inf->len - z->avail_in;
	inf->len = z->avail_in;
	if (rc == BZ_STREAM_END) {
		(void)BZ2_bzDecompressEnd(z);
		inf->in_member = false;
	} else if (rc != BZ_OK) {
		return damaged(err, "bzip2",
			       rc == BZ_DATA_ERROR_MAGIC ? "no bzip2 header where one must be"
							 : "it is corrupt");
	}
	return (ssize_t)(room - z->avail_out);
}

static ssize_t step(struct bt_inflate *inf, void *buf, size_t len, struct bt_err *err)
{
	switch (inf->form) {
	case GZIP:
		return step_gzip(inf, buf, len, err);
	case ZSTD:
		return step_zstd(inf, buf, len, err);
	case XZ:
		return step_xz(inf, buf, len, err);
	default:
		return step_bzip2(inf, buf, len, err);
	}
}

static ssize_t read_packed(struct bt_inflate *inf, void *buf, size_t len, struct bt_err *err)
{
	static const char *const names[] = {
		[GZIP] = "gzip", [ZSTD] = "zstd", [XZ] = "xz", [BZIP2] = "bzip2"
	};

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
		n = step(inf, buf, len, err);
		if (n != 0)
			return n;
		/* Neither output nor progress: either more input helps, or it is cut short. */
		if (inf->len == before && inf->in_eof && (inf->in_member || before > 0))
			return damaged(err, names[inf->form], "it ends too early");
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
