/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/signal_name.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

/* RTMIN as the kernel and Go count it; the C library keeps the first two for itself. */
#define KERNEL_RTMIN 34
#define KERNEL_RTMAX 64

static int parse_realtime(const char *name)
{
	unsigned long long offset = 0;
	int base = strncasecmp(name, "RTMIN", 5) == 0 ? KERNEL_RTMIN : KERNEL_RTMAX;
	int sign = base == KERNEL_RTMIN ? 1 : -1;

	if (name[5] != '\0') {
		if (name[5] != (sign > 0 ? '+' : '-') || bt_str_to_u64(name + 6, &offset) < 0 ||
		    offset > KERNEL_RTMAX - KERNEL_RTMIN)
			return -EINVAL;
	}
	return base + sign * (int)offset;
}

int bt_signal_parse(const char *name)
{
	unsigned long long number;

	if (bt_str_to_u64(name, &number) == 0)
		return number > 0 && number <= KERNEL_RTMAX ? (int)number : -EINVAL;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	if (strncasecmp(name, "RTMIN", 5) == 0 || strncasecmp(name, "RTMAX", 5) == 0)
		return parse_realtime(name);
	for (int sig = 1; sig < KERNEL_RTMIN; sig++) {
		const char *abbrev = sigabbrev_np(sig);

		if (abbrev && strcasecmp(abbrev, name) == 0)
			return sig;
	}
	return -EINVAL;
}
