/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/seccomp_program.h"

#include <endian.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "runtime/seccomp_calls.h"

#define JUMP_MAX     255 /* conditional jumps have eight bits */
#define ARGS_MAX     6
#define FAILS_MAX    (ARGS_MAX * 2)
#define X32_BIT      ((uint32_t)BT_SECCOMP_X32_BIT)
#define NO_CALL      UINT32_MAX /* what a tracer sets to skip a call */
#define SOCKETCALL   102        /* on i386 */
#define IPC          117
#define PSEUDO_FIRST (-300) /* libseccomp's numbers of multiplexed calls are above */

/* A call and a rule that names it. */
struct entry {
	uint32_t nr;
	uint32_t answer;
	const struct bt_oci_seccomp_rule *rule;
	bool narrow; /* arguments have 32 bits */
};

/* A range of numbers, up to the next one's first, with one answer; or a call with
 * conditions, which are those of `n` entries. */
struct range {
	uint32_t first;
	uint32_t answer;
	const struct entry *entries;
	size_t n;
};

struct compiler {
	const struct bt_oci_seccomp *spec;
	uint32_t otherwise;    /* the default's answer */
	bool has_last;         /* the profile names a call of this architecture */
	uint32_t beyond;       /* for calls newer than the profile */
	struct entry *entries; /* of one architecture at a time, owned */
	size_t nentries, max;
	struct range *ranges; /* owned */
	size_t nranges;
	struct sock_filter *insns; /* owned */
	size_t n;
};

static void release(struct compiler *c)
{
	free(c->entries);
	free(c->ranges);
	free(c->insns);
}

/* ---- the calls of an architecture -------------------------------------------------- */

/* What is found out about an architecture while its calls are collected. */
struct found {
	uint32_t last;   /* the largest number that the profile names */
	uint32_t mux[2]; /* answers given to parts of socketcall and of ipc */
	bool has_mux[2];
	bool mixed; /* parts with different answers */
};

static void note_mux(struct found *found, int which, uint32_t answer)
{
	if (found->has_mux[which] && found->mux[which] != answer)
		found->mixed = true;
	found->has_mux[which] = true;
	found->mux[which] = answer;
}

static void collect_name(struct compiler *c, const struct bt_oci_seccomp_rule *rule,
			 const char *name, uint32_t arch, struct found *found)
{
	uint32_t answer = bt_seccomp_calls_answer(rule->action, rule->errno_ret);
	int nr = bt_seccomp_calls_number(arch, name, NULL);

	if (arch == SCMP_ARCH_X86 && nr < -100 && nr > PSEUDO_FIRST) {
		if (answer != c->otherwise)
			note_mux(found, nr > -200 ? 0 : 1, answer);
		nr = bt_seccomp_calls_direct(name);
	}
	if (nr < 0)
		return;
	if ((uint32_t)nr > found->last)
		found->last = (uint32_t)nr;
	if (answer == c->otherwise)
		return;
	c->entries[c->nentries++] = (struct entry){
		.nr = (uint32_t)nr,
		.answer = answer,
		.rule = rule,
		.narrow = arch == SCMP_ARCH_X86 || arch == SCMP_ARCH_X32 || arch == SCMP_ARCH_ARM,
	};
}

static int by_number(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->nr > y->nr) - (x->nr < y->nr);
}

/* The entries from `i` on that are of one call. */
static size_t same_call(const struct compiler *c, size_t i)
{
	size_t n = 1;

	while (i + n < c->nentries && c->entries[i + n].nr == c->entries[i].nr)
		n++;
	return n;
}

static bool is_unconditional(const struct entry *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (e[i].rule->nargs == 0)
			return true;
	return false;
}

/* What a multiplexer is a part of must be allowed as a whole, with the same answer. */
static bool mux_agrees(const struct compiler *c, const struct found *found, int which)
{
	uint32_t nr = which == 0 ? SOCKETCALL : IPC;

	if (!found->has_mux[which])
		return true;
	for (size_t i = 0; i < c->nentries; i++)
		if (c->entries[i].nr == nr && c->entries[i].rule->nargs == 0 &&
		    c->entries[i].answer == found->mux[which])
			return true;
	return false;
}

/* Can each call's entries be one answer with alternatives? */
static bool is_simple(const struct compiler *c, const struct found *found)
{
	for (size_t i = 0; i + 1 < c->nentries; i++)
		if (c->entries[i].nr == c->entries[i + 1].nr &&
		    c->entries[i].answer != c->entries[i + 1].answer)
			return false;
	return !found->mixed && mux_agrees(c, found, 0) && mux_agrees(c, found, 1);
}

