/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_CLIENT_H
#define BT_MONITOR_CLIENT_H

/*
 * The daemon's side of the monitors' protocol (monitor/protocol.h): one struct
 * bt_client is one control connection to one monitor.
 *
 * Threads: requests may be made from any thread at once; each waits for its own
 * reply. Some thread must call bt_client_dispatch() whenever bt_client_fd() is
 * readable: it hands events to the handler and replies to those who wait. Whoever
 * dispatches must not make requests that wait (bt_client_ack() does not wait).
 * Destroy only when no other thread is inside.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "monitor/journal.h"
#include "monitor/protocol.h"

/* How long a request waits for its reply before it fails with ETIMEDOUT. A monitor that
 * comes to it later does not do it. */
#define BT_CLIENT_TIMEOUT_MS 30000
#define BT_CLIENT_EXEC_MAX   128

struct bt_client;

enum bt_client_event_kind {
	BT_CLIENT_RECORD,       /* of the journal: see `record` */
	BT_CLIENT_OOM,          /* of an older monitor, which does not journal it */
	BT_CLIENT_EXEC_STARTED, /* exec, pid */
	BT_CLIENT_EXEC_FAILED,  /* exec, code, error */
	BT_CLIENT_EXEC_EXITED,  /* exec, code */
	BT_CLIENT_ATTACHED,
	BT_CLIENT_DETACHED,  /* by detach keys; exec is "" for the container's own */
	BT_CLIENT_RESTARTED, /* of an older monitor, too */
	BT_CLIENT_BEHIND,    /* events were left out: look at the journal and the files of execs */
};

/** An event. Everything is borrowed for the time of the call. */
struct bt_client_event {
	enum bt_client_event_kind kind;
	struct bt_journal_record record; /* as it stands in the journal */
	int64_t at_ns;
	char exec[BT_CLIENT_EXEC_MAX];
	pid_t pid;
	int code;
	struct bt_err error;
};

typedef void (*bt_client_fn)(void *data, const struct bt_client_event *event);

/** Descriptors for a start; -EBADF where there is none. All borrowed: the caller closes its
 * copies afterwards, and must for the clients' sockets to end. */
struct bt_client_fds {
	int spec;
	int rootfs;
	int netns;
	int seccomp;
	const int *clients; /* bt_spawn.nclients of them */
};

/**
 * Have the spawner fork a monitor for `spawn`, with a new control connection. Any
 * thread. What became of the start comes as the first record event (started or
 * start-failed). `fn` and `data` are as for bt_client_create().
 *
 * Returns 0; or a negative errno with *err filled, and no monitor.
 */
bt_nodiscard int bt_client_spawn(int spawner_fd, const struct bt_spawn *spawn,
				 const struct bt_client_fds *fds, bt_client_fn fn, void *data,
				 struct bt_client **ret, pid_t *ret_monitor, struct bt_err *err);

/** Have the spawner fork a helper (BT_PROTOCOL_NAMES, BT_PROTOCOL_FORWARDER) on a listening socket
 * (borrowed). Any thread. */
bt_nodiscard int bt_client_spawn_helper(int spawner_fd, const char *request, int listen_fd,
					struct bt_err *err);

/** Connect to the monitor that listens in `dir` (<exec-root>/containers/<id>). Returns 0;
 * -ENOENT or -ECONNREFUSED where none lives there; or another negative errno. */
bt_nodiscard int bt_client_connect(const char *dir, bt_client_fn fn, void *data,
				   struct bt_client **ret, struct bt_err *err);

/** Make a client of a connected socket, which it owns from now on (also on failure). `fn` is
 * called by bt_client_dispatch() with `data`. Returns 0 or -errno. */
bt_nodiscard int bt_client_create(int fd, bt_client_fn fn, void *data, struct bt_client **ret);

/** Close the connection and release. Requests still waiting must have ended: see
 * bt_client_hangup(). NULL is fine. */
void bt_client_destroy(struct bt_client *client);

/** Was it hung up? */
bt_nodiscard bool bt_client_is_gone(struct bt_client *client);

/** Shut the connection down: every request, waiting or later, fails with EPIPE. */
void bt_client_hangup(struct bt_client *client);

