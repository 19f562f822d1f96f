/* SPDX-License-Identifier: Apache-2.0 */

#include "sys/selfexec_early.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#define FILE_OF_THIS "/proc/self/exe"
#define READ_ONLY    1 /* ST_RDONLY, of statfs(2) as of statvfs(3) */

/* errno lives in thread-local storage, which does not exist yet. */
static long call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

static long address(const void *p)
{
	return (long)(uintptr_t)p;
}

static bool same(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static bool enters_container(char *const *argv)
{
	for (; *argv != NULL; argv++) {
		if (same(*argv, "run") || same(*argv, "create") || same(*argv, "exec"))
			return true;
	}
	return false;
}

static bool is_on_read_only_mount(void)
{
	struct statfs st;
	/* Not address(): whoever takes a const pointer does not fill it, compilers say. */
	long to = (long)(uintptr_t)&st;

	return call(SYS_statfs, address(FILE_OF_THIS), to, 0, 0, 0) < 0 ||
	       (st.f_flags & READ_ONLY) != 0;
}

void bt_selfexec_early(const long *stack)
{
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	char **argv = (char **)(uintptr_t)(stack + 1), **envp = argv + *stack + 1;
	long fd;

	if (!enters_container(argv) || is_on_read_only_mount())
		return;
	fd = call(SYS_open_tree, AT_FDCWD, address(FILE_OF_THIS),
		  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0);
	if (fd < 0)
		return;
	if (call(SYS_mount_setattr, fd, address(""), AT_EMPTY_PATH, address(&read_only),
		 sizeof(read_only)) == 0)
		(void)call(SYS_execveat, fd, address(""), address(argv), address(envp),
			   AT_EMPTY_PATH);
	(void)call(SYS_close, fd, 0, 0, 0, 0);
}

/* The stack as the kernel leaves it (System V ABI for x86-64, 3.4.1): argc, argv, NULL, envp. What
 * _start() finds must be what the kernel left: the registers rsp and rdx. */
__asm__(".text\n"
	".globl bt_selfexec_entry\n"
	".type bt_selfexec_entry, @function\n"
	"bt_selfexec_entry:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rdx, %r12\n"
	"	mov %rsp, %rbx\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call bt_selfexec_early\n"
	"	mov %rbx, %rsp\n"
	"	mov %r12, %rdx\n"
	"	jmp _start\n"
	".size bt_selfexec_entry, . - bt_selfexec_entry\n");
