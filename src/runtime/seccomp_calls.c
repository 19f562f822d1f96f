/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/seccomp_calls.h"

#include <ctype.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#include "base/str.h"

#define ARCH_PREFIX "SCMP_ARCH_"

uint32_t bt_seccomp_calls_answer(enum bt_oci_seccomp_action action, struct bt_oci_u64 errno_ret)
{
	uint32_t code = errno_ret.set ? (uint32_t)errno_ret.value : EPERM;

	switch (action) {
	case BT_OCI_SECCOMP_KILL_THREAD:
		return SECCOMP_RET_KILL_THREAD;
	case BT_OCI_SECCOMP_KILL_PROCESS:
		return SECCOMP_RET_KILL_PROCESS;
	case BT_OCI_SECCOMP_TRAP:
		return SECCOMP_RET_TRAP;
	case BT_OCI_SECCOMP_ERRNO:
		return SECCOMP_RET_ERRNO | (code & SECCOMP_RET_DATA);
	case BT_OCI_SECCOMP_TRACE:
		return SECCOMP_RET_TRACE | (code & SECCOMP_RET_DATA);
	case BT_OCI_SECCOMP_ALLOW:
		return SECCOMP_RET_ALLOW;
	case BT_OCI_SECCOMP_LOG:
		return SECCOMP_RET_LOG;
	case BT_OCI_SECCOMP_NOTIFY:
		return SECCOMP_RET_USER_NOTIF;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

bool bt_seccomp_calls_repeats(const struct bt_oci_seccomp_rule *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->nargs; i++) {
		if (seen & 1u << rule->args[i].index)
			return true;
		seen |= 1u << rule->args[i].index;
	}
	return false;
}

bool bt_seccomp_calls_is_permissive(const struct bt_oci_seccomp *spec)
{
	switch (spec->default_action) {
	case BT_OCI_SECCOMP_ALLOW:
	case BT_OCI_SECCOMP_LOG:
	case BT_OCI_SECCOMP_TRACE:
	case BT_OCI_SECCOMP_NOTIFY:
		return true;
	case BT_OCI_SECCOMP_ERRNO:
		return spec->default_errno_ret.set && spec->default_errno_ret.value == ENOSYS;
	default:
		return false;
	}
}

/* ---- architectures --------------------------------------------------------------- */

/* "SCMP_ARCH_X86_64" to a token, or 0. */
static uint32_t arch_token(const char *name)
{
	const char *rest = bt_str_after(name, ARCH_PREFIX);
	char lower[32];
	size_t n = rest ? strlen(rest) : 0;

	if (n == 0 || n >= sizeof(lower))
		return 0;
	for (size_t i = 0; i <= n; i++)
		lower[i] = (char)tolower((unsigned char)rest[i]);
	return seccomp_arch_resolve_name(lower);
}

static bool has_arch(const uint32_t *archs, int n, uint32_t arch)
{
	for (int i = 0; i < n; i++)
		if (archs[i] == arch)
			return true;
	return false;
}

int bt_seccomp_calls_archs(const struct bt_oci_seccomp *spec, uint32_t ret[BT_SECCOMP_ARCHS_MAX],
			   struct bt_err *err)
{
	const struct bt_oci_strings *names = &spec->architectures;
	int n = 0;

	ret[n++] = seccomp_arch_native();
	for (size_t i = 0; i < names->n; i++) {
		uint32_t token = arch_token(names->v[i]);

		if (token == 0)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "linux.seccomp.architectures: unknown value '%.64s'",
					  names->v[i]);
		if (has_arch(ret, n, token))
			continue;
		if (n == BT_SECCOMP_ARCHS_MAX)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "linux.seccomp.architectures: more than %d",
					  BT_SECCOMP_ARCHS_MAX);
		ret[n++] = token;
	}
	return n;
}

/* ---- system calls ---------------------------------------------------------------- */

/* Since Linux 5.1 a new call has the same number everywhere (but on MIPS and Alpha, which
 * add an offset); `arch` is for those that only one has. In the order of numbers. */
static const struct {
	const char *name;
	int nr;
	uint32_t arch; /* 0: all */
} newer[] = {
	{ "riscv_hwprobe", 258, SCMP_ARCH_RISCV64 },
	{ "uretprobe", 335, SCMP_ARCH_X86_64 },
	{ "uprobe", 336, SCMP_ARCH_X86_64 },
	{ "cachestat", 451, 0 },
	{ "fchmodat2", 452, 0 },
	{ "map_shadow_stack", 453, 0 },
	{ "futex_wake", 454, 0 },
	{ "futex_wait", 455, 0 },
	{ "futex_requeue", 456, 0 },
	{ "statmount", 457, 0 },
	{ "listmount", 458, 0 },
	{ "lsm_get_self_attr", 459, 0 },
	{ "lsm_set_self_attr", 460, 0 },
	{ "lsm_list_modules", 461, 0 },
	{ "mseal", 462, 0 },
	{ "setxattrat", 463, 0 },
	{ "getxattrat", 464, 0 },
	{ "listxattrat", 465, 0 },
	{ "removexattrat", 466, 0 },
	{ "open_tree_attr", 467, 0 },
	{ "file_getattr", 468, 0 },
	{ "file_setattr", 469, 0 },
};

static bool has_common_numbers(uint32_t arch)
{
	static const uint32_t common[] = {
		SCMP_ARCH_X86,     SCMP_ARCH_X86_64, SCMP_ARCH_X32,     SCMP_ARCH_ARM,
		SCMP_ARCH_AARCH64, SCMP_ARCH_PPC,    SCMP_ARCH_PPC64,   SCMP_ARCH_PPC64LE,
		SCMP_ARCH_S390,    SCMP_ARCH_S390X,  SCMP_ARCH_RISCV64,
	};

	return has_arch(common, (int)(sizeof(common) / sizeof(common[0])), arch);
}

int bt_seccomp_calls_number(uint32_t arch, const char *name, bool *ret_known)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, name);

	if (ret_known)
		*ret_known = nr != __NR_SCMP_ERROR;
	if (nr != __NR_SCMP_ERROR)
		return nr;
	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++) {
		if (strcmp(newer[i].name, name) != 0)
			continue;
		if (newer[i].arch ? newer[i].arch != arch : !has_common_numbers(arch))
			return -1;
		return arch == SCMP_ARCH_X32 ? newer[i].nr | BT_SECCOMP_X32_BIT : newer[i].nr;
	}
	return -1;
}

int bt_seccomp_calls_direct(const char *name)
{
	static const struct {
		const char *name;
		int nr;
	} direct[] = {
		{ "socket", 359 },      { "socketpair", 360 }, { "bind", 361 },
		{ "connect", 362 },     { "listen", 363 },     { "accept4", 364 },
		{ "getsockopt", 365 },  { "setsockopt", 366 }, { "getsockname", 367 },
		{ "getpeername", 368 }, { "sendto", 369 },     { "sendmsg", 370 },
		{ "recvfrom", 371 },    { "recvmsg", 372 },    { "recvmmsg", 337 },
		{ "sendmmsg", 345 },    { "shutdown", 373 },   { "semget", 393 },
		{ "semctl", 394 },      { "shmget", 395 },     { "shmctl", 396 },
		{ "shmat", 397 },       { "shmdt", 398 },      { "msgget", 399 },
		{ "msgsnd", 400 },      { "msgrcv", 401 },     { "msgctl", 402 },
	};

	for (size_t i = 0; i < sizeof(direct) / sizeof(direct[0]); i++)
		if (strcmp(direct[i].name, name) == 0)
			return direct[i].nr;
	return -1;
}
