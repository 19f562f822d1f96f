/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_SYS_LIMIT_FILES_H
#define BT_TESTS_SYS_LIMIT_FILES_H

/*
 * A directory that stands for a control group. Each of its files is a pipe, so that all that was
 * written to it is seen, in order, and not only what came last; one that is not there is one that
 * the kernel does not have.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../suite.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

#define LIMIT_FILES_MAX 32

static char limit_dir[] = "/tmp/test_limits.XXXXXX";
static int limit_fd;
static struct {
	const char *name;
	int fd;
} limit_files[LIMIT_FILES_MAX];
static size_t limit_nfiles;

static inline void setup_limits(void)
{
	ck_assert_ptr_nonnull(mkdtemp(limit_dir));
	limit_fd = open(limit_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(limit_fd, 0);
}

static inline void teardown_limits(void)
{
	while (limit_nfiles > 0)
		bt_close(&limit_files[--limit_nfiles].fd);
	bt_close(&limit_fd);
	ck_assert_int_eq(bt_io_remove_tree(AT_FDCWD, limit_dir), 0);
}

/** The kernel has this file, which takes whatever is written. */
static inline void have_file(const char *name)
{
	int fd;

	ck_assert_uint_lt(limit_nfiles, LIMIT_FILES_MAX);
	ck_assert_int_eq(mkfifoat(limit_fd, name, 0600), 0);
	fd = openat(limit_fd, name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	limit_files[limit_nfiles].name = name;
	limit_files[limit_nfiles++].fd = fd;
}

/** These, up to the first NULL. */
static inline void have_files(const char *const names[])
{
	for (size_t i = 0; names[i]; i++)
		have_file(names[i]);
}

/** A file that can be read. */
static inline void have_text(const char *name, const char *text)
{
	ck_assert_int_eq(bt_io_create_file(limit_fd, name, 0600, text, strlen(text)), 0);
}

/** A file whose kernel finds every number in it wrong: EINVAL. */
static inline void have_refusing(const char *name)
{
	/* Where a number is expected that is no more than 1000. */
	ck_assert_int_eq(symlinkat("/proc/self/oom_score_adj", limit_fd, name), 0);
}

/** All that was written to a file since the last time; "" where nothing was. Borrowed until the
 * next call. */
static inline const char *written(const char *name)
{
	static char text[4096];

	for (size_t i = 0; i < limit_nfiles; i++) {
		ssize_t n;

		if (strcmp(limit_files[i].name, name) != 0)
			continue;
		n = read(limit_files[i].fd, text, sizeof(text) - 1);
		ck_assert(n > 0 || errno == EAGAIN);
		text[n > 0 ? n : 0] = '\0';
		return text;
	}
	ck_abort_msg("the test has no file %s", name);
}

/** Nothing was written that was not looked at. */
static inline void check_nothing_else(void)
{
	for (size_t i = 0; i < limit_nfiles; i++) {
		const char *text = written(limit_files[i].name);

		ck_assert_msg(text[0] == '\0', "\"%s\" in %s", text, limit_files[i].name);
	}
}

#define check_written(name, text) ck_assert_str_eq(written(name), text)

#endif
