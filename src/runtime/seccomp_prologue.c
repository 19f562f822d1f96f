/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/seccomp_prologue.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>

#include "runtime/seccomp_calls.h"

/* One architecture is jumped over with eight bits. */
#define SECTION_MAX 200

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
		    uint32_t arch, uint32_t otherwise)
{
	uint32_t answer = bt_seccomp_calls_answer(rule->action, rule->errno_ret);
	bool known;
	int nr = bt_seccomp_calls_number(arch, name, &known);

	if (nr < 0 && arch == SCMP_ARCH_X86)
		nr = bt_seccomp_calls_direct(name);
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

static int add_rules(struct section *s, const struct bt_oci_seccomp *spec, uint32_t arch)
{
	uint32_t otherwise = bt_seccomp_calls_answer(spec->default_action, spec->default_errno_ret);

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
static int write_section(struct section *s, const struct bt_oci_seccomp *spec, uint32_t arch,
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
		emit(s, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, BT_SECCOMP_X32_BIT,
						     0, 0));
	r = add_rules(s, spec, arch);
	if (r < 0)
		return r;
	if (s->last > 0 && !bt_seccomp_calls_is_permissive(spec)) {
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

static bool includes(const uint32_t *archs, size_t n, uint32_t arch)
{
	for (size_t i = 0; i < n; i++)
		if (archs[i] == arch)
			return true;
	return false;
}

int bt_seccomp_prologue_write(const struct bt_oci_seccomp *spec, const uint32_t *archs,
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
