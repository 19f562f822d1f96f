/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "input.h"
#include "store/untar.h"

/* Whatever the archive says, nothing beside the directory it is unpacked into is touched. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* In memory where there is such a place: thousands of small trees come and go. */
	char in_memory[] = "/dev/shm/fuzz_untar.XXXXXX", on_disk[] = "/tmp/fuzz_untar.XXXXXX";
	const char *dir = mkdtemp(in_memory);
	char canary[64];
	struct input in = { .data = data, .size = size };
	bt_auto_close int outer = -EBADF, root = -EBADF;
	struct bt_untar_result res;
	struct bt_err err = { 0 };

	if (!dir)
		dir = mkdtemp(on_disk);
	if (!dir)
		abort();
	outer = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (outer < 0 || mkdirat(outer, "root", 0755) < 0 || mkdirat(outer, "canary", 0700) < 0)
		abort();
	root = openat(outer, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bt_untar(&(struct bt_untar){ .root = root,
					 .whiteouts = true,
					 .shadow_fd = -1,
					 .max_bytes = 1 << 20,
					 .read = read_input,
					 .read_arg = &in },
		     &res, &err) < 0 &&
	    (err.kind == BT_ERR_NONE || err.msg[0] == '\0'))
		abort();
	(void)snprintf(canary, sizeof(canary), "%s/canary", dir);
	if (rmdir(canary) < 0)
		abort();
	if (bt_io_remove_tree(AT_FDCWD, dir) < 0)
		abort();
	return 0;
}
