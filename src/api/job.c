/* SPDX-License-Identifier: Apache-2.0 */

#include "api/job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/answer.h"
#include "api/request.h"
#include "base/auto.h"
#include "base/sock.h"
#include "base/thread.h"
#include "codec/json.h"

/* Archives are read and packed here, and registries asked: more than a handler's stack. */
#define STACK_SIZE (512u << 10)

struct bt_job {
	bt_job_fn fn;
	void (*release)(void *arg);
	void *arg;
	bool messages; /* a stream of JSON messages */
	int ours;      /* where the work writes */
	int theirs;    /* where the answer reads */
	bool wrote;
	int r;
	struct bt_err err;
	pthread_t thread;
};

int bt_job_write(void *arg, const void *data, size_t len)
{
	struct bt_job *job = arg;

	if (bt_sock_send_all(job->ours, data, len) < 0)
		return -EPIPE;
	job->wrote = job->wrote || len > 0;
	return 0;
}

int bt_job_message(void *job, const json_t *message)
{
	bt_auto_str struct bt_str text = { 0 };

	bt_json_append(&text, message);
	bt_str_puts(&text, "\r\n");
	return text.failed ? text.failed : bt_job_write(job, bt_str_get(&text), text.len);
}

static void send_error(struct bt_job *job)
{
	bt_auto_str struct bt_str text = { 0 };

	bt_str_puts(&text, "{\"errorDetail\":{\"message\":");
	bt_json_append_str(&text, job->err.msg);
	bt_str_puts(&text, "},\"error\":");
	bt_json_append_str(&text, job->err.msg);
	bt_str_puts(&text, "}\r\n");
	if (!text.failed)
		(void)bt_job_write(job, bt_str_get(&text), text.len);
}

static void *run(void *arg)
{
	struct bt_job *job = arg;
	char byte;

	job->r = job->fn(job, job->arg, &job->err);
	if (job->r < 0 && job->wrote && job->messages)
		send_error(job);
	/* A byte waits here: closing without having read it resets the other end, which breaks the
	 * answer off. An end that is meant reads it. */
	if (job->r == 0 || !job->wrote || job->messages)
		(void)recv(job->ours, &byte, 1, 0);
	bt_close(&job->ours);
	return NULL;
}

static int start(struct bt_job *job)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	job->ours = ends[0];
	job->theirs = ends[1];
	if (send(job->theirs, "", 1, MSG_NOSIGNAL) != 1)
		return -errno;
	(void)fcntl(job->theirs, F_SETFL, O_NONBLOCK);
	return bt_thread_start(&job->thread, STACK_SIZE, run, job);
}

static void release(struct bt_job *job)
{
	bt_close(&job->ours);
	bt_close(&job->theirs);
	job->release(job->arg);
	free(job);
}

static ssize_t job_read(void *arg, char *buf, size_t size)
{
	struct bt_job *job = arg;
	ssize_t n = recv(job->theirs, buf, size, 0);

	return n < 0 ? (errno == EINTR ? -EAGAIN : -errno) : n;
}

static int job_fd(void *arg)
{
	return ((struct bt_job *)arg)->theirs;
}

/* The client has everything, or left: then the next write fails, and the work ends. */
static void job_close(void *arg)
{
	struct bt_job *job = arg;

	bt_close(&job->theirs);
	(void)pthread_join(job->thread, NULL);
	release(job);
}

/* Wait for the first byte, the end, or the client's leaving. Returns whether there are bytes. */
static bool wait_for_bytes(const struct bt_job *job, int sock)
{
	struct pollfd fds[2] = { { .fd = job->theirs, .events = POLLIN },
				 { .fd = sock, .events = POLLRDHUP } };
	char byte;

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return recv(job->theirs, &byte, 1, MSG_PEEK) == 1;
}

int bt_job_answer(struct bt_request *req, const char *type, bt_job_fn fn,
		  void (*release_arg)(void *arg), void *arg, struct bt_err *err)
{
	static const struct bt_stream_ops ops = { job_read, job_fd, job_close };
	struct bt_job *job = calloc(1, sizeof(*job));
	struct bt_stream stream = { .ops = &ops, .arg = job };
	int r;

	if (!job) {
		release_arg(arg);
		return bt_err_sys(err, -ENOMEM, "start the work");
	}
	*job = (struct bt_job){ .fn = fn,
				.release = release_arg,
				.arg = arg,
				.messages = strcmp(type, BT_ANSWER_JSON) == 0,
				.ours = -EBADF,
				.theirs = -EBADF };
	r = start(job);
	if (r < 0) {
		release(job);
		return bt_err_sys(err, r, "start the work");
	}
	if (wait_for_bytes(job, req->sock))
		return bt_answer_stream(req, type, stream);
	/* It ended without a word, or the client left. */
	bt_close(&job->theirs);
	(void)pthread_join(job->thread, NULL);
	r = job->r;
	if (r < 0)
		*err = job->err;
	release(job);
	return r < 0 ? r : bt_answer_text(req, 200, type, NULL, 0);
}
