/* SPDX-License-Identifier: Apache-2.0 */

#include "logs/json_text.h"
#include "base/str.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BLOCK 16

typedef signed char block bt_vector(BLOCK);
typedef uint64_t halves bt_vector(BLOCK);

static inline bool any(block mask)
{
	halves h = (halves)mask;

	return (h[0] | h[1]) != 0;
}

/* Does the block at `p` stand for itself? As signed numbers, bytes from 0x80 up are below
 * 0x20 as control characters are; '<' and '>' differ in one bit, '"' and '&' in another. */
static inline bool is_plain(block b)
{
	return !any((b < 0x20) | ((b | 2) == '>') | ((b | 4) == '&') | (b == '\\'));
}

/* Where the first end, escape or control character is: BLOCK where there is none.
 * (b ^ 0x80) orders bytes as unsigned. */
static inline size_t first_special(block b)
{
	block special =
		((b ^ (signed char)0x80) < (signed char)(0x20 ^ 0x80)) | (b == '"') | (b == '\\');
	halves h = (halves)special;

	if (h[0])
		return (size_t)__builtin_ctzll(htole64(h[0])) / 8;
	return h[1] ? 8 + (size_t)__builtin_ctzll(htole64(h[1])) / 8 : BLOCK;
}

static inline block load(const char *p)
{
	block b;

	memcpy(&b, p, sizeof(b));
	return b;
}

static inline bool is_continuation(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

/* The length of the UTF-8 sequence at `s` (RFC 3629: no overlong forms, no surrogates, up to
 * U+10FFFF), or 0. */
static size_t sequence(const unsigned char *s, size_t len)
{
	unsigned char low = 0x80, high = 0xBF;
	size_t n;

	if (s[0] >= 0xC2 && s[0] <= 0xDF)
		n = 2;
	else if (s[0] >= 0xE0 && s[0] <= 0xEF)
		n = 3;
	else if (s[0] >= 0xF0 && s[0] <= 0xF4)
		n = 4;
	else
		return 0;
	if (s[0] == 0xE0)
		low = 0xA0;
	if (s[0] == 0xED)
		high = 0x9F;
	if (s[0] == 0xF0)
		low = 0x90;
	if (s[0] == 0xF4)
		high = 0x8F;
	if (n > len || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (!is_continuation(s[i]))
			return 0;
	return n;
}

static char *put(char *dst, const char *text, size_t len)
{
	memcpy(dst, text, len);
	return dst + len;
}

static char *escape_ascii(char *dst, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	switch (c) {
	case '"':
	case '\\':
		*dst++ = '\\';
		*dst++ = (char)c;
		return dst;
	case '\n':
		return put(dst, "\\n", 2);
	case '\r':
		return put(dst, "\\r", 2);
	default:
		dst = put(dst, "\\u00", 4);
		*dst++ = hex[c >> 4];
		*dst++ = hex[c & 15];
		return dst;
	}
}

/* One character from `s`; *ret_used says how many bytes it has. */
static inline char *escape_one(char *dst, const unsigned char *s, size_t len, size_t *ret_used)
{
	*ret_used = 1;
	if ((signed char)s[0] >= 0x20 && (s[0] | 2) != '>' && (s[0] | 4) != '&' && s[0] != '\\') {
		*dst++ = (char)s[0];
		return dst;
	}
	if (s[0] < 0x80)
		return escape_ascii(dst, s[0]);
	*ret_used = sequence(s, len);
	if (*ret_used == 0) {
		*ret_used = 1;
		return put(dst, "\\ufffd", 6);
	}
	if (*ret_used == 3 && s[0] == 0xE2 && s[1] == 0x80 && (s[2] | 1) == 0xA9) {
		dst = put(dst, "\\u202", 5);
		*dst++ = s[2] == 0xA8 ? '8' : '9';
		return dst;
	}
	memcpy(dst, s, *ret_used);
	return dst + *ret_used;
}

char *bt_json_text_escape(char *dst, const char *src, size_t len)
{
	const unsigned char *s = (const unsigned char *)src;
	size_t i = 0, used;

	while (i < len) {
		/* Whole plain blocks; the last one overlaps the one before it. */
		while (len - i >= BLOCK && is_plain(load(src + i))) {
			memcpy(dst, src + i, BLOCK);
			dst += BLOCK;
			i += BLOCK;
		}
		if (i > 0 && i < len && len >= BLOCK && len - i < BLOCK &&
		    is_plain(load(src + len - BLOCK))) {
			memcpy(dst, src + i, len - i);
			return dst + (len - i);
		}
		for (size_t end = len - i < BLOCK ? len : i + BLOCK; i < end; i += used)
			dst = escape_one(dst, s + i, len - i, &used);
	}
	return dst;
}

/* A code point outside the surrogates, as UTF-8. There is room for three bytes. */
static char *put_utf8(char *dst, unsigned code)
{
	if (code < 0x80) {
		*dst++ = (char)code;
	} else if (code < 0x800) {
		*dst++ = (char)(0xC0 | (code >> 6));
		*dst++ = (char)(0x80 | (code & 0x3F));
	} else {
		*dst++ = (char)(0xE0 | (code >> 12));
		*dst++ = (char)(0x80 | ((code >> 6) & 0x3F));
		*dst++ = (char)(0x80 | (code & 0x3F));
	}
	return dst;
}

static int unescape_unicode(struct bt_json_text *t)
{
	unsigned code = 0;

	if (t->src_end - t->src < 6)
		return -EAGAIN;
	for (int i = 2; i < 6; i++) {
		int digit = bt_str_hex_digit(t->src[i]);

		if (digit < 0)
			return -EINVAL;
		code = code << 4 | (unsigned)digit;
	}
	if (code >= 0xD800 && code <= 0xDFFF)
		return -EINVAL;
	t->dst = put_utf8(t->dst, code);
	t->src += 6;
	return 0;
}

/* The escape at src, which is a backslash. */
static int unescape_one(struct bt_json_text *t)
{
	static const char from[] = "\"\\rt/bf", to[] = "\"\\\r\t/\b\f";
	const char *at;

	if (t->dst_end - t->dst < 4)
		return -ENOSPC;
	if (t->src_end - t->src < 2)
		return -EAGAIN;
	if (t->src[1] == 'n') {
		*t->dst++ = '\n';
		t->src += 2;
		return 0;
	}
	if (t->src[1] == 'u')
		return unescape_unicode(t);
	at = t->src[1] ? strchr(from, t->src[1]) : NULL;
	if (!at)
		return -EINVAL;
	*t->dst++ = to[at - from];
	t->src += 2;
	return 0;
}

int bt_json_text_unescape(struct bt_json_text *text)
{
	for (;;) {
		size_t step = BLOCK;
		int r;

		while (text->src_end - text->src >= BLOCK && text->dst_end - text->dst >= BLOCK) {
			block b = load(text->src);
			size_t plain = first_special(b);

			memcpy(text->dst, &b, BLOCK);
			text->src += plain;
			text->dst += plain;
			if (plain < BLOCK)
				break;
		}
		while (step-- > 0 && text->src < text->src_end && *text->src != '"' &&
		       *text->src != '\\') {
			if ((unsigned char)*text->src < 0x20)
				return -EINVAL;
			if (text->dst == text->dst_end)
				return -ENOSPC;
			*text->dst++ = *text->src++;
		}
		if (text->src == text->src_end)
			return -EAGAIN;
		if (*text->src == '"')
			return 0;
		r = *text->src == '\\' ? unescape_one(text) : 0;
		if (r < 0)
			return r;
	}
}
