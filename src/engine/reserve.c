/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"

/* A transaction or two of the database. */
#define RESERVE_SIZE (512 << 10)

void bt_reserve_refill(const char *data_root)
{
	bt_auto_free char *path = bt_path_join(data_root, "reserve");
	bt_auto_close int fd = -EBADF;
	struct stat st;

	if (!path || (stat(path, &st) == 0 && st.st_size == RESERVE_SIZE))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* On a disk that is nearly full half a reserve would only take what others need. */
	if (fd >= 0 && posix_fallocate(fd, 0, RESERVE_SIZE) != 0)
		(void)unlink(path);
}

void bt_reserve_spend(const char *data_root)
{
	bt_auto_free char *path = bt_path_join(data_root, "reserve");

	if (path)
		(void)unlink(path);
}
