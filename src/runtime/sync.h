/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SYNC_H
#define BT_RUNTIME_SYNC_H

/*
 * What the creating process and the init say to each other: one packet each way
 * at a time on a socket pair (SOCK_SEQPACKET), but for GROUP and START, structs as they are in
 * memory, since both ends are the same program. The init's end closes at execve(2): the end of the
 * conversation without an error means that the user's program runs.
 */

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

enum bt_sync_type {
	/* from the init */
	BT_SYNC_CONSOLE = 1, /* with a descriptor: the terminal's master */
	BT_SYNC_LISTENER,    /* with a descriptor: seccomp's notifications */
	BT_SYNC_ROOT,        /* with a descriptor: a detached clone of the root */
	BT_SYNC_UNMAPPED,    /* in a new user namespace, wants its maps: answer with GO */
	BT_SYNC_SYSCTL,      /* linux.sysctl[pid], which the creator may write: answer with GO */
	BT_SYNC_HOOKS,       /* prestart and createRuntime: answer with GO */
	BT_SYNC_READY,       /* waits for START */
	BT_SYNC_BORN,        /* of a joining process, with its pidfd */
	BT_SYNC_ERROR,
	/* to the init */
	BT_SYNC_GO,
	BT_SYNC_GROUP, /* the control group is complete: sent without being asked */
	BT_SYNC_START, /* may lie ready before it is waited for */
};

#define BT_SYNC_WARNING_LEN 256

struct bt_sync_message {
	enum bt_sync_type type;
	union {
		struct bt_err err; /* of ERROR */
		pid_t pid;         /* of BORN: as the creator sees it; of SYSCTL: which */
		char warning[BT_SYNC_WARNING_LEN]; /* of READY: what was reduced, or "" */
	};
};

/** Send a message, with a descriptor (borrowed) if `fd` is not negative. Returns 0 or -errno;
 * -EPIPE where the other end is gone. */
bt_nodiscard int bt_sync_send(int sock, const struct bt_sync_message *message, int fd);

/** Send a message that is only a type. Returns 0 or -errno. */
bt_nodiscard int bt_sync_say(int sock, enum bt_sync_type type);

/** Receive a message and the descriptor that came with it (owned, or -EBADF; `ret_fd` may be
 * NULL where none is expected: one that comes is closed). Texts are ended and errors have a kind
 * and an errnum, whoever sent them. Returns 1, 0 at the end of the conversation, or -errno. */
bt_nodiscard int bt_sync_receive(int sock, struct bt_sync_message *ret, int *ret_fd);

/** Wait until there is something to receive on `sock` (also its end), or the process of `pidfd` has
 * ended, whose children may keep the other end open. Returns 1; 0 where the process has ended and
 * has left nothing to receive; or -errno. */
bt_nodiscard int bt_sync_hear(int sock, int pidfd);

/** Move a descriptor to a number of at least `least`, close-on-exec; the numbers below are for the
 * program. Returns 0 or -errno, and *fd stays valid. */
bt_nodiscard int bt_sync_lift(int *fd, int least);

/** Wait for GO, GROUP or START. Returns 0; -ECONNRESET where the other end is gone; -EPROTO for
 * another message; or another -errno. */
bt_nodiscard int bt_sync_expect(int sock, enum bt_sync_type type);

#endif
