/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/time.h"
#include "monitor/attach.h"

#define CHUNK (64u << 10)
/* Reads of one pipe before others have their turn. */
#define READS_PER_TURN 4
/* A pipe that is found full this often in a row gets a larger buffer: fewer wake-ups. */
#define BURSTS_TO_GROW 4
#define PIPE_LARGE     (256 << 10)
/* More than the pipes of dead processes hold: whoever writes it is alive, elsewhere. */
#define DRAIN_MAX (4 << 20)
/* How often a terminal that nobody has open is looked at. */
#define LOOK_MS 100

/* One process, one thread: all copying goes through here. Page-aligned for bt_stdio_trim(). */
static _Alignas(4096) char chunk[CHUNK];

void bt_stdio_trim(void)
{
	(void)madvise(chunk, sizeof(chunk), MADV_DONTNEED);
}

static void look_again(struct bt_loop_timer *timer)
{
	struct bt_stdio *stdio = bt_list_entry(timer, struct bt_stdio, look);

	bt_loop_want(stdio->loop, &stdio->outs[0].source, EPOLLIN);
}

void bt_stdio_init(struct bt_stdio *stdio, struct bt_loop *loop,
		   const struct bt_stdio_events *events)
{
	*stdio = (struct bt_stdio){ .loop = loop, .events = events };
	for (int i = 0; i < 2; i++)
		stdio->outs[i] = (struct bt_stdio_out){ .stdio = stdio, .fd = -EBADF };
	stdio->outs[0].stream = BT_LOG_STDOUT;
	stdio->outs[1].stream = BT_LOG_STDERR;
	stdio->in = (struct bt_stdio_in){ .stdio = stdio, .fd = -EBADF };
	bt_loop_timer_init(&stdio->look, look_again);
	bt_list_init(&stdio->clients);
}

void bt_stdio_ends_done(struct bt_stdio_ends *ends)
{
	for (int i = 0; i < 3; i++)
		bt_close(&ends->fds[i]);
}

/* One pipe; our end does not block, the process's does. */
static int make_pipe(int *ret_ours, int *ret_theirs, bool we_write)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	*ret_ours = fds[we_write ? 1 : 0];
	*ret_theirs = fds[we_write ? 0 : 1];
	return fcntl(*ret_ours, F_SETFL, O_NONBLOCK | (we_write ? O_WRONLY : O_RDONLY)) < 0 ? -errno
											    : 0;
}

int bt_stdio_pipes(struct bt_stdio *stdio, bool open_stdin, struct bt_stdio_ends *ret)
{
	struct bt_stdio_ends ends = { { -EBADF, -EBADF, -EBADF } };
	int r = 0;

	if (open_stdin) {
		r = make_pipe(&stdio->in.fd, &ends.fds[0], true);
	} else {
		ends.fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		r = ends.fds[0] < 0 ? -errno : 0;
	}
	for (int i = 0; i < 2 && r == 0; i++)
		r = make_pipe(&stdio->outs[i].fd, &ends.fds[1 + i], false);
	if (r < 0) {
		bt_stdio_ends_done(&ends);
		return r;
	}
	*ret = ends;
	return 0;
}

int bt_stdio_console(struct bt_stdio *stdio, int console, bool open_stdin)
{
	stdio->tty = true;
	stdio->outs[0].fd = console;
	if (fcntl(console, F_SETFL, O_NONBLOCK | O_RDWR) < 0)
		return -errno;
	if (!open_stdin)
		return 0;
	/* A descriptor of its own, for epoll knows each only once. */
	stdio->in.fd = fcntl(console, F_DUPFD_CLOEXEC, 3);
	return stdio->in.fd < 0 ? -errno : 0;
}

bool bt_stdio_has_ended(const struct bt_stdio *stdio)
{
	return stdio->outs[0].fd < 0 && stdio->outs[1].fd < 0;
}

/* ---- output ------------------------------------------------------------------ */

static bool any_client_is_full(const struct bt_stdio *stdio)
{
	bt_list_foreach (it, (struct bt_list *)(uintptr_t)&stdio->clients) {
		if (bt_attach_is_full(bt_list_entry(it, struct bt_attach, link)))
			return true;
	}
	return false;
}

