/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/seccomp_answer.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <string.h>

/* As a filter sees calls of this very program; 0: on no machine that is known here. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
#define NATIVE AUDIT_ARCH_AARCH64
#else
#define NATIVE 0
#endif

/* Does a conditional jump's condition hold? Returns -1 where it is none. */
static int condition(const struct sock_filter *i, uint32_t a, uint32_t x)
{
	uint32_t with = BPF_SRC(i->code) == BPF_X ? x : i->k;

	switch (i->code & ~BPF_X) {
	case BPF_JMP | BPF_JEQ:
		return a == with;
	case BPF_JMP | BPF_JGT:
		return a > with;
	case BPF_JMP | BPF_JGE:
		return a >= with;
	case BPF_JMP | BPF_JSET:
		return (a & with) != 0;
	default:
		return -1;
	}
}

/* Instructions that only move or mask. Returns false where it is none of them. */
static bool step(const struct sock_filter *i, const struct seccomp_data *call, uint32_t *a,
		 uint32_t *x)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		if (i->k > sizeof(*call) - sizeof(*a) || i->k % sizeof(*a) != 0)
			return false;
		memcpy(a, (const char *)call + i->k, sizeof(*a));
		return true;
	case BPF_LD | BPF_IMM:
		*a = i->k;
		return true;
	case BPF_LDX | BPF_IMM:
		*x = i->k;
		return true;
	case BPF_MISC | BPF_TAX:
		*x = *a;
		return true;
	case BPF_MISC | BPF_TXA:
		*a = *x;
		return true;
	case BPF_ALU | BPF_AND | BPF_K:
		*a &= i->k;
		return true;
	default:
		return false;
	}
}

uint32_t bt_seccomp_answer(const void *insns, size_t len, const struct seccomp_data *call)
{
	const struct sock_filter *program = insns;
	size_t n = len / sizeof(*program);
	uint32_t a = 0, x = 0;

	/* Jumps lead forward only, so there is an end. */
	for (size_t pc = 0; pc < n;) {
		const struct sock_filter *i = &program[pc++];
		int yes;

		if (i->code == (BPF_RET | BPF_K))
			return i->k;
		if (i->code == (BPF_RET | BPF_A))
			return a;
		if (i->code == (BPF_JMP | BPF_JA)) {
			pc += i->k;
			continue;
		}
		if (step(i, call, &a, &x))
			continue;
		yes = condition(i, a, x);
		if (yes < 0)
			break;
		pc += yes ? i->jt : i->jf;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

static uint32_t ask(const void *insns, size_t len, long nr, uint64_t first, uint64_t second)
{
	const struct seccomp_data call = { .nr = (int)nr,
					   .arch = NATIVE,
					   .args = { first, second } };

	return NATIVE != 0 ? bt_seccomp_answer(insns, len, &call) : SECCOMP_RET_KILL_PROCESS;
}

bool bt_seccomp_answer_lets(const void *insns, size_t len, long nr, uint64_t first, uint64_t second)
{
	uint32_t action = ask(insns, len, nr, first, second) & SECCOMP_RET_ACTION_FULL;

	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

bool bt_seccomp_answer_fails(const void *insns, size_t len, long nr, int errnum)
{
	return ask(insns, len, nr, 0, 0) == (SECCOMP_RET_ERRNO | (uint32_t)errnum);
}
