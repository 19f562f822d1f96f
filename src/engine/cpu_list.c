/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/cpu_list.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"

/* A number and what follows it; -EINVAL where there is none. */
static int number(const char **p, unsigned *ret)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)**p))
		return -EINVAL;
	n = strtoul(*p, &end, 10);
	if (n >= CPU_SETSIZE)
		return -EINVAL;
	*p = end;
	*ret = (unsigned)n;
	return 0;
}

static int parse(const char *p, cpu_set_t *ret)
{
	CPU_ZERO(ret);
	while (*p && *p != '\n') {
		unsigned first, last;

		if (number(&p, &first) < 0)
			return -EINVAL;
		last = first;
		if (*p == '-' && (p++, number(&p, &last) < 0 || last < first))
			return -EINVAL;
		for (unsigned i = first; i <= last; i++)
			CPU_SET(i, ret);
		if (*p == ',')
			p++;
		else if (*p && *p != '\n')
			return -EINVAL;
	}
	return 0;
}

int bt_cpu_list_check(const char *list, const char *available, char *ret_available, size_t size)
{
	bt_auto_free char *text = NULL;
	cpu_set_t want, have, both;

	if (parse(list, &want) < 0)
		return -EINVAL;
	/* Without the file (no NUMA in the kernel) there is node 0 alone. */
	if (bt_io_read_file(AT_FDCWD, available, 4096, &text, NULL) < 0)
		text = strdup("0");
	if (!text || parse(text, &have) < 0)
		return -EINVAL;
	CPU_AND(&both, &want, &have);
	if (CPU_EQUAL(&both, &want))
		return 0;
	text[strcspn(text, "\n")] = '\0';
	ret_available[0] = '\0';
	strncat(ret_available, text, size - 1);
	return -ERANGE;
}