/* ---- ranges ------------------------------------------------------------------------ */

static void add_range(struct compiler *c, uint32_t first, uint32_t answer,
		      const struct entry *entries, size_t n)
{
	struct range *last = c->nranges > 0 ? &c->ranges[c->nranges - 1] : NULL;

	/* An empty one is replaced, and one of the same answer goes on. */
	if (last && last->first == first)
		c->nranges--;
	last = c->nranges > 0 ? &c->ranges[c->nranges - 1] : NULL;
	if (last && !last->entries && !entries && last->answer == answer)
		return;
	c->ranges[c->nranges++] =
		(struct range){ .first = first, .answer = answer, .entries = entries, .n = n };
}

/* Collect the calls of `arch`, whose numbers begin at `base`, and append their ranges.
 * Returns 1, or 0 where they are not simple. */
static int add_calls(struct compiler *c, uint32_t arch, uint32_t base)
{
	struct found found = { 0 };
	size_t start = c->nentries;

	for (size_t i = 0; i < c->spec->nrules; i++)
		for (size_t k = 0; k < c->spec->rules[i].names.n; k++)
			collect_name(c, &c->spec->rules[i], c->spec->rules[i].names.v[k], arch,
				     &found);
	qsort(c->entries + start, c->nentries - start, sizeof(*c->entries), by_number);
	if (!is_simple(c, &found))
		return 0;
	add_range(c, base, c->otherwise, NULL, 0);
	for (size_t i = start, n; i < c->nentries; i += n) {
		const struct entry *e = &c->entries[i];

		n = same_call(c, i);
		if (is_unconditional(e, n))
			add_range(c, e->nr, e->answer, NULL, 0);
		else
			add_range(c, e->nr, e->answer, e, n);
		add_range(c, e->nr + 1, c->otherwise, NULL, 0);
	}
	c->has_last = found.last > 0;
	if (c->has_last)
		add_range(c, found.last + 1, c->beyond, NULL, 0);
	return 1;
}

/* ---- instructions ------------------------------------------------------------------ */

static void emit(struct compiler *c, uint16_t code, uint32_t k, size_t jt, size_t jf)
{
	if (c->n < BPF_MAXINSNS)
		c->insns[c->n] = (struct sock_filter){
			.code = code, .jt = (uint8_t)jt, .jf = (uint8_t)jf, .k = k
		};
	c->n++;
}

static void emit_answer(struct compiler *c, uint32_t answer)
{
	emit(c, BPF_RET | BPF_K, answer, 0, 0);
}

/* Conditional jumps that leave an alternative; where to is known at its end. */
struct fails {
	size_t at[FAILS_MAX];
	bool when_true[FAILS_MAX];
	size_t n;
};

static void emit_test(struct compiler *c, uint16_t op, uint32_t k, bool fail_when_true,
		      struct fails *fails)
{
	fails->at[fails->n] = c->n;
	fails->when_true[fails->n++] = fail_when_true;
	emit(c, (uint16_t)(BPF_JMP | op | BPF_K), k, 0, 0);
}

static void emit_load(struct compiler *c, unsigned index, bool high)
{
	/* Little endian: the low half comes first. */
	emit(c, BPF_LD | BPF_W | BPF_ABS,
	     (uint32_t)(offsetof(struct seccomp_data, args) + index * sizeof(uint64_t) +
			(high ? sizeof(uint32_t) : 0)),
	     0, 0);
}

static void emit_low(struct compiler *c, const struct bt_oci_seccomp_arg *arg, struct fails *fails)
{
	uint32_t low = (uint32_t)arg->value;

	emit_load(c, arg->index, false);
	switch (arg->op) {
	case BT_OCI_SECCOMP_EQ:
		emit_test(c, BPF_JEQ, low, false, fails);
		break;
	case BT_OCI_SECCOMP_NE:
		emit_test(c, BPF_JEQ, low, true, fails);
		break;
	case BT_OCI_SECCOMP_GT:
		emit_test(c, BPF_JGT, low, false, fails);
		break;
	case BT_OCI_SECCOMP_GE:
		emit_test(c, BPF_JGE, low, false, fails);
		break;
	case BT_OCI_SECCOMP_LT:
		emit_test(c, BPF_JGE, low, true, fails);
		break;
	case BT_OCI_SECCOMP_LE:
		emit_test(c, BPF_JGT, low, true, fails);
		break;
	case BT_OCI_SECCOMP_MASKED_EQ:
		emit(c, BPF_ALU | BPF_AND | BPF_K, low, 0, 0);
		emit_test(c, BPF_JEQ, (uint32_t)(arg->value & arg->value_two), false, fails);
		break;
	}
}

