/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "runtime/program.h"

/* An image's /etc/passwd: a home is found that is a path, or "/". */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_close int fd = bt_io_memfd("passwd", data, size);
	char home[PATH_MAX];

	if (fd < 0)
		return 0;
	bt_program_home_in(fd, 1000, home);
	if (home[0] != '/' || strnlen(home, sizeof(home)) == sizeof(home))
		abort();
	return 0;
}
