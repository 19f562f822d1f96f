/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the kernel alone takes for each step of a container's start, so that a
 * figure that misses its aim can be compared with the sum of what it is made of.
 * Everything happens in namespaces of its own; nothing is left.
 *
 * usage: steps DIRECTORY PROGRAM [CONTROL GROUP...]
 * DIRECTORY is empty and on the disk, PROGRAM static, the groups directories in
 * which groups may be made. Prints "MICROSECONDS name" for each step: the median of
 * ROUNDS, each in a process of its own.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 41
/* Instructions of the program that the default profile compiles to. */
#define FILTER 679

static const char *dir, *program;
static char **groups;
static int ngroups;
static double *result; /* shared with the process of a round */

static double now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

_Noreturn static void fail(const char *what)
{
	dprintf(STDERR_FILENO, "steps: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void check(long r, const char *what)
{
	if (r < 0)
		fail(what);
}

static void run_program(long arg)
{
	pid_t pid = vfork();
	int status = 0;

	(void)arg;
	if (pid == 0) {
		(void)execl(program, program, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		fail(program);
}

static void fork_once(long arg)
{
	pid_t pid = fork();

	(void)arg;
	if (pid == 0)
		_exit(0);
	check(pid, "fork");
	check(waitpid(pid, NULL, 0), "wait");
}

static void unshare_it(long flags)
{
	check(unshare((int)flags), "unshare");
}

static void mount_one(long arg)
{
	static const char *const types[] = { "proc", "sysfs", "tmpfs", "devpts", "mqueue" };
	const char *type = types[arg];
	int fs = fsopen(type, FSOPEN_CLOEXEC), fd;

	check(fs, type);
	check(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), type);
	fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	check(fd, type);
	check(move_mount(fd, "", AT_FDCWD, "m", MOVE_MOUNT_F_EMPTY_PATH), type);
}

/* A file system that belongs to a namespace is made once for each. */
static void new_net(void)
{
	check(unshare(CLONE_NEWNET), "unshare");
}

static void new_ipc(void)
{
	check(unshare(CLONE_NEWIPC), "unshare");
}

static void new_pids(void)
{
	int status = 0;
	pid_t pid;

	check(unshare(CLONE_NEWPID), "unshare");
	pid = fork();
	check(pid, "fork");
	if (pid == 0)
		return;
	check(waitpid(pid, &status, 0), "wait");
	_exit(WEXITSTATUS(status));
}

static void overlay_dirs(void)
{
	char name[32];
	static const char *const names[] = { "upper", "work" };

	for (int i = 0; i < 2; i++) {
		(void)snprintf(name, sizeof(name), "%s%d", names[i], (int)getpid());
		check(mkdir(name, 0755), name);
	}
}

static void mount_overlay(long arg)
{
	char options[96];
	int pid = (int)getpid();

	(void)arg;
	(void)snprintf(options, sizeof(options), "lowerdir=lower,upperdir=upper%d,workdir=work%d",
		       pid, pid);
	check(mount("overlay", "m", "overlay", 0, options), "overlay");
}

static void bind_file(long arg)
{
	(void)arg;
	check(mount("file", "file2", NULL, MS_BIND, NULL), "bind");
}

static void root_ready(void)
{
	check(mount("tmpfs", "m", "tmpfs", 0, NULL), "tmpfs");
	check(chdir("m"), "m");
}

static void pivot(long arg)
{
	(void)arg;
	check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	check(umount2(".", MNT_DETACH), "umount");
}

static void in_groups(void (*fn)(const char *path))
{
	char path[512];

	for (int i = 0; i < ngroups; i++) {
		(void)snprintf(path, sizeof(path), "%s/steps%d", groups[i], (int)getpid());
		fn(path);
	}
}

static void make_group(const char *path)
{
	check(mkdir(path, 0755), path);
}

static void remove_group(const char *path)
{
	check(rmdir(path), path);
}

static void make_groups(long arg)
{
	(void)arg;
	in_groups(make_group);
}

static void remove_groups(void)
{
	in_groups(remove_group);
}

static void make_file(long arg)
{
	int fd = open("new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	(void)arg;
	check(fd, "new");
	check(write(fd, "x", 1), "new");
	check(close(fd), "new");
}

static void remove_file(void)
{
	check(unlink("new"), "new");
}

static void make_directory(long arg)
{
	(void)arg;
	check(mkdir("new", 0755), "new");
}

static void remove_directory(void)
{
	check(rmdir("new"), "new");
}

static void load_filter(long arg)
{
	static struct sock_filter code[FILTER];
	struct sock_fprog prog = { .len = FILTER, .filter = code };

	(void)arg;
	/* Jumped over, as most of a tree is: the kernel runs it once for each system call. */
	code[0] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, FILTER - 2);
	for (unsigned i = 1; i < FILTER - 1; i++)
		code[i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, i, 0, 0);
	code[FILTER - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	check(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog), "seccomp");
}

static void on_interface(unsigned long what, struct ifreq *req)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	check(fd, "socket");
	check(ioctl(fd, what, req), req->ifr_name);
	(void)close(fd);
}

static void network_ready(void)
{
	char bridge[IFNAMSIZ] = "br0";
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	check(unshare(CLONE_NEWNET), "unshare");
	(void)close(fd);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	check(ioctl(fd, SIOCBRADDBR, bridge), "bridge");
	(void)close(fd);
}

struct message {
	struct nlmsghdr head;
	struct ifinfomsg info;
	char attrs[256];
};

static struct rtattr *begin(struct message *m, unsigned short type)
{
	struct rtattr *a = (struct rtattr *)(void *)((char *)m + NLMSG_ALIGN(m->head.nlmsg_len));

	*a = (struct rtattr){ .rta_len = RTA_LENGTH(0), .rta_type = type };
	m->head.nlmsg_len = NLMSG_ALIGN(m->head.nlmsg_len) + RTA_LENGTH(0);
	return a;
}

static void end(const struct message *m, struct rtattr *a)
{
	a->rta_len = (unsigned short)((const char *)m + m->head.nlmsg_len - (char *)a);
}

static void put(struct message *m, unsigned short type, const char *text)
{
	struct rtattr *a = begin(m, type);

	memcpy((char *)m + m->head.nlmsg_len, text, strlen(text) + 1);
	m->head.nlmsg_len += (unsigned)strlen(text) + 1;
	end(m, a);
}

static void make_veth(void)
{
	struct message m = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
				       .nlmsg_type = RTM_NEWLINK,
				       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE } };
	struct rtattr *link, *data, *peer;
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	put(&m, IFLA_IFNAME, "veth0");
	link = begin(&m, IFLA_LINKINFO);
	put(&m, IFLA_INFO_KIND, "veth");
	data = begin(&m, IFLA_INFO_DATA);
	peer = begin(&m, VETH_INFO_PEER);
	m.head.nlmsg_len += (unsigned)sizeof(struct ifinfomsg);
	put(&m, IFLA_IFNAME, "eth0");
	end(&m, peer);
	end(&m, data);
	end(&m, link);
	check(send(fd, &m, m.head.nlmsg_len, 0), "veth");
	check(recv(fd, &answer, sizeof(answer), 0), "veth");
	errno = -answer.err.error;
	check(answer.err.error, "veth");
	(void)close(fd);
}