/* The high half decides alone, or leaves it to the low one, which is two instructions. */
static void emit_high(struct compiler *c, const struct bt_oci_seccomp_arg *arg, struct fails *fails)
{
	uint32_t high = (uint32_t)(arg->value >> 32);

	emit_load(c, arg->index, true);
	switch (arg->op) {
	case BT_OCI_SECCOMP_EQ:
		emit_test(c, BPF_JEQ, high, false, fails);
		break;
	case BT_OCI_SECCOMP_NE:
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, high, 0, 2);
		break;
	case BT_OCI_SECCOMP_GT:
	case BT_OCI_SECCOMP_GE:
		emit(c, BPF_JMP | BPF_JGT | BPF_K, high, 3, 0);
		emit_test(c, BPF_JEQ, high, false, fails);
		break;
	case BT_OCI_SECCOMP_LT:
	case BT_OCI_SECCOMP_LE:
		emit_test(c, BPF_JGT, high, true, fails);
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, high, 0, 2);
		break;
	case BT_OCI_SECCOMP_MASKED_EQ:
		emit(c, BPF_ALU | BPF_AND | BPF_K, high, 0, 0);
		emit_test(c, BPF_JEQ, (uint32_t)((arg->value & arg->value_two) >> 32), false,
			  fails);
		break;
	}
}

/* All of `nargs` conditions, then the answer; else go on behind it. */
static void emit_alternative(struct compiler *c, const struct bt_oci_seccomp_arg *args,
			     size_t nargs, const struct entry *entry)
{
	struct fails fails = { .n = 0 };

	for (size_t i = 0; i < nargs; i++) {
		if (!entry->narrow)
			emit_high(c, &args[i], &fails);
		emit_low(c, &args[i], &fails);
	}
	emit_answer(c, entry->answer);
	for (size_t i = 0; i < fails.n && c->n <= BPF_MAXINSNS; i++) {
		struct sock_filter *insn = &c->insns[fails.at[i]];

		*(fails.when_true[i] ? &insn->jt : &insn->jf) = (uint8_t)(c->n - fails.at[i] - 1);
	}
}

/* Several conditions on one argument are alternatives: see runtime/seccomp.h. */
static void emit_entry(struct compiler *c, const struct entry *entry)
{
	const struct bt_oci_seccomp_rule *rule = entry->rule;

	if (!bt_seccomp_calls_repeats(rule)) {
		emit_alternative(c, rule->args, rule->nargs, entry);
		return;
	}
	for (size_t i = 0; i < rule->nargs; i++)
		emit_alternative(c, &rule->args[i], 1, entry);
}

static void emit_range(struct compiler *c, const struct range *range)
{
	for (size_t i = 0; i < range->n; i++)
		emit_entry(c, &range->entries[i]);
	emit_answer(c, range->entries ? c->otherwise : range->answer);
}

/* Make the jump at `at` a long one over `left` instructions. Those move up by one: all
 * jumps in them are relative, and none leads out. */
static void insert_jump(struct compiler *c, size_t at, size_t left)
{
	emit(c, BPF_JMP | BPF_JA, 0, 0, 0);
	if (c->n > BPF_MAXINSNS)
		return;
	memmove(&c->insns[at + 2], &c->insns[at + 1], left * sizeof(*c->insns));
	c->insns[at].jf = 1;
	c->insns[at + 1] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)left);
}

/* A binary tree over ranges [from, to): which half is decided by the first number of the
 * right one. The left half follows, so its length is the jump. */
static void emit_tree(struct compiler *c, size_t from, size_t to)
{
	size_t middle = from + (to - from) / 2, at = c->n, left;

	if (to - from == 1) {
		emit_range(c, &c->ranges[from]);
		return;
	}
	emit(c, BPF_JMP | BPF_JGE | BPF_K, c->ranges[middle].first, 0, 0);
	emit_tree(c, from, middle);
	left = c->n - at - 1;
	if (left <= JUMP_MAX && c->n <= BPF_MAXINSNS)
		c->insns[at].jt = (uint8_t)left;
	else
		insert_jump(c, at, left);
	emit_tree(c, middle, to);
}

