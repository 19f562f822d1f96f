/* SPDX-License-Identifier: Apache-2.0 */

#include "api/systemd.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"

#define FIRST_FD 3

void bt_systemd_notify(const char *state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	bt_auto_close int sock = -EBADF;

	if (len < 2 || len >= sizeof(addr.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock >= 0)
		(void)sendto(sock, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&addr,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

int bt_systemd_listen_fds(int *ret_first)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	unsigned long long number;

	*ret_first = FIRST_FD;
	if (!pid || !fds || bt_str_to_u64(pid, &number) < 0 || (pid_t)number != getpid() ||
	    bt_str_to_u64(fds, &number) < 0 || number > 64)
		return 0;
	return (int)number;
}
