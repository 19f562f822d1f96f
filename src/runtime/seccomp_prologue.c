/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/seccomp_prologue.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#define X32_BIT 0x40000000
/* One architecture is jumped over with eight bits. */
#define SECTION_MAX 200

/* Since Linux 5.1 a new call has the same number everywhere (but on MIPS and Alpha, which
 * add an offset); `arch` is for those that only one has. In the order of numbers. */
static const struct {
	const char *name;
	int nr;
	unsigned arch; /* 0: all */
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

static bool has_common_numbers(unsigned arch)
{
	static const unsigned common[] = {
		SCMP_ARCH_X86,     SCMP_ARCH_X86_64, SCMP_ARCH_X32,     SCMP_ARCH_ARM,
		SCMP_ARCH_AARCH64, SCMP_ARCH_PPC,    SCMP_ARCH_PPC64,   SCMP_ARCH_PPC64LE,
		SCMP_ARCH_S390,    SCMP_ARCH_S390X,  SCMP_ARCH_RISCV64,
	};

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (common[i] == arch)
			return true;
	return false;
}

/* The number of a call that libseccomp does not know, or -1. */
static int newer_number(unsigned arch, const char *name)
{
	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++) {
		if (strcmp(newer[i].name, name) != 0)
			continue;
		if (newer[i].arch ? newer[i].arch != arch : !has_common_numbers(arch))
			return -1;
		return arch == SCMP_ARCH_X32 ? newer[i].nr | X32_BIT : newer[i].nr;
	}
	return -1;
}

uint32_t bt_seccomp_prologue_answer(enum bt_oci_seccomp_action action, struct bt_oci_u64 errno_ret)
{
	/* EPERM unless the rule says otherwise, as runc does it. */
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

/* Does the default let calls through, or say ENOSYS by itself? */
static bool is_permissive(const struct bt_oci_seccomp *spec)
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

/* The instructions for one architecture. */
struct section {
	struct sock_filter insns[SECTION_MAX];
	size_t n;
	int last; /* the largest number that the profile names */
};

static void emit(struct section *s, struct sock_filter insn)
{
	s->insns[s->n++] = insn;
}

/* One name of a rule: remember its number, and decide it here if nobody else can. */
static int add_name(struct section *s, const struct bt_oci_seccomp_rule *rule, const char *name,
		    unsigned arch, uint32_t otherwise)
{
	uint32_t answer = bt_seccomp_prologue_answer(rule->action, rule->errno_ret);
	int nr = seccomp_syscall_resolve_name_arch((uint32_t)arch, name);
	bool known = nr != __NR_SCMP_ERROR;

	if (!known)
		nr = newer_number(arch, name);
	/* libseccomp numbers what an architecture lacks below -1. */
	if (nr < 0)
		return 0;
	if (nr > s->last)
		s->last = nr;
	if (known || answer == otherwise || rule->nargs > 0)
		return 0;
	if (s->n + 8 > SECTION_MAX)
		return -E2BIG;
	emit(s, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 1));
	emit(s, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer));
	return 0;
}

static int add_rules(struct section *s, const struct bt_oci_seccomp *spec, unsigned arch)
{
	uint32_t otherwise =
		bt_seccomp_prologue_answer(spec->default_action, spec->default_errno_ret);

	for (size_t i = 0; i < spec->nrules; i++) {
		const struct bt_oci_seccomp_rule *rule = &spec->rules[i];

		for (size_t k = 0; k < rule->names.n; k++) {
			int r = add_name(s, rule, rule->names.v[k], arch, otherwise);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* The kernel tells x32 from x86_64 only by a bit in the number. */
static int write_section(struct section *s, const struct bt_oci_seccomp *spec, unsigned arch,
			 bool has_x32)
{
	bool x32 = arch == SCMP_ARCH_X32;
	int r;

	emit(s, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					     offsetof(struct seccomp_data, arch)));
	emit(s, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
					     x32 ? AUDIT_ARCH_X86_64 : arch, 0, 0));
	emit(s, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					     offsetof(struct seccomp_data, nr)));
	if (x32 || has_x32)
		emit(s, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 0));
	r = add_rules(s, spec, arch);
	if (r < 0)
		return r;
	if (s->last > 0 && !is_permissive(spec)) {
		emit(s, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)s->last,
						     0, 1));
		emit(s, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
	}
	s->insns[1].jf = (uint8_t)(s->n - 2);
	if (x32)
		s->insns[3].jf = (uint8_t)(s->n - 4);
	else if (has_x32)
		s->insns[3].jt = (uint8_t)(s->n - 4);
	return 0;
}

static bool includes(const unsigned *archs, size_t n, unsigned arch)
{
	for (size_t i = 0; i < n; i++)
		if (archs[i] == arch)
			return true;
	return false;
}

int bt_seccomp_prologue_write(const struct bt_oci_seccomp *spec, const unsigned *archs,
			      size_t narchs, struct sock_filter ret[BT_SECCOMP_PROLOGUE_MAX])
{
	bool x32 = includes(archs, narchs, SCMP_ARCH_X32);
	size_t n = 0;

	for (size_t i = 0; i < narchs; i++) {
		struct section s = { .n = 0 };
		bool has_x32 = archs[i] == SCMP_ARCH_X86_64 && x32;
		size_t head = has_x32 || archs[i] == SCMP_ARCH_X32 ? 4 : 3;
		int r = write_section(&s, spec, archs[i], has_x32);

		if (r < 0)
			return r;
		if (s.n == head)
			continue; /* nothing to decide here */
		if (n + s.n > BT_SECCOMP_PROLOGUE_MAX)
			return -E2BIG;
		memcpy(ret + n, s.insns, s.n * sizeof(s.insns[0]));
		n += s.n;
	}
	return (int)n;
}