static void deliver(struct bt_stdio_out *out, const char *data, size_t len)
{
	struct bt_stdio *stdio = out->stdio;

	/* The log counts what it could not write, and says so itself. */
	if (stdio->log &&
	    bt_json_file_write(stdio->log, out->stream, data, len, bt_time_now_ns()) < 0)
		stdio->log_failures++;
	bt_list_foreach (it, &stdio->clients)
		bt_attach_output(bt_list_entry(it, struct bt_attach, link), out->stream, data, len);
}

static void flush_log(struct bt_stdio *stdio)
{
	if (stdio->log && bt_json_file_flush(stdio->log) < 0)
		stdio->log_failures++;
}

static void end_output(struct bt_stdio_out *out)
{
	struct bt_stdio *stdio = out->stdio;

	bt_loop_timer_clear(&stdio->look);
	bt_loop_remove(stdio->loop, &out->source);
	bt_close(&out->fd);
	if (stdio->log && bt_json_file_end(stdio->log, out->stream, bt_time_now_ns()) < 0)
		stdio->log_failures++;
	flush_log(stdio);
}

/* One read and its delivery. Returns the count; 0: it has ended; -EAGAIN: nothing there. */
static ssize_t copy_chunk(struct bt_stdio_out *out)
{
	ssize_t n;

	do {
		n = read(out->fd, chunk, sizeof(chunk));
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	/* A terminal whose other side is closed by everybody answers EIO. The process may live on
	 * and open it again, and to close our side would be a hang-up: it would get SIGHUP. */
	if (n < 0 && errno == EIO && out->stdio->tty && !out->stdio->drained) {
		bt_loop_want(out->stdio->loop, &out->source, 0);
		bt_loop_timer_set(out->stdio->loop, &out->stdio->look, LOOK_MS);
		return -EAGAIN;
	}
	if (n <= 0) {
		end_output(out);
		return 0;
	}
	deliver(out, chunk, (size_t)n);
	return n;
}

static void grow_pipe(struct bt_stdio_out *out, bool burst)
{
	out->bursts = burst ? out->bursts + 1 : 0;
	if (out->bursts == BURSTS_TO_GROW && !out->stdio->tty)
		(void)fcntl(out->fd, F_SETPIPE_SZ, PIPE_LARGE);
}

static void on_output(struct bt_loop_source *source, uint32_t events bt_unused)
{
	struct bt_stdio_out *out = bt_list_entry(source, struct bt_stdio_out, source);
	struct bt_stdio *stdio = out->stdio;
	ssize_t n = CHUNK;

	for (int i = 0; i < READS_PER_TURN && n == CHUNK; i++) {
		if (any_client_is_full(stdio)) {
			bt_loop_want(stdio->loop, &out->source, 0);
			break;
		}
		n = copy_chunk(out);
	}
	if (n == 0) {
		if (bt_stdio_has_ended(stdio))
			stdio->events->ended(stdio);
		return;
	}
	grow_pipe(out, n == CHUNK);
	if (n == CHUNK && stdio->events->burst)
		stdio->events->burst(stdio);
	flush_log(stdio);
}

void bt_stdio_resume(struct bt_stdio *stdio)
{
	if (any_client_is_full(stdio))
		return;
	for (int i = 0; i < 2; i++)
		bt_loop_want(stdio->loop, &stdio->outs[i].source, EPOLLIN);
}

int bt_stdio_begin(struct bt_stdio *stdio)
{
	int r = 0;

	stdio->begun = true;
	for (int i = 0; i < 2 && r == 0; i++)
		if (stdio->outs[i].fd >= 0)
			r = bt_loop_add(stdio->loop, &stdio->outs[i].source, stdio->outs[i].fd,
					EPOLLIN, on_output);
	bt_list_foreach (it, &stdio->clients)
		bt_attach_update(bt_list_entry(it, struct bt_attach, link));
	return r;
}

void bt_stdio_drain(struct bt_stdio *stdio)
{
	stdio->drained = true;
	for (int i = 0; i < 2; i++) {
		ssize_t n = stdio->outs[i].fd >= 0 ? 1 : 0, left = DRAIN_MAX;

		for (; n > 0 && left > 0; left -= n)
			n = copy_chunk(&stdio->outs[i]);
	}
	if (bt_loop_timer_is_set(&stdio->look)) {
		bt_loop_timer_clear(&stdio->look);
		look_again(&stdio->look);
	}
	flush_log(stdio);
}

void bt_stdio_finish(struct bt_stdio *stdio)
{
	for (int i = 0; i < 2; i++)
		if (stdio->outs[i].fd >= 0)
			end_output(&stdio->outs[i]);
	bt_loop_remove(stdio->loop, &stdio->in.source);
	bt_close(&stdio->in.fd);
	stdio->finished = true;
	bt_list_foreach (it, &stdio->clients)
		bt_attach_end(bt_list_entry(it, struct bt_attach, link));
}

int bt_stdio_resize(struct bt_stdio *stdio, unsigned rows, unsigned cols)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

	if (!stdio->tty || stdio->outs[0].fd < 0)
		return -ENOTTY;
	return ioctl(stdio->outs[0].fd, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

/* ---- input ------------------------------------------------------------------- */

bool bt_stdio_takes_input(const struct bt_stdio *stdio)
{
	return !stdio->in.buf;
}

static void update_clients(struct bt_stdio *stdio)
{
	bt_list_foreach (it, &stdio->clients)
		bt_attach_update(bt_list_entry(it, struct bt_attach, link));
}

static void close_input(struct bt_stdio_in *in)
{
	bt_loop_remove(in->stdio->loop, &in->source);
	bt_close(&in->fd);
	free(bt_take(in->buf));
	in->len = in->done = 0;
}

/* Write what the process takes. Returns the count, or -errno where it takes no more, ever. */
static ssize_t write_some(int fd, const char *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, data + done, len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno == EAGAIN)
			break;
		else if (n < 0 && errno != EINTR)
			return -errno;
	}
	return (ssize_t)done;
}

