/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/plan_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "codec/capability.h"
#include "runtime/environment.h"

#define FILESYSTEMS_MAX (64u << 10)

static int plan_env(const struct bt_oci_strings *env, struct bt_arena *arena,
		    struct bt_plan_process *p, struct bt_err *err)
{
	const char *home = bt_environment_get(env, "HOME");
	size_t n = 0;

	p->env = bt_arena_alloc(arena, (env->n + 2) * sizeof(*p->env));
	if (p->env == NULL || bt_environment_unique(env, p->env, &n) < 0)
		return bt_err_sys(err, -ENOMEM, "process.env");
	for (size_t i = 0; i < n; i++) {
		/* An empty HOME is no home: the one that replaces it must be the only one. */
		if (home != NULL && *home == '\0' && strncmp(p->env[i], "HOME=", 5) == 0)
			continue;
		p->env[p->env_len++] = p->env[i];
	}
	/* What is behind them is the duplicates' room. */
	p->env[p->env_len] = NULL;
	p->env[p->env_len + 1] = NULL;
	p->home_missing = home == NULL || *home == '\0';
	p->path_list = bt_environment_get(env, "PATH");
	if (p->path_list == NULL)
		p->path_list = BT_PLAN_DEFAULT_PATH;
	return 0;
}

static void warn_caps(uint64_t missing, char warning[BT_SYNC_WARNING_LEN])
{
	char names[BT_SYNC_WARNING_LEN] = "";
	size_t used = 0;

	for (int cap = 0; cap < BT_CAPABILITY_COUNT; cap++) {
		const char *name = bt_capability_name(cap);
		size_t len = name != NULL ? strlen(name) : 0;

		if ((missing & (UINT64_C(1) << cap)) == 0 || len == 0 ||
		    used + len + 2 > sizeof(names))
			continue;
		names[used] = ' ';
		memcpy(names + used + 1, name, len + 1);
		used += len + 1;
	}
	bt_plan_warn(warning, "capabilities that this machine does not have:%s", names);
}

/* What a set may hold is permitted or inheritable only within the bounding set, and
 * that only shrinks. */
static void cut_caps(struct bt_oci_capabilities *caps, uint64_t available,
		     char warning[BT_SYNC_WARNING_LEN])
{
	uint64_t wanted = caps->bounding | caps->effective | caps->permitted | caps->inheritable |
			  caps->ambient;

	if ((wanted & ~available) != 0)
		warn_caps(wanted & ~available, warning);
	caps->bounding &= available;
	caps->permitted &= available;
	caps->effective &= caps->permitted;
	caps->inheritable &= available;
	caps->ambient &= caps->permitted & caps->inheritable;
	if (caps->unknown.n > 0)
		bt_plan_warn(warning, "unknown capabilities are left out: %s%s", caps->unknown.v[0],
			     caps->unknown.n > 1 ? " …" : "");
}

static int plan_filter(const struct bt_launch_filter *filter, const struct bt_oci_seccomp *seccomp,
		       struct bt_plan_process *p, struct bt_err *err)
{
	int r;

	if (filter->insns != NULL) {
		p->filter = *filter;
		p->notify = (filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
	} else if (seccomp->set) {
		r = bt_seccomp_compile(seccomp, &p->compiled, err);
		if (r < 0)
			return r;
		p->filter = (struct bt_launch_filter){ .insns = p->compiled.insns,
						       .len = p->compiled.len,
						       .flags = p->compiled.flags };
		p->notify = p->compiled.notify;
	}
	if (p->notify && (seccomp->listener_path == NULL || *seccomp->listener_path == '\0'))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "linux.seccomp.listenerPath: needed for SCMP_ACT_NOTIFY");
	return 0;
}

void bt_plan_process_done(struct bt_plan_process *p)
{
	bt_seccomp_done(&p->compiled);
	p->filter = (struct bt_launch_filter){ 0 };
}

/* The module's file system is known to the kernel only where it was enabled at boot. */
static bool has_selinux(void)
{
	bt_auto_free char *text = NULL;

	return bt_io_read_file(AT_FDCWD, "/proc/filesystems", FILESYSTEMS_MAX, &text, NULL) == 0 &&
	       strstr(text, "\tselinuxfs\n") != NULL;
}

int bt_plan_process_check_label(const char *label, const char *field, struct bt_err *err)
{
	if (label == NULL || *label == '\0' || has_selinux())
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EOPNOTSUPP,
			  "%s: \"%s\" cannot be had: SELinux is disabled or not supported here",
			  field, label);
}

/* To setresuid(2) and its like the last number says "as it is": the program would keep root's. */
static int check_user(const struct bt_oci_process *process, struct bt_err *err)
{
	const char *field = NULL;

	if (process->uid == UINT32_MAX)
		field = "uid";
	else if (process->gid == UINT32_MAX)
		field = "gid";
	for (size_t i = 0; i < process->nadditional_gids && field == NULL; i++)
		field = process->additional_gids[i] == UINT32_MAX ? "additionalGids" : NULL;
	if (field == NULL)
		return 0;
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "process.user.%s: %u is nobody's, the kernel takes it for \"unchanged\"",
			  field, UINT32_MAX);
}

int bt_plan_process_make(const struct bt_oci_process *process,
			 const struct bt_launch_filter *filter,
			 const struct bt_oci_seccomp *seccomp, uint64_t available,
			 struct bt_arena *arena, struct bt_plan_process *ret,
			 char warning[BT_SYNC_WARNING_LEN], struct bt_err *err)
{
	struct bt_plan_process p = { .process = process, .caps = process->capabilities };
	int r;

	if (process->args.n == 0 || process->args.v[0][0] == '\0')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "process.args: must not be empty");
	r = check_user(process, err);
	if (r == 0)
		r = bt_plan_process_check_label(process->selinux_label, "process.selinuxLabel",
						err);
	if (r == 0)
		r = plan_env(&process->env, arena, &p, err);
	if (r < 0)
		return r;
	cut_caps(&p.caps, available, warning);
	r = plan_filter(filter, seccomp, &p, err);
	if (r == 0)
		*ret = p;
	return r;
}
