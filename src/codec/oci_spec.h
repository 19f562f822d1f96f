/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CODEC_OCI_SPEC_H
#define BT_CODEC_OCI_SPEC_H

/*
 * The OCI runtime specification, 1.0 to 1.3: config.json as C structs.
 *
 * Everything hangs in the caller's arena; strings and arrays are never freed one
 * by one. Absent and null mean the same: NULL, an empty list, `set` false, 0.
 * Unknown members are ignored, as spec.md wants ("extensibility"); members for
 * other systems (solaris, windows, vm, zos, freebsd) are unknown here.
 *
 * The parser checks form: types, ranges, known names of enumerations, required
 * members. What depends on the host (does the file exist, can the kernel do it)
 * is the runtime's to find out. Errors name the field by its path:
 * "linux.resources.memory.limit: must be an integer".
 *
 * Memory: the JSON tree lives in a scratch arena that is unmapped before the
 * parser returns, so a monitor's heap is as it was before. That redirects the
 * JSON library's allocator for the calling thread meanwhile (codec/json.h says
 * when that is safe).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"

/** Larger texts are refused: a specification has tens of kilobytes. */
#define BT_OCI_SPEC_TEXT_MAX (4u << 20)

/** An optional number; `value` means something only where `set`. */
struct bt_oci_i64 {
	int64_t value;
	bool set;
};
struct bt_oci_u64 {
	uint64_t value;
	bool set;
};

/** A list of strings; `v` has `n` entries and a NULL behind them, or is NULL where n is 0. */
struct bt_oci_strings {
	char **v;
	size_t n;
};

/** One member of an object of strings (annotations, sysctl, unified). */
struct bt_oci_pair {
	const char *key, *value;
};
struct bt_oci_pairs {
	const struct bt_oci_pair *v;
	size_t n;
};

/* ---- process -------------------------------------------------------------- */

struct bt_oci_rlimit {
	int type; /* RLIMIT_* of setrlimit(2) */
	uint64_t soft, hard;
};

/** Sets of capabilities, bit 1 << CAP_*. Names that this build does not know are left out
 * and listed in `unknown`. */
struct bt_oci_capabilities {
	bool set;
	uint64_t bounding, effective, permitted, inheritable, ambient;
	struct bt_oci_strings unknown;
};

/** As sched_setattr(2) takes it. */
struct bt_oci_scheduler {
	bool set;
	uint32_t policy; /* SCHED_* */
	int32_t nice;
	uint32_t priority;
	uint64_t flags;                     /* SCHED_FLAG_* */
	uint64_t runtime, deadline, period; /* nanoseconds */
};

struct bt_oci_io_priority {
	bool set;
	int class; /* IOPRIO_CLASS_*: 1 RT, 2 BE, 3 IDLE */
	int priority;
};

struct bt_oci_process {
	bool set; /* the object was there (it is not required before start) */
	bool terminal;
	uint32_t console_height, console_width; /* 0: not given */
	uint32_t uid, gid;
	struct bt_oci_i64 umask;
	const uint32_t *additional_gids;
	size_t nadditional_gids;
	const char *cwd; /* absolute */
	struct bt_oci_strings env;
	struct bt_oci_strings args;
	struct bt_oci_capabilities capabilities;
	const struct bt_oci_rlimit *rlimits;
	size_t nrlimits;
	bool no_new_privileges;
	const char *apparmor_profile;
	const char *selinux_label;
	struct bt_oci_i64 oom_score_adj;
	struct bt_oci_scheduler scheduler;
	struct bt_oci_io_priority io_priority;
	const char *cpu_affinity_initial; /* execCPUAffinity, as "0-3,7" */
	const char *cpu_affinity_final;
};

/* ---- root, mounts, hooks ---------------------------------------------------- */

/** One extent of a user namespace's map, or of an id-mapped mount. */
struct bt_oci_id_map {
	uint32_t container_id, host_id, size;
};

struct bt_oci_mount {
	const char *destination; /* absolute */
	const char *type;        /* NULL where absent */
	const char *source;      /* NULL where absent */
	struct bt_oci_strings options;
	const struct bt_oci_id_map *uid_mappings;
	size_t nuid_mappings;
	const struct bt_oci_id_map *gid_mappings;
	size_t ngid_mappings;
};

struct bt_oci_hook {
	const char *path;           /* absolute */
	struct bt_oci_strings args; /* argv with argv[0]; may be empty */
	struct bt_oci_strings env;
	int timeout; /* seconds; 0: no limit */
};

struct bt_oci_hook_list {
	const struct bt_oci_hook *v;
	size_t n;
};

struct bt_oci_hooks {
	struct bt_oci_hook_list prestart, create_runtime, create_container;
	struct bt_oci_hook_list start_container, poststart, poststop;
};

