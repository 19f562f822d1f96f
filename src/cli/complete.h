/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_COMPLETE_H
#define BT_CLI_COMPLETE_H

/*
 * What may stand where the cursor is: the hidden commands __complete and __completeNoDesc, which
 * shells ask (see completion.c). They answer in the form of docker's, so that scripts written for
 * docker work: a line for each word, with a tab and its meaning behind it, and last ":" and a
 * number.
 *
 * What a positional argument is, its command's usage says ("CONTAINER [CONTAINER...]"): there is no
 * second table of that.
 */

#include <stdbool.h>

#include "cli/cli.h"

/* Bits of the number in the last line. */
#define BT_COMPLETE_ERROR    1 /* the daemon could not be asked */
#define BT_COMPLETE_NO_SPACE 2 /* more may follow directly */
#define BT_COMPLETE_NO_FILES 4 /* no name of a file either */

/** One question. Zeroed but for `typed` is ready. */
struct bt_complete {
	const char *typed; /* what stands there up to the cursor, "" for nothing */
	bool describe;     /* meanings behind the words */
};

/** Offer `word` where what was typed is its beginning: one that a shell would take for several, or
 * that has control characters, is left out. `help` may be NULL; of several lines the first counts.
 */
void bt_complete_offer(const struct bt_complete *c, const char *word, const char *help);

/**
 * Answer for a command line. `words` (without the program's name) end with what is being typed;
 * `program` has the flags that stand before a command. Prints to standard output, and returns the
 * exit code.
 */
int bt_complete_run(struct bt_cli *cli, const struct bt_command *program, int nwords,
		    char *const *words, bool describe);

#endif
