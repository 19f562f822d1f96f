/* SPDX-License-Identifier: Apache-2.0 */

#include "base/fault.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_LEN 64
#define WAIT         "wait "
#define WAIT_STEP_US 2000

const char *bt_fault_file;

void bt_fault_init(void)
{
	const char *file = getenv(BT_FAULT_VARIABLE);

	bt_fault_file = file && file[0] == '/' ? file : NULL;
}

/* Of several that pass it at once, one waits. */
static void hold(void)
{
	char held[PATH_MAX];
	int n = snprintf(held, sizeof(held), "%s.held", bt_fault_file);

	if (n < 0 || (size_t)n >= sizeof(held) || rename(bt_fault_file, held) < 0)
		return;
	while (access(held, F_OK) == 0)
		(void)usleep(WAIT_STEP_US);
}

void bt_fault_hit(const char *name)
{
	char wanted[NAME_MAX_LEN + 1];
	int fd = open(bt_fault_file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, wanted, NAME_MAX_LEN);
	(void)close(fd);
	if (n <= 0)
		return;
	wanted[n] = '\0';
	if (strncmp(wanted, WAIT, strlen(WAIT)) == 0) {
		if (strcmp(wanted + strlen(WAIT), name) == 0)
			hold();
		return;
	}
	/* Of several that pass it at once, one dies. */
	if (strcmp(wanted, name) != 0 || unlink(bt_fault_file) < 0)
		return;
	(void)kill(getpid(), SIGKILL);
	/* The first process of a namespace takes no signal of its own, but a trap it takes. */
	__builtin_trap();
}