/* ---- linux.resources -------------------------------------------------------- */

/** A rule for device nodes, in the order given; later ones win. */
struct bt_oci_device_rule {
	bool allow;
	char type;            /* 'a', 'b' or 'c' */
	int64_t major, minor; /* -1: all */
	uint8_t access;       /* BT_OCI_ACCESS_* */
};
#define BT_OCI_ACCESS_READ  1u
#define BT_OCI_ACCESS_WRITE 2u
#define BT_OCI_ACCESS_MKNOD 4u

struct bt_oci_memory {
	struct bt_oci_i64 limit, reservation, swap, kernel, kernel_tcp;
	struct bt_oci_u64 swappiness;
	bool disable_oom_killer;
	bool use_hierarchy;
	bool check_before_update;
};

struct bt_oci_cpu {
	struct bt_oci_u64 shares;
	struct bt_oci_i64 quota;
	struct bt_oci_u64 burst, period;
	struct bt_oci_i64 realtime_runtime;
	struct bt_oci_u64 realtime_period;
	const char *cpus, *mems;
	struct bt_oci_i64 idle;
};

struct bt_oci_blkio_device {
	int64_t major, minor;
	struct bt_oci_u64 weight, leaf_weight; /* of weightDevice */
	uint64_t rate;                         /* of the throttles */
};

struct bt_oci_blkio_list {
	const struct bt_oci_blkio_device *v;
	size_t n;
};

struct bt_oci_blkio {
	struct bt_oci_u64 weight, leaf_weight;
	struct bt_oci_blkio_list weight_device;
	struct bt_oci_blkio_list read_bps, write_bps, read_iops, write_iops;
};

struct bt_oci_hugepage_limit {
	const char *page_size; /* "2MB" */
	uint64_t limit;
};

struct bt_oci_net_priority {
	const char *name; /* of the interface */
	uint32_t priority;
};

struct bt_oci_rdma {
	const char *device;
	struct bt_oci_u64 hca_handles, hca_objects;
};

struct bt_oci_resources {
	bool set;
	const struct bt_oci_device_rule *devices;
	size_t ndevices;
	struct bt_oci_memory memory;
	struct bt_oci_cpu cpu;
	struct bt_oci_i64 pids_limit;
	struct bt_oci_blkio blkio;
	const struct bt_oci_hugepage_limit *hugepages;
	size_t nhugepages;
	struct bt_oci_u64 net_class_id;
	const struct bt_oci_net_priority *net_priorities;
	size_t nnet_priorities;
	const struct bt_oci_rdma *rdma;
	size_t nrdma;
	struct bt_oci_pairs unified;
};

/* ---- linux.seccomp ---------------------------------------------------------- */

enum bt_oci_seccomp_action {
	BT_OCI_SECCOMP_KILL_THREAD, /* SCMP_ACT_KILL and SCMP_ACT_KILL_THREAD */
	BT_OCI_SECCOMP_KILL_PROCESS,
	BT_OCI_SECCOMP_TRAP,
	BT_OCI_SECCOMP_ERRNO,
	BT_OCI_SECCOMP_TRACE,
	BT_OCI_SECCOMP_ALLOW,
	BT_OCI_SECCOMP_LOG,
	BT_OCI_SECCOMP_NOTIFY,
};

enum bt_oci_seccomp_op {
	BT_OCI_SECCOMP_NE,
	BT_OCI_SECCOMP_LT,
	BT_OCI_SECCOMP_LE,
	BT_OCI_SECCOMP_EQ,
	BT_OCI_SECCOMP_GE,
	BT_OCI_SECCOMP_GT,
	BT_OCI_SECCOMP_MASKED_EQ, /* (arg & value) == value_two */
};

struct bt_oci_seccomp_arg {
	unsigned index; /* 0 to 5 */
	enum bt_oci_seccomp_op op;
	uint64_t value, value_two;
};

struct bt_oci_seccomp_rule {
	struct bt_oci_strings names;
	enum bt_oci_seccomp_action action;
	struct bt_oci_u64 errno_ret;
	const struct bt_oci_seccomp_arg *args;
	size_t nargs;
};

struct bt_oci_seccomp {
	bool set;
	enum bt_oci_seccomp_action default_action;
	struct bt_oci_u64 default_errno_ret;
	struct bt_oci_strings architectures; /* "SCMP_ARCH_X86_64" …; empty: the native one */
	bool flags_set; /* without it runc's defaults hold (SECCOMP_FILTER_FLAG_SPEC_ALLOW …) */
	uint32_t flags; /* SECCOMP_FILTER_FLAG_* of seccomp(2) */
	const char *listener_path, *listener_metadata;
	const struct bt_oci_seccomp_rule *rules;
	size_t nrules;
};

/* ---- linux ------------------------------------------------------------------ */

