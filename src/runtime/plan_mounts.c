/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/plan_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/path.h"
#include "runtime/idmap.h"
#include "sys/mnt.h"

static int kind_of(const struct bt_plan_mount *m, enum bt_plan_mount_kind *ret, struct bt_err *err)
{
	const char *type = m->mount->type;

	if (m->options.remount)
		*ret = BT_PLAN_REMOUNT;
	else if (m->options.bind)
		*ret = BT_PLAN_BIND;
	else if (type == NULL)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "mounts[%s].type: missing, and the options say nothing of bind",
				  m->mount->destination);
	else if (strcmp(type, "cgroup") == 0 || strcmp(type, "cgroup2") == 0)
		*ret = BT_PLAN_CGROUP;
	else
		*ret = BT_PLAN_FS;
	return 0;
}

static int clone_source(const struct bt_plan *plan, struct bt_plan_mount *m, struct bt_err *err)
{
	const char *source = m->mount->source;
	bt_auto_free char *joined = NULL;
	struct stat st;
	int r;

	if (source == NULL || *source == '\0')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "mounts[%s].source: missing",
				  m->mount->destination);
	if (*source != '/' && plan->req->bundle != NULL) {
		joined = bt_path_join(plan->req->bundle, source);
		if (joined == NULL)
			return bt_err_sys(err, -ENOMEM, "mount %s", m->mount->destination);
		source = joined;
	}
	r = bt_mnt_clone(AT_FDCWD, source, m->options.recursive, &m->source_fd);
	if (r < 0)
		return bt_err_sys(err, r, "error mounting \"%s\" to rootfs at \"%s\"", source,
				  m->mount->destination);
	if (fstat(m->source_fd, &st) < 0)
		return bt_err_sys(err, -errno, "stat %s", source);
	m->source_is_dir = S_ISDIR(st.st_mode);
	return 0;
}

/* What the mount inherits unless its options say otherwise follows the root, as
 * if the host's tree had been given the root's propagation before it was cloned. */
int bt_plan_mounts_change(const struct bt_plan *plan, const struct bt_plan_mount *m)
{
	const struct bt_mount_options *o = &m->options;
	struct bt_mnt_change all = { .recursive = true,
				     .set = o->rec_set,
				     .clear = o->rec_clear,
				     .propagation = o->rec_propagation };
	struct bt_mnt_change one = { .set = o->set,
				     .clear = o->clear,
				     .propagation = o->propagation };
	int r;

	if (all.propagation == 0 && one.propagation == 0 && plan->root_propagation != MS_SHARED)
		all.propagation = plan->root_propagation == MS_PRIVATE ? MS_PRIVATE : MS_SLAVE;
	r = bt_mnt_apply(m->source_fd, &all);
	return r < 0 ? r : bt_mnt_apply(m->source_fd, &one);
}

/* A user namespace with the container's maps: the one that it joins, or one made for its mounts. */
static int container_maps(struct bt_plan *plan, int *ret, struct bt_err *err)
{
	const struct bt_oci_linux *l = &plan->spec->linux_;
	int r = 0;

	*ret = -EBADF;
	for (size_t i = 0; i < plan->njoins; i++)
		if (plan->joins[i].type == CLONE_NEWUSER)
			*ret = plan->joins[i].fd;
	if (*ret >= 0)
		return 0;
	if (plan->map_userns < 0)
		r = bt_idmap_namespace(l->uid_mappings, l->nuid_mappings, l->gid_mappings,
				       l->ngid_mappings, &plan->map_userns, err);
	*ret = plan->map_userns;
	return r;
}

/* The maps of an id-mapped mount: its own, or those of the container. */
static int map_source(struct bt_plan *plan, const struct bt_plan_mount *m, struct bt_err *err)
{
	const struct bt_oci_linux *l = &plan->spec->linux_;
	const struct bt_oci_mount *mount = m->mount;
	bool own = mount->nuid_mappings > 0;
	struct bt_mnt_change change = { .recursive = m->options.idmap_recursive,
					.set = MOUNT_ATTR_IDMAP };
	bt_auto_close int userns = -EBADF;
	int r;

	if (!m->options.idmap && !own)
		return 0;
	if (!own && l->nuid_mappings == 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "mounts[%s].uidMappings: missing, and the container has none",
				  mount->destination);
	if (own)
		r = bt_idmap_namespace(mount->uid_mappings, mount->nuid_mappings,
				       mount->gid_mappings, mount->ngid_mappings, &userns, err);
	else
		r = container_maps(plan, &change.userns_fd, err);
	if (r < 0)
		return bt_err_context(err, "mounts[%s].uidMappings", mount->destination);
	if (own)
		change.userns_fd = userns;
	r = bt_mnt_apply(m->source_fd, &change);
	if (r == -EINVAL)
		return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, EINVAL,
				  "mounts[%s].uidMappings: the file system of %s does not take "
				  "id-mapped mounts",
				  mount->destination, mount->source);
	return r < 0 ? bt_err_sys(err, r, "mounts[%s].uidMappings: id-map the mount",
				  mount->destination)
		     : 0;
}

static int prepare_bind(struct bt_plan *plan, struct bt_plan_mount *m, struct bt_err *err)
{
	int r;

	if (m->options.ndata > 0)
		bt_plan_warn(plan->warning, "mounts[%s].options: %s means nothing to a bind mount",
			     m->mount->destination, m->options.data[0]);
	r = clone_source(plan, m, err);
	if (r < 0)
		return r;
	r = map_source(plan, m, err);
	if (r < 0)
		return r;
	r = bt_plan_mounts_change(plan, m);
	m->late = r == -ENOSYS;
	return r < 0 && !m->late ? bt_err_sys(err, r, "mounts[%s].options", m->mount->destination)
				 : 0;
}

static int make_one(struct bt_plan *plan, const struct bt_oci_mount *mount, struct bt_plan_mount *m,
		    struct bt_err *err)
{
	int r;

	m->mount = mount;
	r = bt_mount_options_parse(mount, &plan->arena, &m->options, err);
	if (r == 0)
		r = kind_of(m, &m->kind, err);
	if (r == 0 && m->kind == BT_PLAN_BIND)
		r = prepare_bind(plan, m, err);
	return r;
}

int bt_plan_mounts_make(struct bt_plan *plan, struct bt_err *err)
{
	const struct bt_oci_spec *spec = plan->spec;

	if (spec->nmounts == 0)
		return 0;
	plan->mounts = bt_arena_alloc(&plan->arena, spec->nmounts * sizeof(*plan->mounts));
	if (plan->mounts == NULL)
		return bt_err_sys(err, -ENOMEM, "mounts");
	for (size_t i = 0; i < spec->nmounts; i++) {
		struct bt_plan_mount *m = &plan->mounts[plan->nmounts++];
		int r;

		m->source_fd = -EBADF;
		r = make_one(plan, &spec->mounts[i], m, err);
		if (r < 0)
			return r;
	}
	return 0;
}
