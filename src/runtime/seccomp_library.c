/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/seccomp_library.h"

#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "runtime/seccomp_calls.h"
#include "runtime/seccomp_prologue.h"

#define ARGS_MAX 6

/* What is being built. */
struct build {
	scmp_filter_ctx ctx; /* owned */
	const struct bt_oci_seccomp *spec;
	uint32_t otherwise; /* the default's answer */
	uint32_t archs[BT_SECCOMP_ARCHS_MAX];
	size_t narchs;
	size_t conditions; /* added so far */
	struct bt_err *err;
};

/* The native architecture is there from the start. */
static int add_archs(struct build *b)
{
	int n = bt_seccomp_calls_archs(b->spec, b->archs, b->err);

	if (n < 0)
		return n;
	b->narchs = (size_t)n;
	for (size_t i = 1; i < b->narchs; i++) {
		int r = seccomp_arch_add(b->ctx, b->archs[i]);

		if (r < 0)
			return bt_err_sys(b->err, r, "linux.seccomp.architectures: %#x",
					  b->archs[i]);
	}
	return 0;
}

static struct scmp_arg_cmp comparison(const struct bt_oci_seccomp_arg *arg)
{
	static const enum scmp_compare ops[] = {
		[BT_OCI_SECCOMP_NE] = SCMP_CMP_NE,
		[BT_OCI_SECCOMP_LT] = SCMP_CMP_LT,
		[BT_OCI_SECCOMP_LE] = SCMP_CMP_LE,
		[BT_OCI_SECCOMP_EQ] = SCMP_CMP_EQ,
		[BT_OCI_SECCOMP_GE] = SCMP_CMP_GE,
		[BT_OCI_SECCOMP_GT] = SCMP_CMP_GT,
		[BT_OCI_SECCOMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};

	return (struct scmp_arg_cmp){ .arg = arg->index,
				      .op = ops[arg->op],
				      .datum_a = arg->value,
				      .datum_b = arg->value_two };
}

/* One system call of a rule. Conditions must all hold, unless one argument has several:
 * libseccomp could not join those, so they have always meant alternatives. */
static int add_call(struct build *b, const struct bt_oci_seccomp_rule *rule, uint32_t answer,
		    int nr)
{
	struct scmp_arg_cmp args[ARGS_MAX];
	bool repeats = bt_seccomp_calls_repeats(rule);
	int r = 0;

	/* Each takes an instruction at least, and the library compares it with all before. */
	b->conditions += repeats ? rule->nargs : rule->nargs > 0;
	if (b->conditions > BPF_MAXINSNS)
		return -E2BIG;
	if (!repeats) {
		for (size_t i = 0; i < rule->nargs; i++)
			args[i] = comparison(&rule->args[i]);
		return seccomp_rule_add_array(b->ctx, answer, nr, (unsigned)rule->nargs, args);
	}
	for (size_t i = 0; i < rule->nargs && r == 0; i++) {
		args[0] = comparison(&rule->args[i]);
		r = seccomp_rule_add_array(b->ctx, answer, nr, 1, args);
	}
	return r;
}

static int add_rule(struct build *b, const struct bt_oci_seccomp_rule *rule)
{
	uint32_t answer = bt_seccomp_calls_answer(rule->action, rule->errno_ret);

	if (answer == b->otherwise)
		return 0;
	for (size_t i = 0; i < rule->names.n; i++) {
		int nr = seccomp_syscall_resolve_name(rule->names.v[i]);
		int r;

		/* Unknown: decided by the prologue, or a call of no system at all. */
		if (nr == __NR_SCMP_ERROR)
			continue;
		r = add_call(b, rule, answer, nr);
		if (r < 0)
			return bt_err_sys(b->err, r, "linux.seccomp.syscalls: rule for %.64s",
					  rule->names.v[i]);
	}
	return 0;
}

/* libseccomp's program, behind the prologue. Returns a new buffer. */
static int join(const struct build *b, int fd, void **ret, size_t *ret_len)
{
	bt_auto_free struct sock_filter *insns = NULL;
	int before, r = 0;
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) < 0)
		return -errno;
	insns = calloc(BT_SECCOMP_PROLOGUE_MAX + (size_t)st.st_size / sizeof(*insns) + 1,
		       sizeof(*insns));
	if (!insns)
		return -ENOMEM;
	before = bt_seccomp_prologue_write(b->spec, b->archs, b->narchs, insns);
	if (before < 0)
		return before;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	got = bt_io_read_all(fd, insns + before, (size_t)st.st_size);
	if (got != st.st_size)
		return got < 0 ? (int)got : -EIO;
	*ret_len = (size_t)before * sizeof(*insns) + (size_t)got;
	if (*ret_len / sizeof(*insns) > BPF_MAXINSNS)
		return -E2BIG;
	*ret = bt_take(insns);
	return r;
}

static int export(const struct build *b, struct bt_seccomp_filter *ret)
{
	bt_auto_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : 0;

	if (r == 0)
		r = seccomp_export_bpf(b->ctx, fd);
	if (r == 0)
		r = join(b, fd, &ret->insns, &ret->len);
	return r < 0 ? bt_err_sys(b->err, r, "linux.seccomp: write the program") : 0;
}

static int build(struct build *b, struct bt_seccomp_filter *ret)
{
	int r = add_archs(b);

	for (size_t i = 0; i < b->spec->nrules && r == 0; i++)
		r = add_rule(b, &b->spec->rules[i]);
	return r < 0 ? r : export(b, ret);
}

int bt_seccomp_library_compile(const struct bt_oci_seccomp *spec, struct bt_seccomp_filter *ret,
			       struct bt_err *err)
{
	struct build b = { .spec = spec, .err = err };
	int r;

	b.otherwise = bt_seccomp_calls_answer(spec->default_action, spec->default_errno_ret);
	b.ctx = seccomp_init(b.otherwise);
	if (!b.ctx)
		return bt_err_sys(err, -ENOMEM, "linux.seccomp: start a filter");
	/* A binary tree instead of a list: a dozen comparisons for a call, not hundreds. */
	(void)seccomp_attr_set(b.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = build(&b, ret);
	seccomp_release(b.ctx);
	return r;
}
