/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/net_maker.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "runtime/sync.h"
#include "sys/clone.h"

int bt_net_maker_raise_loopback(struct bt_err *err)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	bt_auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return bt_err_sys(err, -errno, "bring the loopback interface up");
	return 0;
}

/* Devices are moved to where the init is, as soon as it is born; without root's rights the
 * namespace belongs to a user namespace that does not exist yet. */
static bool may_be_apart(const struct bt_launch_request *req)
{
	const struct bt_oci_namespace *net = bt_oci_spec_namespace(req->spec, CLONE_NEWNET);

	return net != NULL && net->path == NULL && req->netns_fd < 0 && !req->rootless &&
	       req->spec->linux_.nnet_devices == 0 &&
	       bt_oci_spec_namespace(req->spec, CLONE_NEWUSER) == NULL;
}

static int make(int *ret_fd, struct bt_err *err)
{
	int r;

	if (unshare(CLONE_NEWNET) < 0)
		return bt_err_sys(err, -errno, "linux.namespaces: new network namespace");
	r = bt_net_maker_raise_loopback(err);
	if (r < 0)
		return r;
	*ret_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? bt_err_sys(err, -errno, "open the new network namespace") : 0;
}

static _Noreturn void become_maker(int sock)
{
	struct bt_sync_message message = { .type = BT_SYNC_GO };
	int fd = -EBADF;

	if (make(&fd, &message.err) < 0)
		message.type = BT_SYNC_ERROR;
	bt_ignore(bt_sync_send(sock, &message, fd));
	_exit(0);
}

int bt_net_maker_start(const struct bt_launch_request *req, struct bt_net_maker *ret,
		       struct bt_err *err)
{
	const struct bt_clone how = { .cgroup_fd = -EBADF };
	bt_auto_close int near = -EBADF, far = -EBADF, pidfd = -EBADF;
	int pair[2];
	pid_t pid;

	*ret = (struct bt_net_maker){ .sock = -EBADF };
	if (!may_be_apart(req))
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return bt_err_sys(err, -errno, "make a socket pair");
	near = pair[0];
	far = pair[1];
	pid = bt_clone(&how, &pidfd);
	if (pid < 0)
		return bt_err_sys(err, pid, "clone who makes the network namespace");
	if (pid == 0)
		become_maker(far);
	*ret = (struct bt_net_maker){ .pid = pid, .sock = bt_take_fd(&near) };
	return 0;
}

void bt_net_maker_plan(const struct bt_net_maker *maker, struct bt_plan *plan)
{
	plan->net_sock = maker->sock;
	if (maker->pid > 0) {
		plan->clone_flags &= ~(uint64_t)CLONE_NEWNET;
		plan->unshare_flags |= CLONE_NEWNET;
	}
}

int bt_net_maker_enter(int *sock, struct bt_err *err)
{
	bt_auto_close int conversation = bt_take_fd(sock), fd = -EBADF;
	struct bt_sync_message message;
	int r = bt_sync_receive(conversation, &message, &fd);

	if (r == 0)
		r = -ECHILD;
	if (r < 0)
		return bt_err_sys(err, r, "wait for the network namespace");
	if (message.type == BT_SYNC_ERROR) {
		*err = message.err;
		return -err->errnum;
	}
	if (setns(fd, CLONE_NEWNET) < 0)
		return bt_err_sys(err, -errno, "linux.namespaces: enter the network namespace");
	return 0;
}

void bt_net_maker_done(struct bt_net_maker *maker)
{
	bt_close(&maker->sock);
	while (maker->pid > 0 && waitpid(maker->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	maker->pid = 0;
}
