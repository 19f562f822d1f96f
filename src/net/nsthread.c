/* SPDX-License-Identifier: Apache-2.0 */

#include "net/nsthread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/list.h"
#include "base/thread.h"
#include "net/sysctl.h"

/* The deepest job has two netlink buffers of 32 KiB on its stack. */
#define STACK_SIZE (192u << 10)

struct job {
	struct bt_list link;
	bt_nsthread_fn fn;
	void *arg;
	struct bt_err *err;
	int r;
	bool done;
	pthread_cond_t finished;
};

struct bt_nsthread {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wanted;
	struct bt_list jobs; /* struct job, on the stacks of those who wait */
	bool stopping;
	struct bt_rtnl home;
	int home_fd;
};

static struct job *next_job(struct bt_nsthread *t)
{
	struct job *job = NULL;

	pthread_mutex_lock(&t->lock);
	while (bt_list_empty(&t->jobs) && !t->stopping)
		pthread_cond_wait(&t->wanted, &t->lock);
	if (!bt_list_empty(&t->jobs)) {
		job = bt_list_entry(t->jobs.next, struct job, link);
		bt_list_remove(&job->link);
	}
	pthread_mutex_unlock(&t->lock);
	return job;
}

static void *work(void *arg)
{
	struct bt_nsthread *t = arg;
	const struct bt_nsthread_env env = { .home = &t->home, .home_fd = t->home_fd };

	for (;;) {
		struct job *job = next_job(t);

		if (!job) {
			bt_sysctl_done();
			return NULL;
		}
		job->r = job->fn(&env, job->arg, job->err);
		if (setns(t->home_fd, CLONE_NEWNET) < 0)
			abort();
		pthread_mutex_lock(&t->lock);
		job->done = true;
		pthread_cond_signal(&job->finished);
		pthread_mutex_unlock(&t->lock);
	}
}

static int start(struct bt_nsthread *t)
{
	int r = bt_rtnl_open(&t->home);

	if (r < 0)
		return r;
	t->home_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (t->home_fd < 0)
		return -errno;
	return bt_thread_start(&t->thread, STACK_SIZE, work, t);
}

static void release(struct bt_nsthread *t)
{
	bt_rtnl_done(&t->home);
	bt_close(&t->home_fd);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->wanted);
	free(t);
}

int bt_nsthread_start(struct bt_nsthread **ret, struct bt_err *err)
{
	struct bt_nsthread *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return bt_err_sys(err, -ENOMEM, "start the namespace thread");
	t->home_fd = -EBADF;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wanted, NULL);
	bt_list_init(&t->jobs);
	r = start(t);
	if (r < 0) {
		release(t);
		return bt_err_sys(err, r, "start the namespace thread");
	}
	*ret = t;
	return 0;
}

void bt_nsthread_stop(struct bt_nsthread *thread)
{
	if (!thread)
		return;
	pthread_mutex_lock(&thread->lock);
	thread->stopping = true;
	pthread_cond_signal(&thread->wanted);
	pthread_mutex_unlock(&thread->lock);
	pthread_join(thread->thread, NULL);
	release(thread);
}

int bt_nsthread_run(struct bt_nsthread *thread, bt_nsthread_fn fn, void *arg, struct bt_err *err)
{
	struct job job = { .fn = fn, .arg = arg, .err = err };

	pthread_cond_init(&job.finished, NULL);
	pthread_mutex_lock(&thread->lock);
	bt_list_append(&thread->jobs, &job.link);
	pthread_cond_signal(&thread->wanted);
	while (!job.done)
		pthread_cond_wait(&job.finished, &thread->lock);
	pthread_mutex_unlock(&thread->lock);
	pthread_cond_destroy(&job.finished);
	return job.r;
}
