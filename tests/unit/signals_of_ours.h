/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_SIGNALS_OF_OURS_H
#define BT_TESTS_SIGNALS_OF_OURS_H

#include <signal.h>

/** What our programs do with signals from their start, whoever runs the tests: a shell's background
 * ignores those of the terminal. */
static inline void set_signals_of_ours(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGQUIT, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
}

#endif
