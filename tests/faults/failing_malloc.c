/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The allocator of a program under test: the n-th allocation fails, once.
 *
 * Linked in by --wrap, so that the C library's own calls (strdup, asprintf) come here too.
 * FAIL_ALLOCATION says which fails, 0 none; FAIL_REPORT names a file that gets how many there were.
 * Both count from the constructors on, in the process that was started and in its copies: the C
 * library has to start. Jansson's own are left out: its scanner goes on with a buffer that could
 * not grow (2.14), which nobody but its authors can mend.
 */

#include <fcntl.h>
#include <jansson.h>
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

static long seen, nth;
static pid_t self;

static bool fails(void)
{
	return self != 0 && ++seen == nth;
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

__attribute__((constructor)) static void begin(void)
{
	const char *n = getenv("FAIL_ALLOCATION");

	json_set_alloc_funcs(__real_malloc, free);
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