static void connect_bridge(long arg)
{
	struct ifreq port = { .ifr_name = "br0" },
		     up = { .ifr_name = "veth0", .ifr_flags = IFF_UP };

	(void)arg;
	make_veth();
	port.ifr_ifindex = (int)if_nametoindex("veth0");
	on_interface(SIOCBRADDIF, &port);
	on_interface(SIOCSIFFLAGS, &up);
	(void)snprintf(up.ifr_name, sizeof(up.ifr_name), "eth0");
	on_interface(SIOCSIFFLAGS, &up);
}

static const struct step {
	const char *name;
	void (*before)(void), (*fn)(long arg), (*after)(void);
	long arg;
} steps[] = {
	{ "vfork, exec and exit of a static program", NULL, run_program, NULL, 0 },
	{ "fork and exit", NULL, fork_once, NULL, 0 },
	{ "network namespace", NULL, unshare_it, NULL, CLONE_NEWNET },
	{ "mount namespace", NULL, unshare_it, NULL, CLONE_NEWNS },
	{ "IPC namespace", NULL, unshare_it, NULL, CLONE_NEWIPC },
	{ "PID, UTS and cgroup namespaces", NULL, unshare_it, NULL,
	  CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWCGROUP },
	{ "overlay with a new upper directory", overlay_dirs, mount_overlay, NULL, 0 },
	{ "proc", new_pids, mount_one, NULL, 0 },
	{ "sysfs", new_net, mount_one, NULL, 1 },
	{ "tmpfs", NULL, mount_one, NULL, 2 },
	{ "devpts", NULL, mount_one, NULL, 3 },
	{ "mqueue", new_ipc, mount_one, NULL, 4 },
	{ "bind of a file", NULL, bind_file, NULL, 0 },
	{ "pivot_root and detaching of the old root", root_ready, pivot, NULL, 0 },
	{ "a group in each hierarchy", NULL, make_groups, remove_groups, 0 },
	{ "seccomp program of 679 instructions", NULL, load_filter, NULL, 0 },
	{ "veth pair on a bridge, up", network_ready, connect_bridge, NULL, 0 },
	{ "file of one byte on the disk", NULL, make_file, remove_file, 0 },
	{ "directory on the disk", NULL, make_directory, remove_directory, 0 },
};

_Noreturn static void round_of(const struct step *s)
{
	double start;

	check(unshare(CLONE_NEWNS), "unshare");
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	if (s->before)
		s->before();
	start = now_us();
	s->fn(s->arg);
	*result = now_us() - start;
	if (s->after)
		s->after();
	_exit(0);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const struct step *s)
{
	double took[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = fork();
		int status = 0;

		if (pid == 0)
			round_of(s);
		if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
			exit(EXIT_FAILURE);
		took[i] = *result;
	}
	qsort(took, ROUNDS, sizeof(took[0]), compare);
	printf("%.1f %.1f %s\n", took[0], took[ROUNDS / 2], s->name);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return EXIT_FAILURE;
	dir = argv[1];
	program = argv[2];
	groups = argv + 3;
	ngroups = argc - 3;
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (result == MAP_FAILED || chdir(dir) < 0 || mkdir("m", 0755) < 0 ||
	    mkdir("lower", 0755) < 0 || mknod("file", S_IFREG | 0644, 0) < 0 ||
	    mknod("file2", S_IFREG | 0644, 0) < 0)
		fail(dir);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		measure(&steps[i]);
	return EXIT_SUCCESS;
}
