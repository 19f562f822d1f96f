/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/auto.h"
#include "cli/terminal.h"
#include "client/target.h"

#define DEFAULT_KEYS "ctrl-p,ctrl-q"

static const struct {
	int number;
	const char *name;
} passed_on[] = {
	{ SIGHUP, "HUP" },   { SIGINT, "INT" },       { SIGQUIT, "QUIT" }, { SIGTERM, "TERM" },
	{ SIGUSR1, "USR1" }, { SIGUSR2, "USR2" },     { SIGALRM, "ALRM" }, { SIGTSTP, "TSTP" },
	{ SIGTTIN, "TTIN" }, { SIGTTOU, "TTOU" },     { SIGCONT, "CONT" }, { SIGWINCH, "WINCH" },
	{ SIGXCPU, "XCPU" }, { SIGVTALRM, "VTALRM" }, { SIGPROF, "PROF" }, { SIGPOLL, "IO" },
	{ SIGPWR, "PWR" },
};

#define NPASSED (sizeof(passed_on) / sizeof(passed_on[0]))

const char *bt_session_keys(struct bt_cli *cli, const struct bt_args *args)
{
	const char *keys = bt_args_string(args, "detach-keys");

	return keys ? keys : bt_config_string(&cli->config, "detachKeys");
}

int bt_session_prepare(struct bt_session *session, struct bt_err *err)
{
	sigset_t set;

	session->signals = -1;
	if (session->tty && session->in && !isatty(STDIN_FILENO))
		return bt_err_set(err, BT_ERR_INVALID, ENOTTY, "the input device is not a TTY");
	(void)sigemptyset(&set);
	if (session->tty)
		(void)sigaddset(&set, SIGWINCH);
	for (size_t i = 0; session->kill && i < NPASSED; i++)
		(void)sigaddset(&set, passed_on[i].number);
	if (!session->tty && !session->kill)
		return 0;
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	session->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return session->signals < 0 ? bt_err_sys(err, -errno, "signalfd") : 0;
}

void bt_session_resize(const struct bt_session *session)
{
	bt_auto_str struct bt_str target = { 0 };
	unsigned rows, cols;

	if (!session->tty || !bt_terminal_size(&rows, &cols))
		return;
	bt_str_printf(&target, "%s/resize?h=%u&w=%u", session->resize, rows, cols);
	/* A program that is over already has no terminal; that shows soon enough. */
	bt_cli_tell(session->cli, bt_str_get(&target));
}

static void on_signal(void *arg, int sig)
{
	struct bt_session *session = arg;
	bt_auto_str struct bt_str target = { 0 };

	if (sig == SIGWINCH && session->tty) {
		bt_session_resize(session);
		return;
	}
	for (size_t i = 0; session->kill && i < NPASSED; i++)
		if (passed_on[i].number == sig)
			bt_str_printf(&target, "%s/kill?signal=%s", session->kill,
				      passed_on[i].name);
	if (target.len)
		bt_cli_tell(session->cli, bt_str_get(&target));
}

int bt_session_run(struct bt_session *session, struct bt_http_conn *conn, struct bt_err *err)
{
	struct bt_stream stream = {
		.conn = conn,
		.in = session->in ? STDIN_FILENO : -1,
		.out = session->out ? STDOUT_FILENO : -1,
		.err = session->err ? STDERR_FILENO : -1,
		.mux = !session->tty,
		.signals = session->signals,
		.on_signal = on_signal,
		.arg = session,
	};
	const char *keys = session->keys ? session->keys : DEFAULT_KEYS;
	int r = 0;

	(void)fflush(stdout);
	if (session->tty && session->in) {
		r = bt_stream_keys_parse(keys, stream.keys, &stream.nkeys, err);
		if (r < 0)
			return r;
		bt_terminal_raw();
	}
	r = bt_stream_run(&stream, err);
	bt_terminal_restore();
	return r;
}
