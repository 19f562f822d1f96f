/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What an attacker inside a container would try, as one static program.
 *
 *   prowl exe SECONDS       open every other process's /proc/PID/exe for writing
 *   prowl root SECONDS PATH look for PATH (of the host) through /proc/PID/{root,cwd,fd/N}
 *   prowl socket FAMILY     socket(FAMILY, SOCK_SEQPACKET or SOCK_DGRAM, 0)
 *   prowl socket32 FAMILY   the same by the 32-bit number of socket(2), int $0x80
 *   prowl socketcall FAMILY the same by the 32-bit socketcall(2)
 *   prowl socketx32 FAMILY  the same by the number of the x32 interface
 *   prowl notify TEXT…      send each TEXT to $NOTIFY_SOCKET, as sd_notify(3), then wait to be
 *                           killed
 *   prowl seize SECONDS     trace every process that appears: has it rights beyond one's own, or
 *                           no filter where oneself has one?
 *   prowl flip DIR LINK TO  swap DIR and a symlink LINK -> TO for ever (renameat2 exchange)
 *
 * prints a line that begins with FOUND for each success; exits with 0.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void try_exe(const char *pid)
{
	char path[64], target[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return;
	target[n] = '\0';
	fd = open(path, O_WRONLY);
	/* Files of the image may be written to, and busy ones refuse anyway. */
	if (fd >= 0 && access(target, F_OK) < 0)
		printf("FOUND %s %s\n", path, target);
	if (fd >= 0)
		close(fd);
}

static void try_root(const char *pid, const char *wanted)
{
	char path[512];

	for (int fd = -2; fd < 40; fd++) {
		if (fd == -2)
			snprintf(path, sizeof(path), "/proc/%s/root%s", pid, wanted);
		else if (fd == -1)
			snprintf(path, sizeof(path), "/proc/%s/cwd/../../../../../../..%s", pid,
				 wanted);
		else
			snprintf(path, sizeof(path), "/proc/%s/fd/%d/../../../../../../..%s", pid,
				 fd, wanted);
		if (access(path, F_OK) == 0)
			printf("FOUND %s\n", path);
	}
}

static void prowl(const char *what, int seconds, const char *wanted)
{
	time_t end = time(NULL) + seconds;

	while (time(NULL) < end) {
		DIR *d = opendir("/proc");
		struct dirent *e;

		while ((e = readdir(d))) {
			if (e->d_name[0] < '0' || e->d_name[0] > '9' || atoi(e->d_name) == getpid())
				continue;
			if (strcmp(what, "exe") == 0)
				try_exe(e->d_name);
			else
				try_root(e->d_name, wanted);
		}
		closedir(d);
		fflush(stdout);
	}
}

/* The number behind `field` in /proc/PID/status, or 0. */
static unsigned long long status_of(int pid, const char *field)
{
	unsigned long long value = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, field, strlen(field)) == 0)
			value = strtoull(line + strlen(field), NULL, 16);
	}
	if (f)
		fclose(f);
	return value;
}

/* Held by its tracer it stays what it was: there is time to look. */
static void seize(int pid)
{
	unsigned long long mine = status_of(getpid(), "CapPrm:"), its;
	char path[64], target[256];
	int status;
	ssize_t n;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return;
	if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0 && waitpid(pid, &status, __WALL) == pid &&
	    WIFSTOPPED(status)) {
		its = status_of(pid, "CapPrm:");
		snprintf(path, sizeof(path), "/proc/%d/exe", pid);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		/* The engine's own program is none of the image. */
		printf("SEIZED %s\n", n > 0 && access(target, F_OK) == 0 ? "program" : "joining");
		if (its & ~mine)
			printf("FOUND rights %llx\n", its & ~mine);
		if (status_of(pid, "Seccomp:") < status_of(getpid(), "Seccomp:"))
			printf("FOUND no filter\n");
	}
	(void)ptrace(PTRACE_DETACH, pid, 0, 0);
}

static void seize_all(int seconds)
{
	time_t end = time(NULL) + seconds;
	int last = getpid();

	while (time(NULL) < end) {
		int pid = last + 1;

		/* Numbers are given in order: the next one, and a few beyond. */
		while (pid < last + 8 && kill(pid, 0) < 0)
			pid++;
		if (pid == last + 8)
			continue;
		last = pid;
		seize(pid);
		fflush(stdout);
	}
}

static void try_socket(int family)
{
	int fd = socket(family, family == 38 ? SOCK_SEQPACKET : SOCK_DGRAM, 0);
	int why = fd < 0 ? errno : 0;

	if (fd >= 0)
		printf("FOUND\n");
	else
		printf("refused %d\n", why);
}

static void tell_answer(long r)
{
	if (r >= 0)
		printf("FOUND\n");
	else
		printf("refused %ld\n", -r);
}

static void try_old_socket(const char *how, int family)
{
	int type = family == 38 ? SOCK_SEQPACKET : SOCK_DGRAM;
	long r = -ENOSYS;
#if defined(__x86_64__)
	/* Where a 32-bit pointer reaches. */
	unsigned *args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	args[0] = (unsigned)family;
	args[1] = (unsigned)type;
	args[2] = 0;
	if (strcmp(how, "socket32") == 0)
		__asm__ volatile("int $0x80"
				 : "=a"(r)
				 : "a"(359L), "b"((long)family), "c"((long)type), "d"(0L)
				 : "memory", "r8", "r9", "r10", "r11");
	else if (strcmp(how, "socketcall") == 0)
		__asm__ volatile("int $0x80"
				 : "=a"(r)
				 : "a"(102L), "b"(1L), "c"(args)
				 : "memory", "r8", "r9", "r10", "r11");
	else
		r = syscall(0x40000000L | SYS_socket, family, type, 0) < 0 ? -errno : 0;
#endif
	tell_answer((int)r);
}

static void notify(int n, char **texts)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", getenv("NOTIFY_SOCKET"));
	for (int i = 0; i < n; i++) {
		if (sendto(sock, texts[i], strlen(texts[i]), 0, (void *)&to, sizeof(to)) < 0)
			exit(errno);
	}
	pause();
}

int main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "exe") == 0)
		prowl("exe", atoi(argv[2]), NULL);
	else if (argc >= 3 && strcmp(argv[1], "seize") == 0)
		seize_all(atoi(argv[2]));
	else if (argc >= 2 && strcmp(argv[1], "ids") == 0)
		printf("%d %d\n", (int)getuid(), (int)geteuid());
	else if (argc >= 4 && strcmp(argv[1], "root") == 0)
		prowl("root", atoi(argv[2]), argv[3]);
	else if (argc >= 3 && strcmp(argv[1], "socket") == 0)
		try_socket(atoi(argv[2]));
	else if (argc >= 3 && strncmp(argv[1], "socket", 6) == 0)
		try_old_socket(argv[1], atoi(argv[2]));
	else if (argc >= 2 && strcmp(argv[1], "notify") == 0 && getenv("NOTIFY_SOCKET") != NULL)
		notify(argc - 2, argv + 2);
	else if (argc >= 5 && strcmp(argv[1], "flip") == 0) {
		(void)symlink(argv[4], argv[3]);
		for (;;)
			(void)syscall(SYS_renameat2, AT_FDCWD, argv[2], AT_FDCWD, argv[3], 2u);
	} else
		return 2;
	return 0;
}
