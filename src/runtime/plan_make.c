/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/plan_make.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "runtime/hooks.h"
#include "runtime/plan_mounts.h"
#include "runtime/mount_label.h"
#include "runtime/plan_process.h"
#include "runtime/sysctls.h"
#include "sys/caps.h"
#include "sys/clone.h"
#include "sys/mnt.h"
#include "sys/userns.h"

static bool wants_time_offsets(const struct bt_oci_spec *spec)
{
	return spec->linux_.boottime.set || spec->linux_.monotonic.set;
}

static int plan_join(struct bt_plan *plan, int type, const char *path, struct bt_err *err)
{
	const char *name = bt_clone_namespace_name(type);
	bt_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return bt_err_sys(err, -errno, "linux.namespaces: open %s namespace %s", name,
				  path);
	if (ioctl(fd, NS_GET_NSTYPE) != type)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "linux.namespaces: %s is not a %s namespace", path, name);
	plan->joins[plan->njoins++] = (struct bt_plan_join){ .type = type, .fd = bt_take_fd(&fd) };
	return 0;
}

/* Over a network that was made before the container, only the user namespace that it belongs to
 * has power: the container lives in that one, where it is not the host's. */
static int plan_userns_of_net(struct bt_plan *plan, struct bt_err *err)
{
	bt_auto_close int owner = -EBADF;
	int r = bt_userns_of(plan->req->netns_fd, &owner);

	if (r < 0)
		return bt_err_sys(err, r, "find the user namespace of the network namespace");
	if (owner >= 0)
		plan->joins[plan->njoins++] =
			(struct bt_plan_join){ .type = CLONE_NEWUSER, .fd = bt_take_fd(&owner) };
	else
		plan->clone_flags |= CLONE_NEWUSER;
	return 0;
}

static int plan_namespace(struct bt_plan *plan, const struct bt_oci_namespace *ns,
			  struct bt_err *err)
{
	if (ns->type == CLONE_NEWNET && plan->req->netns_fd >= 0) {
		plan->joins[plan->njoins++] = (struct bt_plan_join){ .type = CLONE_NEWNET,
								     .fd = plan->req->netns_fd,
								     .borrowed = true };
		return 0;
	}
	if (ns->path != NULL)
		return plan_join(plan, ns->type, ns->path, err);
	if (ns->type == CLONE_NEWUSER && plan->req->netns_fd >= 0)
		return plan_userns_of_net(plan, err);
	/* A time namespace takes offsets only until a process lives in it. */
	if (ns->type == CLONE_NEWTIME && wants_time_offsets(plan->spec))
		plan->unshare_flags |= CLONE_NEWTIME;
	else
		plan->clone_flags |= (uint64_t)ns->type;
	return 0;
}

static int check_namespaces(const struct bt_plan *plan, struct bt_err *err)
{
	const struct bt_oci_linux *l = &plan->spec->linux_;

	if (!(plan->clone_flags & CLONE_NEWNS))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "linux.namespaces: a new mount namespace is needed");
	if (l->nuid_mappings > 0 && !bt_oci_spec_namespace(plan->spec, CLONE_NEWUSER))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "linux.uidMappings: there is no user namespace to map");
	if ((plan->clone_flags & CLONE_NEWUSER) && (l->nuid_mappings == 0 || l->ngid_mappings == 0))
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"linux.uidMappings: a new user namespace needs uid and gid mappings");
	if (plan->spec->hostname != NULL && !bt_oci_spec_namespace(plan->spec, CLONE_NEWUTS))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "hostname: cannot be set without a UTS namespace");
	if (wants_time_offsets(plan->spec) && !(plan->unshare_flags & CLONE_NEWTIME))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "linux.timeOffsets: a new time namespace is needed");
	return 0;
}

static int plan_namespaces(struct bt_plan *plan, struct bt_err *err)
{
	const struct bt_oci_linux *l = &plan->spec->linux_;
	uint64_t seen = 0;

	for (size_t i = 0; i < l->nnamespaces; i++) {
		const struct bt_oci_namespace *ns = &l->namespaces[i];
		int r;

		if (seen & (uint64_t)ns->type)
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "linux.namespaces: %s is listed twice",
					  bt_clone_namespace_name(ns->type));
		seen |= (uint64_t)ns->type;
		r = plan_namespace(plan, ns, err);
		if (r < 0)
			return r;
	}
	/* The caller's network counts also where the specification names none. */
	if (plan->req->netns_fd >= 0 && !(seen & CLONE_NEWNET))
		plan->joins[plan->njoins++] = (struct bt_plan_join){ .type = CLONE_NEWNET,
								     .fd = plan->req->netns_fd,
								     .borrowed = true };
	return check_namespaces(plan, err);
}

static int plan_propagation(struct bt_plan *plan, struct bt_err *err)
{
	const char *word = plan->spec->linux_.rootfs_propagation;

	/* Without a wish: mounts made on the host later still arrive, nothing goes back. */
	plan->root_propagation = MS_SLAVE;
	plan->root_propagation_recursive = true;
	if (word == NULL || *word == '\0')
		return 0;
	plan->root_propagation_given = true;
	if (bt_mount_options_propagation(word, &plan->root_propagation,
					 &plan->root_propagation_recursive) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "linux.rootfsPropagation: %s is not a kind of propagation", word);
	return 0;
}