static void on_input_room(struct bt_loop_source *source, uint32_t events bt_unused)
{
	struct bt_stdio_in *in = bt_list_entry(source, struct bt_stdio_in, source);
	ssize_t n = write_some(in->fd, in->buf + in->done, in->len - in->done);

	if (n >= 0) {
		in->done += (size_t)n;
		if (in->done < in->len)
			return;
	}
	if (n < 0 || in->closing) {
		close_input(in);
	} else {
		bt_loop_remove(in->stdio->loop, &in->source);
		free(bt_take(in->buf));
		in->len = in->done = 0;
	}
	update_clients(in->stdio);
}

void bt_stdio_input(struct bt_stdio *stdio, const char *data, size_t len)
{
	struct bt_stdio_in *in = &stdio->in;
	ssize_t n;

	if (in->fd < 0 || in->closing)
		return; /* nobody reads it: as with a closed pipe, it is dropped */
	n = write_some(in->fd, data, len);
	if (n == (ssize_t)len)
		return;
	if (n >= 0) {
		in->buf = malloc(len - (size_t)n);
		if (in->buf &&
		    bt_loop_add(stdio->loop, &in->source, in->fd, EPOLLOUT, on_input_room) == 0) {
			in->len = len - (size_t)n;
			memcpy(in->buf, data + n, in->len);
			return;
		}
	}
	close_input(in);
}

void bt_stdio_input_end(struct bt_stdio *stdio)
{
	if (stdio->tty || stdio->in.fd < 0)
		return;
	if (stdio->in.buf)
		stdio->in.closing = true;
	else
		close_input(&stdio->in);
}

void bt_stdio_done(struct bt_stdio *stdio)
{
	if (!stdio->loop)
		return;
	bt_loop_timer_clear(&stdio->look);
	stdio->finished = false;
	bt_list_foreach (it, &stdio->clients)
		bt_attach_destroy(bt_list_entry(it, struct bt_attach, link));
	for (int i = 0; i < 2; i++) {
		bt_loop_remove(stdio->loop, &stdio->outs[i].source);
		bt_close(&stdio->outs[i].fd);
	}
	close_input(&stdio->in);
}
