/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static bool is_raw;

void bt_terminal_restore(void)
{
	if (is_raw)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	is_raw = false;
}

void bt_terminal_raw(void)
{
	struct termios raw;

	if (is_raw || tcgetattr(STDIN_FILENO, &saved) < 0)
		return;
	raw = saved;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
		return;
	is_raw = true;
	(void)atexit(bt_terminal_restore);
}

bool bt_terminal_size(unsigned *ret_rows, unsigned *ret_cols)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) < 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) < 0)
		return false;
	*ret_rows = ws.ws_row;
	*ret_cols = ws.ws_col;
	return ws.ws_row > 0 && ws.ws_col > 0;
}
