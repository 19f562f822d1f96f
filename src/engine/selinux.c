/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "engine/selinux_mcs.h"

#define FILE_MAX     (64u << 10)
#define DEFAULT_TYPE "targeted"

bool bt_selinux_enabled(const char *fs)
{
	struct statfs st;

	return statfs(fs ? fs : "/sys/fs/selinux", &st) == 0 &&
	       (unsigned long)st.f_type == SELINUX_MAGIC;
}

/* SELINUXTYPE of <etc>/config: which of the policies there is loaded. Owned. */
static char *policy_type(const char *etc)
{
	bt_auto_free char *path = bt_str_format("%s/config", etc), *text = NULL;

	if (path && bt_io_read_file(AT_FDCWD, path, FILE_MAX, &text, NULL) == 0)
		for (const char *line = text; *line;
		     line += strcspn(line, "\n"), line += *line == '\n') {
			const char *value = bt_str_after(line, "SELINUXTYPE=");
			size_t len = value ? strcspn(value, " \t\r\n") : 0;

			if (len > 0 && !memchr(value, '/', len))
				return strndup(value, len);
		}
	return strdup(DEFAULT_TYPE);
}

static bool read_contexts(const char *path, struct bt_selinux *s)
{
	bt_auto_free char *text = NULL;

	if (bt_io_read_file(AT_FDCWD, path, FILE_MAX, &text, NULL) < 0 ||
	    !bt_selinux_context_find(text, "process", s->process) ||
	    !bt_selinux_context_find(text, "file", s->file))
		return false;
	if (!bt_selinux_context_find(text, "ro_file", s->layers))
		memcpy(s->layers, s->file, sizeof(s->layers));
	return true;
}

int bt_selinux_contexts(const struct bt_selinux_places *places, struct bt_selinux *ret)
{
	const char *etc = places->etc ? places->etc : "/etc/selinux";
	const char *shared =
		places->shared ? places->shared : "/usr/share/containers/selinux/contexts";
	bt_auto_free char *type = policy_type(etc);
	bt_auto_free char *path =
		type ? bt_str_format("%s/%s/contexts/lxc_contexts", etc, type) : NULL;

	if (!path)
		return -ENOMEM;
	if (read_contexts(shared, ret) || read_contexts(path, ret))
		return 0;
	strcpy(ret->process, "system_u:system_r:container_t:s0");
	strcpy(ret->file, "system_u:object_r:container_file_t:s0");
	strcpy(ret->layers, "system_u:object_r:container_ro_file_t:s0");
	return 0;
}

/* selinuxfs takes a context written to its file "context" if the policy has it. */
static int check(const char *fs, const char *label, struct bt_err *err)
{
	bt_auto_free char *path = bt_str_format("%s/context", fs ? fs : "/sys/fs/selinux");
	bt_auto_close int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0 || write(fd, label, strlen(label)) >= 0 || errno != EINVAL)
		return 0;
	return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, EOPNOTSUPP,
			  "the policy in force does not know %s: its module for containers is not "
			  "loaded (Fedora: container-selinux, the reference policy: container)",
			  label);
}

static int fill(const struct bt_selinux_places *places, struct bt_selinux *s, struct bt_err *err)
{
	int r = bt_selinux_contexts(places, s);

	if (r < 0)
		return bt_err_sys(err, r, "read SELinux's contexts");
	s->mcs = bt_selinux_mcs_create();
	if (!s->mcs)
		return bt_err_sys(err, -ENOMEM, "keep SELinux's categories");
	r = check(places->fs, s->process, err);
	if (r == 0)
		r = check(places->fs, s->file, err);
	return r < 0 ? r : check(places->fs, s->layers, err);
}

int bt_selinux_open(const struct bt_selinux_places *places, struct bt_selinux **ret,
		    struct bt_err *err)
{
	struct bt_selinux *s;
	int r;

	if (!bt_selinux_enabled(places->fs))
		return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, EOPNOTSUPP,
				  "this host does not have SELinux, or it is off");
	s = calloc(1, sizeof(*s));
	if (!s)
		return bt_err_sys(err, -ENOMEM, "read SELinux's contexts");
	r = fill(places, s, err);
	if (r < 0) {
		bt_selinux_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void bt_selinux_close(struct bt_selinux *selinux)
{
	if (selinux)
		bt_selinux_mcs_destroy(selinux->mcs);
	free(selinux);
}
