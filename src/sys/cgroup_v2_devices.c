/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Device rules on version 2: a BPF program of type CGROUP_DEVICE, as
 * Documentation/admin-guide/cgroup-v2.rst ("Device controller") describes.
 *
 * The program keeps the accesses still to be decided in one register and walks the
 * rules from the last to the first. A rule for the device decides those of its
 * accesses that are still open: a denied one ends with 0; when nothing is open any
 * more it ends with 1. So each access follows the last rule that speaks of it,
 * which is how version 1 reads the same list. At the end 0: nobody allowed it.
 */

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/cgroup_v2.h"

#define RULES_MAX   512
#define PER_RULE    9
#define HEAD        7
#define TAIL        2
#define OLD_MAX     16
#define MAJOR_LIMIT UINT32_MAX

enum {
	R_RESULT = BPF_REG_0,
	R_CONTEXT = BPF_REG_1,
	R_TYPE = BPF_REG_2,
	R_OPEN = BPF_REG_3, /* accesses not yet decided */
	R_MAJOR = BPF_REG_4,
	R_MINOR = BPF_REG_5,
	R_SCRATCH = BPF_REG_6,
};

struct program {
	struct bpf_insn *insns;
	size_t n;
};

static void emit(struct program *p, uint8_t code, unsigned dst, unsigned src, int16_t off,
		 int32_t imm)
{
	p->insns[p->n++] = (struct bpf_insn){
		.code = code, .dst_reg = dst & 0xfu, .src_reg = src & 0xfu, .off = off, .imm = imm
	};
}

static void emit_head(struct program *p)
{
	const int16_t type = (int16_t)offsetof(struct bpf_cgroup_dev_ctx, access_type);

	/* access_type: (access << 16) | type */
	emit(p, BPF_LDX | BPF_MEM | BPF_W, R_TYPE, R_CONTEXT, type, 0);
	emit(p, BPF_ALU | BPF_MOV | BPF_X, R_OPEN, R_TYPE, 0, 0);
	emit(p, BPF_ALU | BPF_AND | BPF_K, R_TYPE, 0, 0, 0xffff);
	emit(p, BPF_ALU | BPF_RSH | BPF_K, R_OPEN, 0, 0, 16);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, R_MAJOR, R_CONTEXT,
	     (int16_t)offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, R_MINOR, R_CONTEXT,
	     (int16_t)offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
	emit(p, BPF_ALU | BPF_MOV | BPF_K, R_RESULT, 0, 0, 0);
}

static int32_t access_bits(uint8_t access)
{
	return (access & BT_CGROUP_ACCESS_READ ? BPF_DEVCG_ACC_READ : 0) |
	       (access & BT_CGROUP_ACCESS_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
	       (access & BT_CGROUP_ACCESS_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0);
}

/* Comparisons jump over the rest of the rule; how far is known when it has been written. */
static void emit_rule(struct program *p, const struct bt_cgroup_device_rule *rule)
{
	const uint8_t differs = BPF_JMP32 | BPF_JNE | BPF_K;
	const int32_t bits = access_bits(rule->access);
	size_t jumps[3], njumps = 0;

	if (rule->type != 'a') {
		jumps[njumps++] = p->n;
		emit(p, differs, R_TYPE, 0, 0,
		     rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	}
	if (rule->major >= 0) {
		jumps[njumps++] = p->n;
		emit(p, differs, R_MAJOR, 0, 0, (int32_t)rule->major);
	}
	if (rule->minor >= 0) {
		jumps[njumps++] = p->n;
		emit(p, differs, R_MINOR, 0, 0, (int32_t)rule->minor);
	}
	if (rule->allow) {
		emit(p, BPF_ALU | BPF_AND | BPF_K, R_OPEN, 0, 0, ~bits);
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, R_OPEN, 0, 2, 0);
		emit(p, BPF_ALU | BPF_MOV | BPF_K, R_RESULT, 0, 0, 1);
		emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	} else {
		emit(p, BPF_ALU | BPF_MOV | BPF_X, R_SCRATCH, R_OPEN, 0, 0);
		emit(p, BPF_ALU | BPF_AND | BPF_K, R_SCRATCH, 0, 0, bits);
		emit(p, BPF_JMP32 | BPF_JEQ | BPF_K, R_SCRATCH, 0, 1, 0);
		emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	}
	for (size_t i = 0; i < njumps; i++)
		p->insns[jumps[i]].off = (int16_t)(p->n - jumps[i] - 1);
}

static int bpf(int command, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, command, attr, sizeof(*attr));

	if (r < 0)
		return errno == ENOSYS ? -EOPNOTSUPP : -errno;
	return (int)r;
}

static int load(const struct program *p)
{
	union bpf_attr attr = { 0 };

	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)p->insns;
	attr.insn_cnt = (uint32_t)p->n;
	attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
	attr.expected_attach_type = BPF_CGROUP_DEVICE;
	return bpf(BPF_PROG_LOAD, &attr);
}

static int attach(int dir, int program)
{
	union bpf_attr attr = { 0 };

	attr.target_fd = (uint32_t)dir;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	return bpf(BPF_PROG_ATTACH, &attr);
}

/* The programs attached to the group itself. Returns their number. */
static int query(int dir, uint32_t ids[OLD_MAX])
{
	union bpf_attr attr = { 0 };
	int r;

	attr.query.target_fd = (uint32_t)dir;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = OLD_MAX;
	r = bpf(BPF_PROG_QUERY, &attr);
	return r < 0 ? r : (int)attr.query.prog_cnt;
}

static int detach(int dir, uint32_t id)
{
	bt_auto_close int program = -EBADF;
	union bpf_attr attr = { 0 };

	attr.prog_id = id;
	program = bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	if (program < 0)
		return program;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return bpf(BPF_PROG_DETACH, &attr);
}

/* All attached programs must agree, so the old ones go once the new one stands: there is no
 * moment without a rule. */
static int replace(int dir, int program)
{
	uint32_t old[OLD_MAX];
	int n = query(dir, old);
	int r;

	if (n < 0)
		return n;
	r = attach(dir, program);
	for (int i = 0; i < n && r == 0; i++)
		r = detach(dir, old[i]);
	return r;
}

int bt_cgroup_v2_devices(int dir, const struct bt_cgroup_limits *limits, const char **ret_what)
{
	bt_auto_free struct bpf_insn *insns = NULL;
	bt_auto_close int fd = -EBADF;
	struct program p = { 0 };

	*ret_what = "devices";
	if (limits->ndevices > RULES_MAX)
		return -E2BIG;
	insns = calloc(HEAD + limits->ndevices * PER_RULE + TAIL, sizeof(*insns));
	if (!insns)
		return -ENOMEM;
	p.insns = insns;
	emit_head(&p);
	for (size_t i = limits->ndevices; i-- > 0;) {
		const struct bt_cgroup_device_rule *rule = &limits->devices[i];

		if (rule->major > MAJOR_LIMIT || rule->minor > MAJOR_LIMIT)
			return -EINVAL;
		emit_rule(&p, rule);
	}
	emit(&p, BPF_ALU | BPF_MOV | BPF_K, R_RESULT, 0, 0, 0);
	emit(&p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	fd = load(&p);
	return fd < 0 ? fd : replace(dir, fd);
}
