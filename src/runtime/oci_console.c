/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/oci_console.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/sock.h"

/* Returns 0 or -errno. */
static int hand_over(const char *path, const char *name, int fd)
{
	bt_auto_close int sock = bt_sock_connect(path, SOCK_STREAM);

	return sock < 0 ? sock : bt_sock_send(sock, name, strlen(name), &fd, 1);
}

int bt_oci_console_send(const char *path, int master, struct bt_err *err)
{
	int r = hand_over(path, "/dev/ptmx", master);

	return r < 0 ? bt_err_sys(err, r, "send the terminal to the console socket %s", path) : 0;
}

int bt_oci_console_send_pidfd(const char *path, const char *kind, int pidfd, struct bt_err *err)
{
	int r = hand_over(path, kind, pidfd);

	return r < 0 ? bt_err_sys(err, r, "--pidfd-socket: send the process to %s", path) : 0;
}

struct session {
	pid_t pid;
	int master; /* -EBADF: no terminal */
	const struct bt_oci_notify *notify;
	int signals; /* signalfd, owned */
	int status;  /* of the process, -1 while it runs */
	bool raw;
	struct termios before;
};

static void session_done(struct session *s)
{
	bt_close(&s->signals);
	if (s->raw)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &s->before);
}

static void copy_size(const struct session *s)
{
	struct winsize size;

	if (s->master >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(s->master, TIOCSWINSZ, &size);
}

static void make_raw(struct session *s)
{
	struct termios raw;

	if (s->master < 0 || tcgetattr(STDIN_FILENO, &s->before) < 0)
		return;
	raw = s->before;
	cfmakeraw(&raw);
	s->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	copy_size(s);
}

/* Returns whether there is more to come. */
static bool copy(int from, int to)
{
	char buf[16384];
	ssize_t n = read(from, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	return n > 0 && bt_io_write_all(to, buf, (size_t)n) == 0;
}

/* Returns 0, or -errno where the process has not ended and its end will not be heard of: a signal
 * taken for it does not come again. */
static int reap(struct session *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) != 0) {
		if (pid == s->pid)
			s->status = status;
		if (pid < 0 && errno != EINTR)
			return s->status < 0 ? -errno : 0;
	}
	return 0;
}

/* Returns 0, or -errno where no signal can be heard of any more: poll() would say for ever that
 * there is something to read. */
static int take_signal(struct session *s)
{
	struct signalfd_siginfo info;
	ssize_t n = read(s->signals, &info, sizeof(info));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (n != (ssize_t)sizeof(info))
		return -EIO;
	switch (info.ssi_signo) {
	case SIGCHLD:
		return reap(s);
	case SIGWINCH:
		copy_size(s);
		break;
	default:
		(void)kill(s->pid, (int)info.ssi_signo);
	}
	return 0;
}

/* What the process wrote last is still in the terminal. Whoever else holds that open is not waited
 * for. */
static void drain(struct pollfd *terminal)
{
	while (terminal->fd >= 0 && poll(terminal, 1, 0) > 0 && copy(terminal->fd, STDOUT_FILENO))
		continue;
}

static int attend(struct session *s)
{
	struct pollfd fds[] = { { .fd = s->signals, .events = POLLIN },
				{ .fd = s->master, .events = POLLIN },
				{ .fd = s->master >= 0 ? STDIN_FILENO : -1, .events = POLLIN },
				{ .fd = s->notify->fd, .events = POLLIN } };
	int r;

	while (s->status < 0) {
		if (poll(fds, 4, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		r = fds[0].revents != 0 ? take_signal(s) : 0;
		if (r < 0)
			return r;
		if (fds[1].revents != 0 && !copy(s->master, STDOUT_FILENO))
			fds[1].fd = -1;
		if (fds[2].revents != 0 && !copy(STDIN_FILENO, s->master))
			fds[2].fd = -1;
		if (fds[3].revents != 0)
			(void)bt_oci_notify_take(s->notify, getpid());
	}
	drain(&fds[1]);
	return 0;
}

int bt_oci_console_hold(struct bt_err *err)
{
	sigset_t all;

	(void)sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, NULL) < 0)
		return bt_err_sys(err, -errno, "watch for signals");
	return 0;
}

int bt_oci_console_attend(pid_t pid, int master, const struct bt_oci_notify *notify,
			  struct bt_err *err)
{
	bt_auto(session_done) struct session s = {
		.pid = pid, .master = master, .notify = notify, .signals = -EBADF, .status = -1
	};
	sigset_t all;
	int r;

	/* Else an end that nobody hears of would be waited for. */
	r = bt_oci_console_hold(err);
	if (r < 0)
		return r;
	(void)sigfillset(&all);
	s.signals = signalfd(-1, &all, SFD_CLOEXEC);
	if (s.signals < 0)
		return bt_err_sys(err, -errno, "watch for signals");
	make_raw(&s);
	/* It may have ended before signals were watched. */
	r = reap(&s);
	if (r == 0)
		r = attend(&s);
	if (r < 0)
		return bt_err_sys(err, r, "wait for the process");
	return WIFEXITED(s.status) ? WEXITSTATUS(s.status) : 128 + WTERMSIG(s.status);
}
