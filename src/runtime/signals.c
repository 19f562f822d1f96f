/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

/* The kernel's, and so Docker's: the C library keeps the first two for itself. */
#define RTMIN 34
#define RTMAX 64

static int parse_realtime(const char *name)
{
	bool max = strncasecmp(name, "RTMAX", 5) == 0;
	unsigned long long offset = 0;

	if (!max && strncasecmp(name, "RTMIN", 5) != 0)
		return -EINVAL;
	name += 5;
	if (*name != '\0' && (*name != (max ? '-' : '+') || bt_str_to_u64(name + 1, &offset) < 0))
		return -EINVAL;
	if (offset > RTMAX - RTMIN)
		return -EINVAL;
	return max ? RTMAX - (int)offset : RTMIN + (int)offset;
}

int bt_signals_parse(const char *name)
{
	unsigned long long number;

	if (bt_str_to_u64(name, &number) == 0)
		return number <= RTMAX ? (int)number : -EINVAL;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (int sig = 1; sig < RTMIN; sig++) {
		const char *abbreviation = sigabbrev_np(sig);

		if (abbreviation != NULL && strcasecmp(abbreviation, name) == 0)
			return sig;
	}
	return parse_realtime(name);
}
