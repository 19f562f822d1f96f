/* SPDX-License-Identifier: Apache-2.0 */

/* The member "process": config.md, section Process. */

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "codec/capability.h"
#include "codec/oci_read.h"
#include "codec/oci_spec.h"

/* linux/sched.h and linux/ioprio.h cannot be included beside the C library's headers. */
#define POLICY_DEADLINE 6
#define POLICY_ISO      4
#define IO_CLASS_RT     1
#define IO_CLASS_BE     2
#define IO_CLASS_IDLE   3

#define OOM_SCORE_MAX 1000

static const struct bt_oci_name rlimit_names[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
	{ 0 },
};

static const struct bt_oci_name policy_names[] = {
	{ "SCHED_OTHER", SCHED_OTHER },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_ISO", POLICY_ISO },
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", POLICY_DEADLINE },
	{ 0 },
};

/* SCHED_FLAG_* of linux/sched.h. */
static const struct bt_oci_name scheduler_flag_names[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
	{ "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 }, { 0 },
};

static const struct bt_oci_name io_class_names[] = {
	{ "IOPRIO_CLASS_RT", IO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IO_CLASS_IDLE },
	{ 0 },
};

static int read_rlimit_type(struct bt_oci_reader *rd, const struct bt_oci_at *at,
			    const json_t *value, void *ret)
{
	int64_t type;
	int r = bt_oci_read_enum(rd, at, value, rlimit_names, &type);

	if (r == 0)
		*(int *)ret = (int)type;
	return r;
}

/* -1 is RLIM_INFINITY, too: 2^64-1 is more than some writers of JSON can say. */
static int read_limit(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		      void *ret)
{
	if (!json_is_integer(value) || json_integer_value(value) != -1)
		return bt_oci_read_u64(rd, at, value, ret);
	*(uint64_t *)ret = UINT64_MAX;
	return 0;
}

static int check_rlimit(struct bt_oci_reader *rd, const struct bt_oci_at *at, void *object)
{
	const struct bt_oci_rlimit *limit = object;

	if (limit->soft > limit->hard)
		return bt_oci_read_fail(rd, at, "soft limit is above the hard one");
	return 0;
}

static const struct bt_oci_field rlimit_fields[] = {
	BT_OCI_ROW_REQUIRED("type", struct bt_oci_rlimit, type, read_rlimit_type),
	BT_OCI_ROW_REQUIRED("soft", struct bt_oci_rlimit, soft, read_limit),
	BT_OCI_ROW_REQUIRED("hard", struct bt_oci_rlimit, hard, read_limit),
};
static const struct bt_oci_object rlimit_object =
	BT_OCI_OBJECT(rlimit_fields, struct bt_oci_rlimit, BT_OCI_NOWHERE, check_rlimit);

static int read_scheduler_policy(struct bt_oci_reader *rd, const struct bt_oci_at *at,
				 const json_t *value, void *ret)
{
	int64_t policy;
	int r = bt_oci_read_enum(rd, at, value, policy_names, &policy);

	if (r == 0)
		*(uint32_t *)ret = (uint32_t)policy;
	return r;
}

static int read_scheduler_flags(struct bt_oci_reader *rd, const struct bt_oci_at *at,
				const json_t *value, void *ret)
{
	return bt_oci_read_flags(rd, at, value, scheduler_flag_names, ret);
}

static const struct bt_oci_field scheduler_fields[] = {
	BT_OCI_ROW_REQUIRED("policy", struct bt_oci_scheduler, policy, read_scheduler_policy),
	BT_OCI_ROW("nice", struct bt_oci_scheduler, nice, bt_oci_read_i32),
	BT_OCI_ROW("priority", struct bt_oci_scheduler, priority, bt_oci_read_u32),
	BT_OCI_ROW("flags", struct bt_oci_scheduler, flags, read_scheduler_flags),
	BT_OCI_ROW("runtime", struct bt_oci_scheduler, runtime, bt_oci_read_u64),
	BT_OCI_ROW("deadline", struct bt_oci_scheduler, deadline, bt_oci_read_u64),
	BT_OCI_ROW("period", struct bt_oci_scheduler, period, bt_oci_read_u64),
};
static const struct bt_oci_object scheduler_object = BT_OCI_OBJECT(
	scheduler_fields, struct bt_oci_scheduler, offsetof(struct bt_oci_scheduler, set), NULL);

static int read_io_class(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
			 void *ret)
{
	int64_t class;
	int r = bt_oci_read_enum(rd, at, value, io_class_names, &class);

	if (r == 0)
		*(int *)ret = (int)class;
	return r;
}

static int check_io_priority(struct bt_oci_reader *rd, const struct bt_oci_at *at, void *object)
{
	const struct bt_oci_io_priority *prio = object;

	if (prio->priority < 0 || prio->priority > 7)
		return bt_oci_read_fail_in(rd, at, "priority", "must be between 0 and 7");
	return 0;
}

static const struct bt_oci_field io_priority_fields[] = {
	BT_OCI_ROW_REQUIRED("class", struct bt_oci_io_priority, class, read_io_class),
	BT_OCI_ROW("priority", struct bt_oci_io_priority, priority, bt_oci_read_int),
};
static const struct bt_oci_object io_priority_object =
	BT_OCI_OBJECT(io_priority_fields, struct bt_oci_io_priority,
		      offsetof(struct bt_oci_io_priority, set), check_io_priority);

/* One of the five sets. What is not known here joins `unknown`: a container made
 * for a newer kernel still starts, without what nobody could grant. */
static int read_caps(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		     const char *set, struct bt_oci_capabilities *caps, uint64_t *ret)
{
	const struct bt_oci_at in = { .up = at, .name = set };
	const json_t *list = json_object_get(value, set);
	struct bt_oci_strings names = { 0 };
	char **unknown;
	int r;

	if (!list || json_is_null(list))
		return 0;
	r = bt_oci_read_strs(rd, &in, list, &names);
	if (r < 0)
		return r;
	unknown = bt_arena_alloc(rd->arena, (caps->unknown.n + names.n + 1) * sizeof(*unknown));
	if (!unknown)
		return bt_oci_read_nomem(rd);
	if (caps->unknown.n > 0)
		memcpy(unknown, caps->unknown.v, caps->unknown.n * sizeof(*unknown));
	caps->unknown.v = unknown;
	for (size_t i = 0; i < names.n; i++) {
		int number = bt_capability_parse(names.v[i]);

		if (number >= 0)
			*ret |= 1ull << number;
		else
			unknown[caps->unknown.n++] = names.v[i];
	}
	return 0;
}

static int read_capabilities(struct bt_oci_reader *rd, const struct bt_oci_at *at,
			     const json_t *value, void *ret)
{
	struct bt_oci_capabilities *caps = ret;
	int r;

	if (!json_is_object(value))
		return bt_oci_read_fail(rd, at, "must be an object");
	caps->set = true;
	r = read_caps(rd, at, value, "bounding", caps, &caps->bounding);
	if (r == 0)
		r = read_caps(rd, at, value, "effective", caps, &caps->effective);
	if (r == 0)
		r = read_caps(rd, at, value, "permitted", caps, &caps->permitted);
	if (r == 0)
		r = read_caps(rd, at, value, "inheritable", caps, &caps->inheritable);
	if (r == 0)
		r = read_caps(rd, at, value, "ambient", caps, &caps->ambient);
	return r;
}

static int read_umask(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		      void *ret)
{
	const struct bt_oci_i64 *umask = ret;
	int r = bt_oci_read_opt_i64(rd, at, value, ret);

	if (r == 0 && (umask->value < 0 || umask->value > 0777))
		return bt_oci_read_fail(rd, at, "must be between 0 and 0777");
	return r;
}

static const struct bt_oci_field user_fields[] = {
	BT_OCI_ROW("uid", struct bt_oci_process, uid, bt_oci_read_u32),
	BT_OCI_ROW("gid", struct bt_oci_process, gid, bt_oci_read_u32),
	BT_OCI_ROW("umask", struct bt_oci_process, umask, read_umask),
	BT_OCI_ROW_SCALARS("additionalGids", struct bt_oci_process, additional_gids,
			   nadditional_gids, sizeof(uint32_t), bt_oci_read_u32),
};
static const struct bt_oci_object user_object =
	BT_OCI_OBJECT(user_fields, struct bt_oci_process, BT_OCI_NOWHERE, NULL);

static const struct bt_oci_field console_fields[] = {
	BT_OCI_ROW("height", struct bt_oci_process, console_height, bt_oci_read_u32),
	BT_OCI_ROW("width", struct bt_oci_process, console_width, bt_oci_read_u32),
};
static const struct bt_oci_object console_object =
	BT_OCI_OBJECT(console_fields, struct bt_oci_process, BT_OCI_NOWHERE, NULL);

/* Which processors there are is found out by exec; what is no list never will be one. */
static int read_cpus(struct bt_oci_reader *rd, const struct bt_oci_at *at, const json_t *value,
		     void *ret)
{
	const char *list = NULL;
	int r = bt_oci_read_str(rd, at, value, &list);

	if (r < 0)
		return r;
	if (list && list[strspn(list, "0123456789,- ")] != '\0')
		return bt_oci_read_fail(rd, at, "'%.64s' is not a list of processors", list);
	*(const char **)ret = list;
	return 0;
}

static const struct bt_oci_field affinity_fields[] = {
	BT_OCI_ROW("initial", struct bt_oci_process, cpu_affinity_initial, read_cpus),
	BT_OCI_ROW("final", struct bt_oci_process, cpu_affinity_final, read_cpus),
};
static const struct bt_oci_object affinity_object =
	BT_OCI_OBJECT(affinity_fields, struct bt_oci_process, BT_OCI_NOWHERE, NULL);

/* "Duplicated entries with the same type" are an error by config.md. */
static int check_rlimits(struct bt_oci_reader *rd, const struct bt_oci_at *at,
			 const struct bt_oci_process *process)
{
	for (size_t i = 0; i < process->nrlimits; i++)
		for (size_t k = 0; k < i; k++)
			if (process->rlimits[i].type == process->rlimits[k].type)
				return bt_oci_read_fail_in(
					rd, at, "rlimits",
					"entries %zu and %zu are of the same type", k, i);
	return 0;
}

static int check_process(struct bt_oci_reader *rd, const struct bt_oci_at *at, void *object)
{
	const struct bt_oci_process *process = object;
	int64_t score = process->oom_score_adj.value;

	if (process->args.n == 0)
		return bt_oci_read_fail_in(rd, at, "args", "is required and not empty");
	if (process->oom_score_adj.set && (score < -OOM_SCORE_MAX || score > OOM_SCORE_MAX))
		return bt_oci_read_fail_in(rd, at, "oomScoreAdj", "must be between %d and %d",
					   -OOM_SCORE_MAX, OOM_SCORE_MAX);
	return check_rlimits(rd, at, process);
}

static const struct bt_oci_field process_fields[] = {
	BT_OCI_ROW("terminal", struct bt_oci_process, terminal, bt_oci_read_bool),
	BT_OCI_ROW_INLINE("consoleSize", &console_object),
	BT_OCI_ROW_INLINE("user", &user_object),
	BT_OCI_ROW_REQUIRED("cwd", struct bt_oci_process, cwd, bt_oci_read_path),
	BT_OCI_ROW("env", struct bt_oci_process, env, bt_oci_read_strs),
	BT_OCI_ROW("args", struct bt_oci_process, args, bt_oci_read_strs),
	BT_OCI_ROW("capabilities", struct bt_oci_process, capabilities, read_capabilities),
	BT_OCI_ROW_LIST("rlimits", struct bt_oci_process, rlimits, nrlimits, &rlimit_object),
	BT_OCI_ROW("noNewPrivileges", struct bt_oci_process, no_new_privileges, bt_oci_read_bool),
	BT_OCI_ROW("apparmorProfile", struct bt_oci_process, apparmor_profile, bt_oci_read_str),
	BT_OCI_ROW("selinuxLabel", struct bt_oci_process, selinux_label, bt_oci_read_str),
	BT_OCI_ROW("oomScoreAdj", struct bt_oci_process, oom_score_adj, bt_oci_read_opt_i64),
	BT_OCI_ROW_OBJECT("scheduler", struct bt_oci_process, scheduler, &scheduler_object),
	BT_OCI_ROW_OBJECT("ioPriority", struct bt_oci_process, io_priority, &io_priority_object),
	BT_OCI_ROW_INLINE("execCPUAffinity", &affinity_object),
};
const struct bt_oci_object bt_oci_process_object = BT_OCI_OBJECT(
	process_fields, struct bt_oci_process, offsetof(struct bt_oci_process, set), check_process);
