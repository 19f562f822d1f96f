/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/mount_options.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

enum action {
	ATTR,     /* set (or with `off` clear) attribute bits of the mount */
	REC_ATTR, /* of it and all below */
	PROPAGATION,
	REC_PROPAGATION,
	BIND,
	RBIND,
	REMOUNT,
	TMPCOPYUP,
	IDMAP,
	RIDMAP,
	SUPER,   /* a superblock flag: goes to the file system as it is */
	NOTHING, /* what a mount is anyway */
};

struct word {
	const char *name;
	enum action action;
	uint64_t bits;
	bool off;
};

/* relatime is what the kernel does when nothing else is said: its bits are 0, and
 * "norelatime" or "nostrictatime" mean it too. */
static const struct word words[] = {
	{ "ro", ATTR, MOUNT_ATTR_RDONLY, false },
	{ "rw", ATTR, MOUNT_ATTR_RDONLY, true },
	{ "nosuid", ATTR, MOUNT_ATTR_NOSUID, false },
	{ "suid", ATTR, MOUNT_ATTR_NOSUID, true },
	{ "nodev", ATTR, MOUNT_ATTR_NODEV, false },
	{ "dev", ATTR, MOUNT_ATTR_NODEV, true },
	{ "noexec", ATTR, MOUNT_ATTR_NOEXEC, false },
	{ "exec", ATTR, MOUNT_ATTR_NOEXEC, true },
	{ "nodiratime", ATTR, MOUNT_ATTR_NODIRATIME, false },
	{ "diratime", ATTR, MOUNT_ATTR_NODIRATIME, true },
	{ "nosymfollow", ATTR, MOUNT_ATTR_NOSYMFOLLOW, false },
	{ "symfollow", ATTR, MOUNT_ATTR_NOSYMFOLLOW, true },
	{ "relatime", ATTR, MOUNT_ATTR__ATIME | MOUNT_ATTR_RELATIME, false },
	{ "norelatime", ATTR, MOUNT_ATTR__ATIME | MOUNT_ATTR_RELATIME, true },
	{ "noatime", ATTR, MOUNT_ATTR_NOATIME, false },
	{ "atime", ATTR, MOUNT_ATTR__ATIME, true },
	{ "strictatime", ATTR, MOUNT_ATTR_STRICTATIME, false },
	{ "nostrictatime", ATTR, MOUNT_ATTR__ATIME, true },
	{ "rro", REC_ATTR, MOUNT_ATTR_RDONLY, false },
	{ "rrw", REC_ATTR, MOUNT_ATTR_RDONLY, true },
	{ "rnosuid", REC_ATTR, MOUNT_ATTR_NOSUID, false },
	{ "rsuid", REC_ATTR, MOUNT_ATTR_NOSUID, true },
	{ "rnodev", REC_ATTR, MOUNT_ATTR_NODEV, false },
	{ "rdev", REC_ATTR, MOUNT_ATTR_NODEV, true },
	{ "rnoexec", REC_ATTR, MOUNT_ATTR_NOEXEC, false },
	{ "rexec", REC_ATTR, MOUNT_ATTR_NOEXEC, true },
	{ "rnodiratime", REC_ATTR, MOUNT_ATTR_NODIRATIME, false },
	{ "rdiratime", REC_ATTR, MOUNT_ATTR_NODIRATIME, true },
	{ "rnosymfollow", REC_ATTR, MOUNT_ATTR_NOSYMFOLLOW, false },
	{ "rsymfollow", REC_ATTR, MOUNT_ATTR_NOSYMFOLLOW, true },
	{ "rrelatime", REC_ATTR, MOUNT_ATTR__ATIME | MOUNT_ATTR_RELATIME, false },
	{ "rnorelatime", REC_ATTR, MOUNT_ATTR__ATIME | MOUNT_ATTR_RELATIME, true },
	{ "rnoatime", REC_ATTR, MOUNT_ATTR_NOATIME, false },
	{ "ratime", REC_ATTR, MOUNT_ATTR__ATIME, true },
	{ "rstrictatime", REC_ATTR, MOUNT_ATTR_STRICTATIME, false },
	{ "rnostrictatime", REC_ATTR, MOUNT_ATTR__ATIME, true },
	{ "private", PROPAGATION, MS_PRIVATE, false },
	{ "shared", PROPAGATION, MS_SHARED, false },
	{ "slave", PROPAGATION, MS_SLAVE, false },
	{ "unbindable", PROPAGATION, MS_UNBINDABLE, false },
	{ "rprivate", REC_PROPAGATION, MS_PRIVATE, false },
	{ "rshared", REC_PROPAGATION, MS_SHARED, false },
	{ "rslave", REC_PROPAGATION, MS_SLAVE, false },
	{ "runbindable", REC_PROPAGATION, MS_UNBINDABLE, false },
	{ "bind", BIND, 0, false },
	{ "rbind", RBIND, 0, false },
	{ "remount", REMOUNT, 0, false },
	{ "tmpcopyup", TMPCOPYUP, 0, false },
	{ "idmap", IDMAP, 0, false },
	{ "ridmap", RIDMAP, 0, false },
	{ "sync", SUPER, 0, false },
	{ "async", SUPER, 0, false },
	{ "dirsync", SUPER, 0, false },
	{ "lazytime", SUPER, 0, false },
	{ "nolazytime", SUPER, 0, false },
	{ "mand", SUPER, 0, false },
	{ "nomand", SUPER, 0, false },
	{ "iversion", NOTHING, 0, false },
	{ "noiversion", NOTHING, 0, false },
	{ "silent", NOTHING, 0, false },
	{ "loud", NOTHING, 0, false },
	{ "defaults", NOTHING, 0, false },
};

