/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_AUTO_H
#define BT_BASE_AUTO_H

/*
 * Scope-bound ownership.
 *
 * A local that owns something is declared with a bt_auto_* marker and starts
 * out empty (NULL, or -EBADF for descriptors). Leaving the scope by any path
 * releases it. Giving it away is always visible: bt_take() / bt_take_fd().
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/attr.h"

#define bt_auto_free  bt_auto(bt_auto_free_)
#define bt_auto_close bt_auto(bt_auto_close_)

/* Move the value out of `p`, leaving it empty. */
#define bt_take(p)                    \
	__extension__({               \
		__typeof__(p) t_ = p; \
		(p) = NULL;           \
		t_;                   \
	})

/* The same for a struct that owns things: leaves it zeroed, which every
 * _done() function accepts. */
#define bt_take_struct(s)                   \
	__extension__({                     \
		__typeof__(s) t_ = s;       \
		(s) = (__typeof__(s)){ 0 }; \
		t_;                         \
	})

static inline int bt_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

/* Close `*fd` if open, keep errno, mark it closed. EINTR is not retried: Linux
 * has released the descriptor by then, and its number may already be reused. */
static inline void bt_close(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		(void)close(*fd);
		errno = saved;
	}
	*fd = -EBADF;
}

static inline void bt_auto_free_(void *p)
{
	free(*(void **)p);
}

static inline void bt_auto_close_(int *fd)
{
	bt_close(fd);
}

#endif
