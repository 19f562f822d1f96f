/* SPDX-License-Identifier: Apache-2.0 */

#include "base/size.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The unit behind a size: "", "b", "k", "kb", "kib" … Returns its power of 1024, or -1. */
static int unit_of(const char *text)
{
	static const char letters[] = "bkmgtp";
	const char *hit;
	int power;

	if (*text == ' ')
		text++;
	if (!*text)
		return 0;
	hit = strchr(letters, tolower((unsigned char)*text));
	if (!hit)
		return -1;
	power = (int)(hit - letters);
	text++;
	if (power > 0 && tolower((unsigned char)*text) == 'i')
		return tolower((unsigned char)text[1]) == 'b' && !text[2] ? power : -1;
	if (power > 0 && tolower((unsigned char)*text) == 'b')
		text++;
	return *text ? -1 : power;
}

int bt_size_parse(const char *text, int64_t *ret)
{
	size_t len = strspn(text, "0123456789.");
	double n;
	char *end;
	int power;

	if (!len || *text == '.')
		return -EINVAL;
	n = strtod(text, &end);
	if (end != text + len)
		return -EINVAL;
	power = unit_of(end);
	if (power < 0)
		return -EINVAL;
	for (int i = 0; i < power; i++)
		n *= 1024;
	if (n >= 9.2e18)
		return -EINVAL;
	*ret = (int64_t)n;
	return 0;
}
