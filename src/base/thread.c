/* SPDX-License-Identifier: Apache-2.0 */

#include "base/thread.h"

struct job {
	int (*fn)(void *);
	void *arg;
	int result;
};

static int start(pthread_t *ret, int detach_state, size_t stack, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	int r = pthread_attr_init(&attr);

	if (r != 0)
		return -r;
	r = pthread_attr_setstacksize(&attr, stack);
	if (r == 0)
		r = pthread_attr_setdetachstate(&attr, detach_state);
	if (r == 0)
		r = pthread_create(ret, &attr, fn, arg);
	(void)pthread_attr_destroy(&attr);
	return -r;
}

int bt_thread_start(pthread_t *ret, size_t stack, void *(*fn)(void *), void *arg)
{
	pthread_t thread;
	int r = start(&thread, PTHREAD_CREATE_JOINABLE, stack, fn, arg);

	if (r == 0)
		*ret = thread;
	return r;
}

int bt_thread_detach(size_t stack, void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	return start(&thread, PTHREAD_CREATE_DETACHED, stack, fn, arg);
}

static void *run_job(void *arg)
{
	struct job *job = arg;

	job->result = job->fn(job->arg);
	return NULL;
}

int bt_thread_run(size_t stack, int (*fn)(void *), void *arg)
{
	struct job job = { .fn = fn, .arg = arg };
	pthread_t thread;
	int r = bt_thread_start(&thread, stack, run_job, &job);

	if (r < 0)
		return r;
	(void)pthread_join(thread, NULL);
	return job.result;
}
