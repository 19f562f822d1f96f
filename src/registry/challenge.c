/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/challenge.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/str.h"

static int malformed(struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_UNAUTHORIZED, EBADMSG,
			  "the registry asks for authentication in a form that is not understood");
}

static const char *skip(const char *p, const char *chars)
{
	return p + strspn(p, chars);
}

/* A token, or a quoted string with its escapes. Moves `*p` behind it. */
static int read_value(const char **p, char **ret)
{
	bt_auto_str struct bt_str value = { .max = 4096 };
	const char *c = *p;

	if (*c != '"') {
		size_t n = strcspn(c, ", \t\"");

		bt_str_add(&value, c, n);
		c += n;
	} else {
		for (c++; *c != '"'; c++) {
			if (*c == '\\' && c[1])
				c++;
			if (*c == '\0')
				return -EBADMSG;
			bt_str_putc(&value, *c);
		}
		c++;
	}
	*p = c;
	bt_str_puts(&value, "");
	if (value.failed < 0)
		return value.failed;
	*ret = strdup(bt_str_get(&value));
	return *ret ? 0 : -ENOMEM;
}

/* One name=value. Returns 0, or a negative errno at what is none. */
static int read_pair(const char **p, struct bt_challenge *c)
{
	size_t n = strcspn(*p, "=, \t\"");
	const char *name = *p;
	char *value = NULL, **to = NULL;
	int r;

	if (n == 0 || name[n] != '=')
		return -EBADMSG;
	if (n == 5 && strncasecmp(name, "realm", n) == 0)
		to = &c->realm;
	else if (n == 7 && strncasecmp(name, "service", n) == 0)
		to = &c->service;
	else if (n == 5 && strncasecmp(name, "scope", n) == 0)
		to = &c->scope;
	*p += n + 1;
	r = read_value(p, &value);
	if (r < 0)
		return r;
	if (to && !*to)
		*to = bt_take(value);
	free(value);
	return 0;
}

int bt_challenge_parse(const char *text, struct bt_challenge *ret, struct bt_err *err)
{
	bt_auto(bt_challenge_done) struct bt_challenge c = { 0 };
	const char *p = skip(text, " \t");
	size_t n = strcspn(p, " \t");

	c.bearer = n == 6 && strncasecmp(p, "bearer", n) == 0;
	c.basic = n == 5 && strncasecmp(p, "basic", n) == 0;
	if (!c.bearer && !c.basic)
		return malformed(err);
	for (p = skip(p + n, " \t"); *p; p = skip(p, ", \t")) {
		/* Another challenge may follow: a word without "=". */
		if (p[strcspn(p, "=, \t\"")] != '=')
			break;
		if (read_pair(&p, &c) < 0)
			return malformed(err);
	}
	if (c.bearer && (!c.realm || !c.realm[0]))
		return malformed(err);
	*ret = bt_take_struct(c);
	return 0;
}

void bt_challenge_done(struct bt_challenge *challenge)
{
	free(challenge->realm);
	free(challenge->service);
	free(challenge->scope);
	*challenge = (struct bt_challenge){ 0 };
}