/* ---- architectures ----------------------------------------------------------------- */

static bool has_arch(const uint32_t *archs, int n, uint32_t arch)
{
	for (int i = 0; i < n; i++)
		if (archs[i] == arch)
			return true;
	return false;
}

/* x32 numbers follow those of x86_64. Where the profile leaves x32 out, it is another
 * architecture, which no filter lets pass; but the number of "no call" is not x32's. */
static int add_x32(struct compiler *c, bool listed)
{
	if (listed)
		return add_calls(c, SCMP_ARCH_X32, X32_BIT);
	/* Unless they are newer than the profile already. */
	if (bt_seccomp_calls_is_permissive(c->spec) || !c->has_last) {
		add_range(c, X32_BIT, SECCOMP_RET_KILL_THREAD, NULL, 0);
		add_range(c, NO_CALL, c->otherwise, NULL, 0);
	}
	return 1;
}

/* One architecture's part: skipped unless it is this one. Returns 1, or 0. */
static int emit_arch(struct compiler *c, uint32_t arch, bool x32)
{
	size_t at = c->n;
	int r;

	c->nentries = 0;
	c->nranges = 0;
	r = add_calls(c, arch, 0);
	if (r > 0 && arch == SCMP_ARCH_X86_64)
		r = add_x32(c, x32);
	if (r <= 0)
		return r;
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0);
	emit(c, BPF_JMP | BPF_JA, 0, 0, 0);
	emit(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	emit_tree(c, 0, c->nranges);
	if (c->n <= BPF_MAXINSNS)
		c->insns[at + 1].k = (uint32_t)(c->n - at - 2);
	return 1;
}

static bool is_known_arch(uint32_t arch)
{
	return arch == SCMP_ARCH_X86_64 || arch == SCMP_ARCH_X86 || arch == SCMP_ARCH_X32 ||
	       arch == SCMP_ARCH_AARCH64 || arch == SCMP_ARCH_ARM || arch == SCMP_ARCH_RISCV64;
}

static int emit_all(struct compiler *c, const uint32_t *archs, int narchs)
{
	bool x32 = has_arch(archs, narchs, SCMP_ARCH_X32);

	for (int i = 0; i < narchs; i++)
		if (!is_known_arch(archs[i]))
			return 0;
	/* x32 without x86_64 is none that this file makes. */
	if (BYTE_ORDER != LITTLE_ENDIAN || (x32 && !has_arch(archs, narchs, SCMP_ARCH_X86_64)))
		return 0;
	emit(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	for (int i = 0; i < narchs; i++) {
		int r = archs[i] == SCMP_ARCH_X32 ? 1 : emit_arch(c, archs[i], x32);

		if (r <= 0)
			return r;
	}
	emit_answer(c, SECCOMP_RET_KILL_THREAD);
	return c->n <= BPF_MAXINSNS;
}

/* Room for the calls of one architecture, and of x32 beside it. */
static int allocate(struct compiler *c)
{
	size_t names = 0;

	for (size_t i = 0; i < c->spec->nrules; i++)
		names += c->spec->rules[i].names.n;
	c->max = names * 2;
	c->entries = calloc(c->max + 1, sizeof(*c->entries));
	c->ranges = calloc(c->max * 2 + 8, sizeof(*c->ranges));
	c->insns = calloc(BPF_MAXINSNS, sizeof(*c->insns));
	return c->entries && c->ranges && c->insns ? 0 : -ENOMEM;
}

int bt_seccomp_program_compile(const struct bt_oci_seccomp *spec, struct bt_seccomp_filter *ret,
			       struct bt_err *err)
{
	bt_auto(release) struct compiler c = { .spec = spec };
	uint32_t archs[BT_SECCOMP_ARCHS_MAX];
	int narchs = bt_seccomp_calls_archs(spec, archs, err);
	int r;

	if (narchs < 0)
		return narchs;
	if (allocate(&c) < 0)
		return bt_err_sys(err, -ENOMEM, "linux.seccomp: make the program");
	c.otherwise = bt_seccomp_calls_answer(spec->default_action, spec->default_errno_ret);
	c.beyond = bt_seccomp_calls_is_permissive(spec) ? c.otherwise
							: (uint32_t)(SECCOMP_RET_ERRNO | ENOSYS);
	r = emit_all(&c, archs, narchs);
	if (r <= 0)
		return r;
	ret->len = c.n * sizeof(*c.insns);
	ret->insns = bt_take(c.insns);
	return 1;
}