/* root.path, from the bundle where it is relative. */
static int name_root(struct bt_plan *plan, const char **ret, struct bt_err *err)
{
	const char *bundle = plan->req->bundle != NULL ? plan->req->bundle : ".";
	const char *root = plan->spec->root_path;
	bt_auto_free char *joined = NULL;

	if (root == NULL || *root == '\0')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "root.path: missing");
	joined = *root != '/' ? bt_path_join(bundle, root) : strdup(root);
	*ret = joined != NULL ? bt_arena_strdup(&plan->arena, joined) : NULL;
	return *ret == NULL ? bt_err_sys(err, -ENOMEM, "root.path") : 0;
}

/* Tools of hooks read root.path in the bundle's config.json, and look for the container there. A
 * shared root stays where it cannot be seen by the host's peers of that place. */
static int place_root(struct bt_plan *plan, struct bt_err *err)
{
	if (plan->spec->hooks.create_container.n == 0 || plan->req->bundle == NULL ||
	    plan->root_propagation == MS_SHARED)
		return 0;
	return name_root(plan, &plan->root_place, err);
}

static int clone_bundle_root(struct bt_plan *plan, struct bt_err *err)
{
	const char *root;
	struct stat st;
	int r = name_root(plan, &root, err);

	if (r < 0)
		return r;
	r = bt_mnt_clone(AT_FDCWD, root, true, &plan->rootfs_fd);
	if (r < 0)
		return bt_err_sys(err, r, "root.path: clone %s", root);
	if (fstat(plan->rootfs_fd, &st) < 0 || !S_ISDIR(st.st_mode))
		return bt_err_set(err, BT_ERR_INVALID, ENOTDIR, "root.path: %s is not a directory",
				  root);
	return 0;
}

/* The caller keeps its mount for the next start, so the container gets a clone. */
static int clone_detached_root(struct bt_plan *plan, struct bt_err *err)
{
	int r = bt_mnt_clone(plan->req->rootfs_fd, "", true, &plan->rootfs_fd);

	/* Before Linux 6.15 only what is attached can be cloned: the init does that. */
	if (r == -EINVAL) {
		plan->root_used_up = true;
		plan->rootfs_fd = fcntl(plan->req->rootfs_fd, F_DUPFD_CLOEXEC, 3);
		r = plan->rootfs_fd < 0 ? -errno : 0;
	}
	return r < 0 ? bt_err_sys(err, r, "clone the root file system") : 0;
}

static int plan_rootfs(struct bt_plan *plan, struct bt_err *err)
{
	const struct bt_mnt_change change = bt_plan_root_change(plan);
	int r;

	if (plan->req->rootfs_fd >= 0)
		r = clone_detached_root(plan, err);
	else
		r = clone_bundle_root(plan, err);
	if (r == 0)
		r = place_root(plan, err);
	if (r < 0)
		return r;
	r = bt_mnt_apply(plan->rootfs_fd, &change);
	plan->root_late = r == -ENOSYS;
	return r < 0 && !plan->root_late
		       ? bt_err_sys(err, r, "set the propagation of the root file system")
		       : 0;
}

static int fill(struct bt_plan *plan, struct bt_err *err)
{
	uint64_t available;
	int r = bt_plan_process_check_label(plan->spec->linux_.mount_label, "linux.mountLabel",
					    err);

	if (r == 0)
		r = bt_mount_label_check(plan->spec->linux_.mount_label, err);
	if (r == 0)
		r = plan_namespaces(plan, err);
	/* In another user namespace every set is full again. */
	available = bt_plan_has_userns(plan) ? UINT64_MAX : bt_caps_bounding();
	if (r == 0)
		r = bt_sysctls_check(plan, err);
	if (r == 0)
		r = plan_propagation(plan, err);
	if (r == 0)
		r = plan_rootfs(plan, err);
	if (r == 0)
		r = bt_plan_mounts_make(plan, err);
	if (r == 0)
		r = bt_plan_process_make(&plan->spec->process, &plan->req->seccomp,
					 &plan->spec->linux_.seccomp, available, &plan->arena,
					 &plan->process, plan->warning, err);
	if (r == 0)
		r = bt_hooks_state(plan->spec, plan->req->id, plan->req->bundle, &plan->arena,
				   &plan->hook_state, err);
	return r;
}

int bt_plan_make(const struct bt_launch_request *req, struct bt_plan *ret, struct bt_err *err)
{
	bt_auto_plan struct bt_plan plan = {
		.req = req, .spec = req->spec, .rootfs_fd = -EBADF, .map_userns = -EBADF
	};
	int r = fill(&plan, err);

	if (r < 0)
		return r;
	plan.process.preserve_fds = req->preserve_fds;
	plan.process.new_keyring = !req->no_new_keyring;
	plan.process.keyring_name = req->id;
	memcpy(plan.process.stdio, req->stdio, sizeof(plan.process.stdio));
	*ret = bt_take_struct(plan);
	plan.rootfs_fd = plan.map_userns = -EBADF;
	return 0;
}

void bt_plan_done(struct bt_plan *plan)
{
	for (size_t i = 0; i < plan->njoins; i++) {
		if (!plan->joins[i].borrowed)
			bt_close(&plan->joins[i].fd);
	}
	for (size_t i = 0; i < plan->nmounts; i++)
		bt_close(&plan->mounts[i].source_fd);
	bt_close(&plan->rootfs_fd);
	bt_close(&plan->map_userns);
	bt_cgroup_done(&plan->cgroup);
	bt_plan_process_done(&plan->process);
	bt_arena_done(&plan->arena);
	*plan = (struct bt_plan){ .rootfs_fd = -EBADF, .map_userns = -EBADF };
}