static const struct word *find(const char *name)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	}
	return NULL;
}

/* Later words win over earlier ones. mount_setattr(2) wants the whole time field
 * cleared where any of its values is set. */
static void change_attr(const struct word *word, uint64_t *set, uint64_t *clear)
{
	uint64_t bits = word->bits;
	bool time = bits == MOUNT_ATTR_NOATIME || bits == MOUNT_ATTR_STRICTATIME ||
		    (bits & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME;

	if (time) {
		*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
		*clear |= MOUNT_ATTR__ATIME;
		if ((bits & MOUNT_ATTR__ATIME) != MOUNT_ATTR__ATIME)
			*set |= bits;
	} else if (word->off) {
		*set &= ~bits;
		*clear |= bits;
	} else {
		*set |= bits;
		*clear &= ~bits;
	}
}

static void apply(const struct word *word, const char *text, struct bt_mount_options *o)
{
	switch (word->action) {
	case ATTR:
		change_attr(word, &o->set, &o->clear);
		if (word->bits == MOUNT_ATTR_RDONLY)
			o->read_only = !word->off;
		return;
	case REC_ATTR:
		change_attr(word, &o->rec_set, &o->rec_clear);
		return;
	case PROPAGATION:
		o->propagation = word->bits;
		return;
	case REC_PROPAGATION:
		o->rec_propagation = word->bits;
		return;
	case BIND:
	case RBIND:
		o->bind = true;
		o->recursive |= word->action == RBIND;
		return;
	case REMOUNT:
		o->remount = true;
		return;
	case TMPCOPYUP:
		o->tmpcopyup = true;
		return;
	case IDMAP:
	case RIDMAP:
		o->idmap = true;
		o->idmap_recursive |= word->action == RIDMAP;
		return;
	case SUPER:
		o->data[o->ndata++] = text;
		return;
	case NOTHING:
		return;
	}
}

int bt_mount_options_parse(const struct bt_oci_mount *mount, struct bt_arena *arena,
			   struct bt_mount_options *ret, struct bt_err *err)
{
	struct bt_mount_options o = { 0 };

	o.data = bt_arena_alloc(arena, (mount->options.n + 1) * sizeof(*o.data));
	if (o.data == NULL)
		return bt_err_sys(err, -ENOMEM, "mount %s", mount->destination);
	for (size_t i = 0; i < mount->options.n; i++) {
		const char *text = mount->options.v[i];
		const struct word *word = find(text);

		if (word != NULL)
			apply(word, text, &o);
		else
			o.data[o.ndata++] = text;
	}
	if (mount->type != NULL && strcmp(mount->type, "bind") == 0)
		o.bind = true;
	if (o.tmpcopyup && (mount->type == NULL || strcmp(mount->type, "tmpfs") != 0))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "mounts[%s].options: tmpcopyup is only for tmpfs",
				  mount->destination);
	if (o.idmap && !o.bind)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "mounts[%s].options: idmap is only for bind mounts",
				  mount->destination);
	*ret = o;
	return 0;
}

int bt_mount_options_propagation(const char *name, uint64_t *ret, bool *ret_recursive)
{
	const struct word *word = find(name);

	if (word == NULL || (word->action != PROPAGATION && word->action != REC_PROPAGATION))
		return -EINVAL;
	*ret = word->bits;
	*ret_recursive = word->action == REC_PROPAGATION;
	return 0;
}

const char *const *bt_mount_options_known(void)
{
	static const char *names[sizeof(words) / sizeof(words[0]) + 1];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		names[i] = words[i].name;
	return names;
}