/** The connection, for poll(2); borrowed. It is non-blocking. */
int bt_client_fd(const struct bt_client *client);

/** Take in everything that has arrived. Returns 1 while the connection lives, 0 at its end, or a
 * negative errno. Requests that wait go on waiting until bt_client_hangup(). */
bt_nodiscard int bt_client_dispatch(struct bt_client *client);

#define BT_CLIENT_STATUS_EXECS 256

enum bt_client_state {
	BT_CLIENT_STARTING,
	BT_CLIENT_RUNNING,
	BT_CLIENT_WAITING, /* for a restart */
	BT_CLIENT_ENDED,
};

struct bt_client_status {
	int version;
	enum bt_client_state state;
	pid_t pid; /* the init; 0 while none runs */
	int64_t started_at_ns;
	int restarts;
	uint64_t seq; /* of the last journal record */
	unsigned nexecs;
	struct {
		char exec[BT_CLIENT_EXEC_MAX];
		pid_t pid;
	} execs[BT_CLIENT_STATUS_EXECS]; /* the first ones, where there are more */
};

/** Ask how things stand. */
bt_nodiscard int bt_client_status(struct bt_client *client, struct bt_client_status *ret,
				  struct bt_err *err);

/** Send a signal to the container's init. Kind CONFLICT, ESRCH where none runs. */
bt_nodiscard int bt_client_signal(struct bt_client *client, int signal, struct bt_err *err);

/** Begin to stop: `signal`, and SIGKILL after `timeout` seconds (-1: never). No restart
 * follows. Returns as soon as it has begun; an "exited" record follows. */
bt_nodiscard int bt_client_stop(struct bt_client *client, int signal, int timeout,
				struct bt_err *err);

/** Stop as bt_client_stop(), then start again whatever the policy says. The records come as
 * always ("exited" with final false, then "started"). */
bt_nodiscard int bt_client_restart(struct bt_client *client, int signal, int timeout,
				   struct bt_err *err);

/** Tell that its health check failed: the monitor ends the run where the policy begins another one
 * for that, and leaves it as it is where not. Records come as always. */
bt_nodiscard int bt_client_unhealthy(struct bt_client *client, struct bt_err *err);

/** Set the terminal's size, of the container or of `exec` (NULL: the container). */
bt_nodiscard int bt_client_resize(struct bt_client *client, const char *exec, unsigned rows,
				  unsigned cols, struct bt_err *err);

/** Give the monitor a client's socket `fd` (borrowed; close it afterwards, and shut it down where
 * this failed: a monitor that did not answer in time has it in its queue). */
bt_nodiscard int bt_client_attach(struct bt_client *client, const struct bt_spawn_client *how,
				  int fd, struct bt_err *err);

struct bt_client_exec {
	const char *exec;              /* id, shorter than BT_CLIENT_EXEC_MAX */
	const char *process;           /* an OCI process object, JSON text */
	bool tty;                      /* as `process` says */
	unsigned rows, cols;           /* 0: not given */
	int fd;                        /* the client's socket, borrowed, or -EBADF */
	struct bt_spawn_client client; /* what it takes part in */
};

/** Run a process in the container. Returns once it runs, with its pid; or with the error,
 * whose exit code bt_launch_exit_code() tells. An exec-exited event follows; nothing is
 * journalled. */
bt_nodiscard int bt_client_exec(struct bt_client *client, const struct bt_client_exec *exec,
				pid_t *ret_pid, struct bt_err *err);

/** What changes on a running container; NULL stands for: as it is. */
struct bt_client_update {
	const struct bt_restart *restart;
	const int *stop_signal;
	const int *stop_timeout;
};

/** Change what the monitor decides by. */
bt_nodiscard int bt_client_update(struct bt_client *client, const struct bt_client_update *update,
				  struct bt_err *err);

/** Say that the records up to `seq` are applied, and stored: an ended monitor may then go. Or that
 * they are applied but not `stored`: the journal keeps them, and notes that they became events.
 * Does not wait. Returns 0 or -errno. */
bt_nodiscard int bt_client_ack(struct bt_client *client, uint64_t seq, bool stored);

/** Have the log opened anew, after something else renamed it. */
bt_nodiscard int bt_client_reopen_log(struct bt_client *client, struct bt_err *err);

#endif
