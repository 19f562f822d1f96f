/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/masks.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "runtime/mount_label.h"
#include "runtime/devices.h"
#include "sys/inroot.h"
#include "sys/mnt.h"

/* What covers files and directories: opened when first needed. */
struct covers {
	int null;  /* O_PATH of the null device */
	int empty; /* the tmpfs, attached where it was needed first */
};

static void covers_done(struct covers *covers)
{
	bt_close(&covers->null);
	bt_close(&covers->empty);
}

static int cover_file(struct covers *covers, int root, int target, struct bt_err *err)
{
	bt_auto_close int clone = -EBADF;
	int r = covers->null >= 0 ? 0 : bt_devices_open_null(root, &covers->null, err);

	if (r < 0)
		return r;
	r = bt_mnt_clone(covers->null, "", false, &clone);
	if (r == 0)
		r = bt_mnt_attach(clone, target);
	return r < 0 ? bt_err_sys(err, r, "linux.maskedPaths: bind /dev/null") : 0;
}

static int cover_directory(const struct bt_plan *plan, struct covers *covers, int target,
			   struct bt_err *err)
{
	char label[BT_MOUNT_LABEL_LEN];
	const char *const options[] = { "nr_blocks=1", "nr_inodes=1",
					bt_mount_label_option(plan, "tmpfs", label) };
	const struct bt_mnt_fs fs = { .type = "tmpfs",
				      .options = options,
				      .noptions = options[2] != NULL ? 3 : 2,
				      .read_only = true };
	bt_auto_close int clone = -EBADF;
	int r;

	if (covers->empty >= 0) {
		r = bt_mnt_clone(covers->empty, "", false, &clone);
		if (r == 0)
			r = bt_mnt_attach(clone, target);
	} else {
		r = bt_mnt_create(&fs, NULL, &covers->empty);
		if (r == 0)
			r = bt_mnt_attach(covers->empty, target);
	}
	return r < 0 ? bt_err_sys(err, r, "linux.maskedPaths: cover a directory") : 0;
}

static int mask(const struct bt_plan *plan, struct covers *covers, int root, const char *path,
		struct bt_err *err)
{
	bt_auto_close int target = -EBADF;
	struct stat st;
	int r = bt_inroot_open(root, path, O_PATH, 0, &target);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return bt_err_sys(err, r, "linux.maskedPaths: %s", path);
	if (fstat(target, &st) < 0)
		return bt_err_sys(err, -errno, "linux.maskedPaths: stat %s", path);
	r = S_ISDIR(st.st_mode) ? cover_directory(plan, covers, target, err)
				: cover_file(covers, root, target, err);
	return r < 0 ? bt_err_context(err, "%s", path) : 0;
}

static int protect(int root, const char *path, struct bt_err *err)
{
	const struct bt_mnt_change read_only = { .recursive = true, .set = MOUNT_ATTR_RDONLY };
	bt_auto_close int target = -EBADF, clone = -EBADF;
	int r = bt_inroot_open(root, path, O_PATH, 0, &target);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == 0)
		r = bt_mnt_clone(target, "", true, &clone);
	if (r == 0)
		r = bt_mnt_attach_changed(clone, target, "", &read_only);
	return r < 0 ? bt_err_sys(err, r, "linux.readonlyPaths: %s", path) : 0;
}

int bt_masks_apply(const struct bt_plan *plan, int root, struct bt_err *err)
{
	const struct bt_oci_linux *l = &plan->spec->linux_;
	bt_auto(covers_done) struct covers covers = { .null = -EBADF, .empty = -EBADF };
	int r = 0;

	for (size_t i = 0; i < l->readonly_paths.n && r == 0; i++)
		r = protect(root, l->readonly_paths.v[i], err);
	for (size_t i = 0; i < l->masked_paths.n && r == 0; i++)
		r = mask(plan, &covers, root, l->masked_paths.v[i], err);
	return r;
}