struct bt_oci_namespace {
	int type;         /* CLONE_NEW* */
	const char *path; /* NULL: a new one */
};

struct bt_oci_device {
	char type; /* 'c' (also for "u"), 'b' or 'p' */
	const char *path;
	int64_t major, minor;
	struct bt_oci_u64 file_mode;
	uint32_t uid, gid;
	bool uid_set, gid_set;
};

struct bt_oci_time_offset {
	bool set;
	int64_t secs;
	uint32_t nanosecs;
};

struct bt_oci_intel_rdt {
	bool set;
	const char *clos_id, *l3_cache_schema, *mem_bw_schema;
	struct bt_oci_strings schemata;
	bool enable_cmt, enable_mbm, enable_monitoring;
};

struct bt_oci_personality {
	bool set;
	unsigned long domain;        /* PER_LINUX or PER_LINUX32 */
	struct bt_oci_strings flags; /* the specification defines none yet */
};

/** A network device to be moved into the container (1.3, linux.netDevices). */
struct bt_oci_net_device {
	const char *name;     /* in the runtime's namespace */
	const char *new_name; /* inside; NULL: the same */
};

/** NUMA memory policy (1.3, linux.memoryPolicy), as set_mempolicy(2) takes it. */
struct bt_oci_memory_policy {
	bool set;
	int mode;          /* MPOL_* */
	int mode_flags;    /* MPOL_F_* */
	const char *nodes; /* "0-3,7" */
};

struct bt_oci_linux {
	bool set;
	const struct bt_oci_namespace *namespaces;
	size_t nnamespaces;
	const struct bt_oci_id_map *uid_mappings;
	size_t nuid_mappings;
	const struct bt_oci_id_map *gid_mappings;
	size_t ngid_mappings;
	struct bt_oci_time_offset boottime, monotonic;
	const struct bt_oci_device *devices;
	size_t ndevices;
	const char *cgroups_path; /* NULL: the runtime's choice */
	struct bt_oci_resources resources;
	struct bt_oci_intel_rdt intel_rdt;
	struct bt_oci_memory_policy memory_policy;
	struct bt_oci_pairs sysctl;
	struct bt_oci_seccomp seccomp;
	const char *rootfs_propagation; /* "private", "rslave", …; NULL: the default */
	struct bt_oci_strings masked_paths, readonly_paths;
	const char *mount_label;
	struct bt_oci_personality personality;
	const struct bt_oci_net_device *net_devices;
	size_t nnet_devices;
};

/* ---- the whole -------------------------------------------------------------- */

struct bt_oci_spec {
	const char *version; /* ociVersion */
	struct bt_oci_process process;
	const char *root_path; /* as written; may be relative to the bundle. NULL: no root */
	bool root_readonly;
	const char *hostname, *domainname;
	const struct bt_oci_mount *mounts;
	size_t nmounts;
	struct bt_oci_hooks hooks;
	struct bt_oci_pairs annotations;
	struct bt_oci_linux linux_; /* gcc's GNU mode has a macro `linux` */
};

/**
 * Parse a whole config.json.
 *
 * @text:  `len` bytes, borrowed, not kept.
 * @arena: what *ret points into; after a failure it may hold remains.
 *
 * Returns 0; -EINVAL (kind INVALID) with the field's path in the message; -EFBIG
 * past BT_OCI_SPEC_TEXT_MAX; or -ENOMEM. *ret is written only on success.
 */
bt_nodiscard int bt_oci_spec_parse(const char *text, size_t len, struct bt_arena *arena,
				   struct bt_oci_spec *ret, struct bt_err *err);

/** The same for a lone process object, as `exec --process` and the monitor's "exec" bring
 * it. Paths in messages begin with "process". */
bt_nodiscard int bt_oci_process_parse(const char *text, size_t len, struct bt_arena *arena,
				      struct bt_oci_process *ret, struct bt_err *err);

/** The same for a lone linux.resources object, as `update --resources` brings it. */
bt_nodiscard int bt_oci_resources_parse(const char *text, size_t len, struct bt_arena *arena,
					struct bt_oci_resources *ret, struct bt_err *err);

/** The same for a lone linux.seccomp object: the daemon compiles filters ahead. */
bt_nodiscard int bt_oci_seccomp_parse(const char *text, size_t len, struct bt_arena *arena,
				      struct bt_oci_seccomp *ret, struct bt_err *err);

/** The namespace entry of `type` (CLONE_NEW*), borrowed, or NULL where none is listed. */
const struct bt_oci_namespace *bt_oci_spec_namespace(const struct bt_oci_spec *spec, int type);

/** The value of an annotation, borrowed, or NULL. */
const char *bt_oci_spec_annotation(const struct bt_oci_spec *spec, const char *key);

#endif
