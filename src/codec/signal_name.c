/* SPDX-License-Identifier: Apache-2.0 */

#include "codec/signal_name.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define LAST 64
/* The kernel's first real-time signal is 32, but the C library keeps two for itself, and
 * every program and Docker's table count from 34. */
#define RT_MIN 34
#define RT_MAX 64

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "HUP", SIGHUP },       { "INT", SIGINT },   { "QUIT", SIGQUIT },     { "ILL", SIGILL },
	{ "TRAP", SIGTRAP },     { "ABRT", SIGABRT }, { "IOT", SIGIOT },       { "BUS", SIGBUS },
	{ "FPE", SIGFPE },       { "KILL", SIGKILL }, { "USR1", SIGUSR1 },     { "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },     { "PIPE", SIGPIPE }, { "ALRM", SIGALRM },     { "TERM", SIGTERM },
	{ "CHLD", SIGCHLD },     { "CLD", SIGCHLD },  { "CONT", SIGCONT },     { "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },     { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },     { "URG", SIGURG },
	{ "XCPU", SIGXCPU },     { "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },
	{ "WINCH", SIGWINCH },   { "IO", SIGIO },     { "POLL", SIGPOLL },     { "PWR", SIGPWR },
	{ "SYS", SIGSYS },
#ifdef SIGSTKFLT
	{ "STKFLT", SIGSTKFLT },
#endif
};

/* What follows `prefix` in `text`, without regard to case, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncasecmp(text, prefix, n) == 0 ? text + n : NULL;
}

/* "", "+3" or "-1" behind RTMIN or RTMAX. */
static int parse_offset(const char *text, int base, char sign)
{
	unsigned long long offset = 0;
	int number;

	if (*text != '\0' && (*text != sign || bt_str_to_u64(text + 1, &offset) < 0))
		return -EINVAL;
	if (offset > RT_MAX - RT_MIN)
		return -EINVAL;
	number = sign == '+' ? base + (int)offset : base - (int)offset;
	return number >= RT_MIN && number <= RT_MAX ? number : -EINVAL;
}

int bt_signal_name_parse(const char *text)
{
	unsigned long long number;
	const char *rest;

	if (*text >= '0' && *text <= '9') {
		if (bt_str_to_u64(text, &number) < 0 || number < 1 || number > LAST)
			return -EINVAL;
		return (int)number;
	}
	rest = after(text, "SIG");
	text = rest ? rest : text;
	rest = after(text, "RTMIN");
	if (rest)
		return parse_offset(rest, RT_MIN, '+');
	rest = after(text, "RTMAX");
	if (rest)
		return parse_offset(rest, RT_MAX, '-');
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(names[i].name, text) == 0)
			return names[i].number;
	return -EINVAL;
}

void bt_signal_name_print(int number, char ret[BT_SIGNAL_NAME_LEN])
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number == number) {
			(void)snprintf(ret, BT_SIGNAL_NAME_LEN, "SIG%s", names[i].name);
			return;
		}
	}
	if (number == RT_MIN || number == RT_MAX)
		(void)snprintf(ret, BT_SIGNAL_NAME_LEN, number == RT_MIN ? "SIGRTMIN" : "SIGRTMAX");
	else if (number > RT_MIN && number < RT_MAX)
		(void)snprintf(ret, BT_SIGNAL_NAME_LEN, "SIGRTMIN+%d", (number - RT_MIN) % 100);
	else
		(void)snprintf(ret, BT_SIGNAL_NAME_LEN, "%d", number);
}
