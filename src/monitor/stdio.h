/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_MONITOR_STDIO_H
#define BT_MONITOR_STDIO_H

/*
 * Standard input and output of one process (the container's, or an exec's): the
 * monitor's ends of its pipes or its terminal, the log that they are copied to,
 * and the clients attached to them.
 *
 * Nothing is lost: where a client does not read, its output waits in a bounded
 * buffer, and once that is full the process's pipe is read no more until there is
 * room. A client that has gone is dropped.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/list.h"
#include "logs/json_file.h"
#include "monitor/loop.h"
#include "monitor/protocol.h"

struct bt_stdio;

/** One output of the process. */
struct bt_stdio_out {
	struct bt_loop_source source;
	struct bt_stdio *stdio;
	enum bt_log_stream stream;
	int fd;          /* owned; -EBADF after its end */
	unsigned bursts; /* turns in a row that found the pipe full */
};

/** Its input. */
struct bt_stdio_in {
	struct bt_loop_source source;
	struct bt_stdio *stdio;
	int fd;       /* owned; -EBADF: none, or closed */
	char *buf;    /* what the process has not taken yet; owned */
	size_t len;   /* of it */
	size_t done;  /* taken already */
	bool closing; /* close when all is taken */
};

/** What happens, told to the owner. */
struct bt_stdio_events {
	void (*ended)(struct bt_stdio *stdio);    /* the last output has ended */
	void (*idle)(struct bt_stdio *stdio);     /* finished, and the last client has gone */
	void (*detached)(struct bt_stdio *stdio); /* a client used its detach keys */
	void (*burst)(struct bt_stdio *stdio);    /* much output at once; may be NULL */
};

struct bt_stdio {
	struct bt_loop *loop;                 /* borrowed */
	const struct bt_stdio_events *events; /* borrowed */
	struct bt_json_file *log;             /* borrowed; NULL: none */
	bool tty;
	bool drained;              /* bt_stdio_drain() was called */
	struct bt_loop_timer look; /* for somebody who opens the terminal again */
	bool stdin_once;           /* the end of a client's input ends that of the process */
	unsigned log_failures;     /* writes that failed; the log says what it lost */
	bool begun;                /* the process runs: clients' input is read */
	bool finished;             /* clients are let go; no more are taken */
	struct bt_stdio_out outs[2];
	struct bt_stdio_in in;
	struct bt_list clients; /* struct bt_attach, owned */
	unsigned nclients;
};

/** Descriptors for the process, to be given to it and closed here afterwards. */
struct bt_stdio_ends {
	int fds[3]; /* owned; -EBADF with a terminal */
};

/** Make an empty one. */
void bt_stdio_init(struct bt_stdio *stdio, struct bt_loop *loop,
		   const struct bt_stdio_events *events);

/** Make pipes; without `open_stdin` the input is /dev/null. Nothing is read before
 * bt_stdio_begin(). Returns 0 or -errno. */
bt_nodiscard int bt_stdio_pipes(struct bt_stdio *stdio, bool open_stdin, struct bt_stdio_ends *ret);

/** Close what was made for the process. */
void bt_stdio_ends_done(struct bt_stdio_ends *ends);

/** Use a terminal instead: `console` is its master, owned from now on. Returns 0 or -errno. */
bt_nodiscard int bt_stdio_console(struct bt_stdio *stdio, int console, bool open_stdin);

/** Begin to copy. Returns 0 or -errno. */
bt_nodiscard int bt_stdio_begin(struct bt_stdio *stdio);

/** Have all outputs ended? */
bool bt_stdio_has_ended(const struct bt_stdio *stdio);

/** The process is dead: take what its pipes still hold, whatever the clients' buffers say.
 * What somebody else who has the pipes writes later still comes. */
void bt_stdio_drain(struct bt_stdio *stdio);

/** Close the process's side, and let every client have what is left for it and then the end.
 * `idle` is told when the last has gone; it is not told where there is none. */
void bt_stdio_finish(struct bt_stdio *stdio);

/** Set the terminal's size. Returns 0, -ENOTTY without one, or another -errno. */
bt_nodiscard int bt_stdio_resize(struct bt_stdio *stdio, unsigned rows, unsigned cols);

/** Write input to the process. Takes everything: call only while bt_stdio_takes_input(). */
void bt_stdio_input(struct bt_stdio *stdio, const char *data, size_t len);

/** Is there room for input (or nobody who would read it)? */
bool bt_stdio_takes_input(const struct bt_stdio *stdio);

/** End the process's input once it has taken everything. A terminal's stays open. */
void bt_stdio_input_end(struct bt_stdio *stdio);

/** A client has room again or has gone: go on reading. */
void bt_stdio_resume(struct bt_stdio *stdio);

/** Release everything, clients too; nothing is told any more. */
void bt_stdio_done(struct bt_stdio *stdio);

/** Memory that all copying shares, given back to the kernel when nothing happens. */
void bt_stdio_trim(void);

#endif
