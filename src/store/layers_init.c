/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "store/layers_priv.h"
#include "sys/inroot.h"

#define INIT "init"
/* What a creation that was cut short leaves is removed by the next one, or with the layer. */
#define UNFINISHED "init-new"

static const struct place {
	const char *path;
	mode_t type;
} places[] = {
	{ "dev", S_IFDIR },          { "proc", S_IFDIR },      { "sys", S_IFDIR },
	{ "etc/hostname", S_IFREG }, { "etc/hosts", S_IFREG }, { "etc/resolv.conf", S_IFREG },
};

/* The directory of the topmost layer, of which `lowers` has ".../diff"; owned. */
static char *top_of(const struct bt_layers_lowers *lowers)
{
	const char *top = lowers->paths[0];

	return strndup(top, strlen(top) - strlen("/diff"));
}

/* What is there stays as it is, whatever it is: the runtime judges it at each start. Returns
 * whether something was made, or -errno. */
static int make_places(int root)
{
	int made = 0;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		bt_auto_close int fd = -EBADF;
		int r = bt_inroot_open(root, places[i].path, O_PATH | O_NOFOLLOW, 0, &fd);

		if (r == -ENOENT) {
			r = bt_inroot_make(root, places[i].path, places[i].type, &fd);
			made = 1;
		}
		if (r < 0 && r != -ENOTDIR && r != -ELOOP)
			return r;
	}
	return made;
}

static int make_below(struct bt_layers *layers, const struct bt_layers_lowers *lowers, int dir,
		      const char *path)
{
	bt_auto_free char *upper = bt_str_format("%s/diff", path);
	bt_auto_free char *work = bt_str_format("%s/work", path);
	bt_auto_free char *links = bt_str_format("%s/" BT_LAYERS_LINKS, layers->root);
	bt_auto_close int root = -EBADF;
	int r;

	if (!upper || !work || !links)
		return -ENOMEM;
	if (mkdirat(dir, "diff", 0755) < 0 || mkdirat(dir, "work", 0700) < 0)
		return -errno;
	root = bt_overlay_mount(&(struct bt_overlay){ .lowers = (const char *const *)lowers->paths,
						      .lowers_len = lowers->len,
						      .upper = upper,
						      .work = work,
						      .scratch = links });
	if (root < 0)
		return root;
	r = make_places(root);
	bt_close(&root);
	if (r == 0)
		r = bt_io_remove_tree(dir, "diff");
	return r < 0 ? r : bt_io_remove_tree(dir, "work");
}

static int make(struct bt_layers *layers, const struct bt_layers_lowers *lowers, int top,
		const char *top_path)
{
	bt_auto_free char *path = bt_str_format("%s/" UNFINISHED, top_path);
	bt_auto_close int dir = -EBADF;
	int r;

	if (!path)
		return -ENOMEM;
	r = bt_io_remove_tree(top, UNFINISHED);
	if (r < 0 && r != -ENOENT)
		return r;
	if (mkdirat(top, UNFINISHED, 0710) < 0)
		return -errno;
	dir = openat(top, UNFINISHED, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	r = make_below(layers, lowers, dir, path);
	if (r == 0 && renameat(top, UNFINISHED, top, INIT) < 0)
		r = -errno;
	if (r < 0)
		bt_discard(bt_io_remove_tree(top, UNFINISHED));
	return r;
}

int bt_layers_init_make_(struct bt_layers *layers, const struct bt_layers_lowers *lowers)
{
	bt_auto_free char *path = NULL;
	bt_auto_close int top = -EBADF;
	int r;

	if (lowers->len == 0)
		return 0;
	path = top_of(lowers);
	top = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (top < 0)
		return path ? -errno : -ENOMEM;
	if (faccessat(top, INIT, F_OK, 0) == 0)
		return 0;
	pthread_mutex_lock(&layers->init_lock);
	r = faccessat(top, INIT, F_OK, 0) == 0 ? 0 : make(layers, lowers, top, path);
	pthread_mutex_unlock(&layers->init_lock);
	return r;
}

int bt_layers_init_add_(struct bt_layers_lowers *lowers)
{
	bt_auto_free char *top = NULL, *path = NULL;

	if (lowers->len == 0 || lowers->len == BT_OVERLAY_LOWERS_MAX)
		return 0;
	top = top_of(lowers);
	path = top ? bt_str_format("%s/" INIT "/diff", top) : NULL;
	if (!path)
		return -ENOMEM;
	if (access(path, F_OK) < 0)
		return 0;
	memmove(lowers->paths + 1, lowers->paths, lowers->len * sizeof(lowers->paths[0]));
	lowers->paths[0] = bt_take(path);
	lowers->len++;
	return 0;
}
