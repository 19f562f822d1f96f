/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The allocator of a program under test: the n-th allocation fails, once.
 *
 * Linked in by --wrap, so that the C library's own calls (strdup, asprintf) come here too.
 * FAIL_ALLOCATION says which fails, 0 none; FAIL_REPORT names a file that gets how many there were.
 * Both count from the constructors on, in the process that was started and in its copies: the C
 * library has to start.
 *
 * The JSON library's allocations count as well, but for one place: its scanner (2.14) does not look
 * whether the buffer of a token could grow, and goes on with what is missing, to an assertion or
 * beyond the buffer's end. That is the one call of strbuffer_append_byte(); its authors alone can
 * mend it.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

int __real_strbuffer_append_byte(void *buffer, char byte);
int __wrap_strbuffer_append_byte(void *buffer, char byte);

static long seen, nth;
static bool scans;
static pid_t self;

static bool fails(void)
{
	if (self == 0 || scans || ++seen != nth)
		return false;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

int __wrap_strbuffer_append_byte(void *buffer, char byte)
{
	int r;

	scans = true;
	r = __real_strbuffer_append_byte(buffer, byte);
	scans = false;
	return r;
}

__attribute__((constructor)) static void begin(void)
{
	const char *n = getenv("FAIL_ALLOCATION");

	nth = n != NULL ? atol(n) : 0;
	self = n != NULL ? getpid() : 0;
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("FAIL_REPORT");
	char text[32];
	int fd, len;

	if (path == NULL || self != getpid())
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	len = snprintf(text, sizeof(text), "%ld\n", seen);
	if (fd >= 0 && write(fd, text, (size_t)len) == len)
		(void)close(fd);
}
