/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/oci_update_flags.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/size.h"
#include "runtime/oci_cli.h"

enum kind {
	NUMBER,
	POSITIVE,
	BYTES, /* -1: no limit */
	TEXT,
	IGNORED,
};

/* A flag, and the member of the resources that it sets. */
struct target {
	const char *name; /* with its "--" */
	enum kind kind;
	size_t at;
};

#define AT(member) offsetof(struct bt_oci_resources, member)

static const struct target targets[] = {
	{ "--blkio-weight", POSITIVE, AT(blkio.weight) },
	{ "--cpu-period", POSITIVE, AT(cpu.period) },
	{ "--cpu-quota", NUMBER, AT(cpu.quota) },
	{ "--cpu-burst", POSITIVE, AT(cpu.burst) },
	{ "--cpu-share", POSITIVE, AT(cpu.shares) },
	{ "--cpu-rt-period", POSITIVE, AT(cpu.realtime_period) },
	{ "--cpu-rt-runtime", NUMBER, AT(cpu.realtime_runtime) },
	{ "--cpu-idle", NUMBER, AT(cpu.idle) },
	{ "--cpuset-cpus", TEXT, AT(cpu.cpus) },
	{ "--cpuset-mems", TEXT, AT(cpu.mems) },
	/* The kernel has no such limits any more, and runc ignores the flags as well. */
	{ "--kernel-memory", IGNORED, 0 },
	{ "--kernel-memory-tcp", IGNORED, 0 },
	{ "--memory", BYTES, AT(memory.limit) },
	{ "--memory-reservation", BYTES, AT(memory.reservation) },
	{ "--memory-swap", BYTES, AT(memory.swap) },
	{ "--pids-limit", NUMBER, AT(pids_limit) },
};

#define NTARGETS (sizeof(targets) / sizeof(targets[0]))

/* What getopt_long(3) answers: the place in `targets` behind FIRST, or one of these. */
enum {
	FIRST = 256,
	L3_CACHE = FIRST + NTARGETS,
	MEM_BW,
};

static int set_i64(struct bt_oci_i64 *to, const char *name, const char *text, struct bt_err *err)
{
	long long value;
	int r = bt_oci_cli_number(name, text, INT64_MIN, INT64_MAX, &value, err);

	if (r == 0)
		*to = (struct bt_oci_i64){ .value = value, .set = true };
	return r;
}

static int set_u64(struct bt_oci_u64 *to, const char *name, const char *text, struct bt_err *err)
{
	long long value;
	int r = bt_oci_cli_number(name, text, 0, INT64_MAX, &value, err);

	if (r == 0)
		*to = (struct bt_oci_u64){ .value = (uint64_t)value, .set = true };
	return r;
}

static int set_bytes(struct bt_oci_i64 *to, const char *name, const char *text, struct bt_err *err)
{
	int64_t value;

	if (strcmp(text, "-1") == 0)
		value = -1;
	else if (bt_size_parse(text, &value) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "%s: invalid size: '%s'", name,
				  text);
	*to = (struct bt_oci_i64){ .value = value, .set = true };
	return 0;
}

static int set_member(struct bt_oci_resources *res, const struct target *target, const char *text,
		      struct bt_err *err)
{
	void *member = (char *)res + target->at;

	switch (target->kind) {
	case NUMBER:
		return set_i64(member, target->name, text, err);
	case POSITIVE:
		return set_u64(member, target->name, text, err);
	case BYTES:
		return set_bytes(member, target->name, text, err);
	case TEXT:
		*(const char **)member = text;
		return 0;
	case IGNORED:
		break;
	}
	return 0;
}

static int take(int flag, const char *text, struct bt_oci_update_flags *f, struct bt_err *err)
{
	if (flag >= FIRST && (size_t)(flag - FIRST) < NTARGETS)
		return set_member(&f->resources, &targets[flag - FIRST], text, err);
	if (flag == 'r')
		f->file = text;
	else if (flag == L3_CACHE)
		f->rdt.l3_cache_schema = text;
	else if (flag == MEM_BW)
		f->rdt.mem_bw_schema = text;
	else
		return -EINVAL; /* and *err says which */
	f->rdt.set |= flag != 'r';
	return 0;
}

int bt_oci_update_flags_take(int argc, char **argv, struct bt_oci_update_flags *ret,
			     struct bt_err *err)
{
	struct bt_oci_update_flags f = { .resources.set = true };
	struct option longs[NTARGETS + 4] = {
		{ "resources", required_argument, NULL, 'r' },
		{ "l3-cache-schema", required_argument, NULL, L3_CACHE },
		{ "mem-bw-schema", required_argument, NULL, MEM_BW }
	};
	int flag;

	for (size_t i = 0; i < NTARGETS; i++)
		longs[3 + i] = (struct option){ targets[i].name + 2, required_argument, NULL,
						FIRST + (int)i };
	while ((flag = bt_oci_cli_flag(argc, argv, "+r:", longs, err)) != -1) {
		int r = take(flag, optarg, &f, err);

		if (r < 0)
			return r;
	}
	*ret = f;
	return 0;
}
