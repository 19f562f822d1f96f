/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/seccomp.h"

#include <ctype.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "runtime/seccomp_prologue.h"

#define ARCHS_MAX   16
#define ARGS_MAX    6
#define ARCH_PREFIX "SCMP_ARCH_"
/* Without flags in the specification runc turns the speculation mitigation off: most of
 * its cost, and of little use to a filter (Linux 5.16 made that the default). */
#define DEFAULT_FLAGS SECCOMP_FILTER_FLAG_SPEC_ALLOW

/* What is being built. */
struct build {
	scmp_filter_ctx ctx; /* owned */
	const struct bt_oci_seccomp *spec;
	uint32_t otherwise; /* the default's answer */
	unsigned archs[ARCHS_MAX];
	size_t narchs;
	bool notify;
	struct bt_err *err;
};

static void release_ctx(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

static int bad(const struct build *b, const char *field, const char *why)
{
	return bt_err_set(b->err, BT_ERR_INVALID, EINVAL, "linux.seccomp.%s: %s", field, why);
}

/* ---- architectures --------------------------------------------------------------- */

/* "SCMP_ARCH_X86_64" to libseccomp's token, or 0. */
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

/* The native architecture is there from the start. */
static int add_archs(struct build *b)
{
	const struct bt_oci_strings *names = &b->spec->architectures;

	b->archs[b->narchs++] = seccomp_arch_native();
	for (size_t i = 0; i < names->n; i++) {
		uint32_t token = arch_token(names->v[i]);
		int r;

		if (token == 0)
			return bt_err_set(b->err, BT_ERR_INVALID, EINVAL,
					  "linux.seccomp.architectures: unknown value '%.64s'",
					  names->v[i]);
		r = seccomp_arch_add(b->ctx, token);
		if (r == -EEXIST)
			continue;
		if (r < 0)
			return bt_err_sys(b->err, r, "linux.seccomp.architectures: %s",
					  names->v[i]);
		if (b->narchs == ARCHS_MAX)
			return bad(b, "architectures", "too many");
		b->archs[b->narchs++] = token;
	}
	return 0;
}

/* ---- rules ----------------------------------------------------------------------- */

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

static bool repeats_argument(const struct bt_oci_seccomp_rule *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->nargs; i++) {
		if (seen & 1u << rule->args[i].index)
			return true;
		seen |= 1u << rule->args[i].index;
	}
	return false;
}

/* One system call of a rule. Conditions must all hold, unless one argument has several:
 * libseccomp could not join those, so they have always meant alternatives. */
static int add_call(struct build *b, const struct bt_oci_seccomp_rule *rule, uint32_t answer,
		    int nr)
{
	struct scmp_arg_cmp args[ARGS_MAX];
	int r = 0;

	if (!repeats_argument(rule)) {
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
	uint32_t answer = bt_seccomp_prologue_answer(rule->action, rule->errno_ret);

	if (answer == b->otherwise)
		return 0;
	for (size_t i = 0; i < rule->names.n; i++) {
		int nr = seccomp_syscall_resolve_name(rule->names.v[i]);
		int r;

		/* Unknown: decided by the prologue, or a call of no system at all. */
		if (nr == __NR_SCMP_ERROR)
			continue;
		/* Whoever is notified would be asked about telling us its descriptor. */
		if (rule->action == BT_OCI_SECCOMP_NOTIFY && strcmp(rule->names.v[i], "write") == 0)
			return bad(b, "syscalls", "SCMP_ACT_NOTIFY cannot be used for write");
		r = add_call(b, rule, answer, nr);
		if (r < 0)
			return bt_err_sys(b->err, r, "linux.seccomp.syscalls: rule for %.64s",
					  rule->names.v[i]);
		b->notify = b->notify || rule->action == BT_OCI_SECCOMP_NOTIFY;
	}
	return 0;
}

/* ---- the program ----------------------------------------------------------------- */

static int start(struct build *b)
{
	if (b->spec->default_action == BT_OCI_SECCOMP_NOTIFY)
		return bad(b, "defaultAction", "SCMP_ACT_NOTIFY cannot be the default");
	b->otherwise =
		bt_seccomp_prologue_answer(b->spec->default_action, b->spec->default_errno_ret);
	b->ctx = seccomp_init(b->otherwise);
	if (!b->ctx)
		return bt_err_sys(b->err, -ENOMEM, "linux.seccomp: start a filter");
	/* A binary tree instead of a list: a call costs a dozen comparisons instead of
	 * hundreds, and the kernel, which tries each number when a filter is loaded, is
	 * done sooner. */
	(void)seccomp_attr_set(b->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
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

static int finish(const struct build *b, struct bt_seccomp_filter *ret)
{
	bt_auto_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct bt_seccomp_filter filter = {
		.flags = b->spec->flags_set ? b->spec->flags : DEFAULT_FLAGS,
		.notify = b->notify,
	};
	int r = fd < 0 ? -errno : 0;

	if (r == 0)
		r = seccomp_export_bpf(b->ctx, fd);
	if (r == 0)
		r = join(b, fd, &filter.insns, &filter.len);
	if (r < 0)
		return bt_err_sys(b->err, r, "linux.seccomp: write the program");
	*ret = filter;
	return 0;
}

int bt_seccomp_compile(const struct bt_oci_seccomp *spec, struct bt_seccomp_filter *ret,
		       struct bt_err *err)
{
	struct build b = { .spec = spec, .err = err };
	int r = start(&b);

	if (r == 0)
		r = add_archs(&b);
	for (size_t i = 0; i < spec->nrules && r == 0; i++)
		r = add_rule(&b, &spec->rules[i]);
	if (r == 0)
		r = finish(&b, ret);
	release_ctx(&b.ctx);
	return r;
}

void bt_seccomp_done(struct bt_seccomp_filter *filter)
{
	free(filter->insns);
	*filter = (struct bt_seccomp_filter){ 0 };
}

int bt_seccomp_load(const void *insns, size_t len, unsigned flags, bool notify)
{
	struct sock_fprog program = {
		.len = (unsigned short)(len / sizeof(struct sock_filter)),
		/* The kernel copies it; its interface just lacks the const. */
		.filter = (struct sock_filter *)(uintptr_t)insns,
	};
	long r;

	if (notify)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	return r < 0 ? -errno : (int)r;
}
