/* SPDX-License-Identifier: Apache-2.0 */

#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

#define CAP_MIN 64

static size_t limit_of(const struct bt_str *s)
{
	return s->max ? s->max : BT_STR_MAX_DEFAULT;
}

int bt_str_reserve(struct bt_str *s, size_t more)
{
	size_t need, cap;
	char *p;

	if (s->failed)
		return s->failed;
	if (more > limit_of(s) || s->len > limit_of(s) - more)
		return s->failed = -E2BIG;
	need = s->len + more + 1;
	if (need <= s->cap)
		return 0;
	for (cap = s->cap ? s->cap : CAP_MIN; cap < need; cap *= 2)
		;
	p = realloc(s->p, cap);
	if (!p)
		return s->failed = -ENOMEM;
	s->p = p;
	s->cap = cap;
	s->p[s->len] = '\0';
	return 0;
}

void bt_str_add(struct bt_str *s, const char *data, size_t len)
{
	if (bt_str_reserve(s, len) < 0)
		return;
	if (len > 0)
		memcpy(s->p + s->len, data, len);
	s->len += len;
	s->p[s->len] = '\0';
}

void bt_str_puts(struct bt_str *s, const char *text)
{
	bt_str_add(s, text, strlen(text));
}

void bt_str_putc(struct bt_str *s, char c)
{
	bt_str_add(s, &c, 1);
}

void bt_str_fill(struct bt_str *s, char c, size_t n)
{
	if (bt_str_reserve(s, n) < 0)
		return;
	memset(s->p + s->len, c, n);
	s->len += n;
	s->p[s->len] = '\0';
}

/* Into the room that is there, which mostly is enough; only else a second time. */
void bt_str_printf(struct bt_str *s, const char *fmt, ...)
{
	size_t room = s->p && !s->failed ? s->cap - s->len : 0;
	char *end = room ? s->p + s->len : NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(end, room, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < room && (size_t)n <= limit_of(s) - s->len) {
		s->len += (size_t)n;
		return;
	}
	if (end)
		*end = '\0';
	if (n < 0 && !s->failed)
		s->failed = -EINVAL;
	if (n < 0 || bt_str_reserve(s, (size_t)n) < 0)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(s->p + s->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	s->len += (size_t)n;
}

void bt_str_clear(struct bt_str *s)
{
	s->len = 0;
	s->failed = 0;
	if (s->p)
		s->p[0] = '\0';
}

const char *bt_str_get(const struct bt_str *s)
{
	return s->p ? s->p : "";
}

int bt_str_steal(struct bt_str *s, char **ret)
{
	int r = bt_str_reserve(s, 0);

	if (r < 0) {
		bt_str_done(s);
		return r;
	}
	*ret = s->p;
	*s = (struct bt_str){ .max = s->max };
	return 0;
}

void bt_str_done(struct bt_str *s)
{
	free(s->p);
	*s = (struct bt_str){ .max = s->max };
}

const char *bt_str_after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

bool bt_str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool bt_str_eq(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

char *bt_str_format(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : text;
}

int bt_str_to_u64(const char *s, unsigned long long *ret)
{
	unsigned long long v;
	char *end;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno)
		return -errno;
	if (*end != '\0')
		return -EINVAL;
	*ret = v;
	return 0;
}

int bt_str_to_i64(const char *s, long long *ret)
{
	const char *digits = *s == '-' || *s == '+' ? s + 1 : s;
	long long v;
	char *end;

	if (*digits < '0' || *digits > '9')
		return -EINVAL;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno)
		return -errno;
	if (*end != '\0')
		return -EINVAL;
	*ret = v;
	return 0;
}

int bt_str_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool bt_str_is_hex(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789abcdef")] == '\0';
}
