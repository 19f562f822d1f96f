/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_FLAGS_FIXTURE_H
#define BT_TESTS_FLAGS_FIXTURE_H

/*
 * A line of words as the arguments of a command.
 */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"

#define FLAGS_WORDS_MAX 1024

static char *flags_argv[FLAGS_WORDS_MAX + 1];
static int flags_argc;
static char *flags_text;

/** Split a line at its blanks. getopt_long(3) begins anew. */
static inline void flags_split(const char *line)
{
	char *rest, *word;

	free(flags_text);
	flags_text = rest = strdup(line);
	flags_argc = 0;
	while ((word = strsep(&rest, " ")) != NULL && flags_argc < FLAGS_WORDS_MAX)
		flags_argv[flags_argc++] = word;
	flags_argv[flags_argc] = NULL;
	optind = 0;
	opterr = 0;
}

static inline void flags_teardown(void)
{
	free(flags_text);
	flags_text = NULL;
}

#endif
