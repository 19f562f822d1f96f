/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/selinux_label.h"

#include <errno.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "engine/selinux_mcs.h"

/* Of files of containers that are not confined, as Docker has it. */
#define UNCONFINED_LEVEL "s0:c1022,c1023"

static const char *const parts[] = { "user", "role", "type", "level" };

bool bt_selinux_label_is_option(const char *text)
{
	size_t len = strcspn(text, ":");

	if (strcmp(text, "disable") == 0 || strcmp(text, "nested") == 0)
		return true;
	if (text[len] != ':' || text[len + 1] == '\0')
		return false;
	return bt_selinux_context_part(text, len) >= 0 || bt_str_after(text, "filetype:") != NULL;
}

const char *bt_selinux_label_of(const json_t *option)
{
	const char *text = json_string_value(option);
	const char *rest = bt_str_after(text, "label=");

	return rest ? rest : bt_str_after(text, "label:");
}

static int refuse(const char *option, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_NOT_IMPLEMENTED, ENOSYS,
			  "HostConfig.SecurityOpt label=%.100s: %s", option,
			  bt_selinux_enabled(NULL)
				  ? "SELinux is not switched on for this daemon (selinux-enabled)"
				  : "this host does not have SELinux");
}

/* Without SELinux. */
static int check_all(const json_t *options, struct bt_err *err)
{
	const json_t *option;
	size_t i;

	json_array_foreach (options, i, option) {
		const char *text = bt_selinux_label_of(option);

		if (text && strcmp(text, "disable") != 0)
			return refuse(text, err);
	}
	return 0;
}

/* A container's contexts while they are made. */
struct making {
	struct bt_selinux *selinux;
	struct bt_selinux_context process, mount;
	uint32_t pair; /* held */
};

static void making_done(struct making *m)
{
	bt_selinux_mcs_drop(m->selinux->mcs, m->pair);
}

/* A policy without levels has nothing that a pair could be put into. */
static int begin(struct making *m, struct bt_err *err)
{
	char level[BT_SELINUX_MCS_LEN];
	int r = bt_selinux_context_parse(m->selinux->process, &m->process);

	if (r == 0)
		r = bt_selinux_context_parse(m->selinux->file, &m->mount);
	if (r == 0 && m->process.part[BT_SELINUX_LEVEL][0])
		r = bt_selinux_mcs_take(m->selinux->mcs, &m->pair);
	if (r == 0 && m->pair) {
		bt_selinux_mcs_print(m->pair, level);
		r = bt_selinux_context_set(&m->process, BT_SELINUX_LEVEL, level);
		if (r == 0)
			r = bt_selinux_context_set(&m->mount, BT_SELINUX_LEVEL, level);
	}
	return r < 0 ? bt_err_sys(err, r, "make SELinux's labels") : 0;
}

/* A level that the user names may be another container's, too. */
static void change_pair(struct making *m, const char *level)
{
	bt_selinux_mcs_drop(m->selinux->mcs, m->pair);
	m->pair = bt_selinux_mcs_parse(level);
	bt_selinux_mcs_hold(m->selinux->mcs, m->pair);
}

static int bad(const char *option, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL,
			  "bad label option \"%.100s\", valid options 'disable' or 'user, role, "
			  "level, type, filetype' followed by ':' and a value",
			  option);
}

static int apply(struct making *m, const char *option, struct bt_err *err)
{
	const char *file_type = bt_str_after(option, "filetype:");
	size_t len = strcspn(option, ":");
	const char *value = option[len] ? option + len + 1 : "";
	int part, r;

	if (file_type)
		return bt_selinux_context_set(&m->mount, BT_SELINUX_TYPE, file_type) < 0
			       ? bad(option, err)
			       : 0;
	part = bt_selinux_context_part(option, len);
	if (part < 0 || value[0] == '\0')
		return bad(option, err);
	r = bt_selinux_context_set(&m->process, (enum bt_selinux_part)part, value);
	if (r == 0 && (part == BT_SELINUX_LEVEL || part == BT_SELINUX_USER))
		r = bt_selinux_context_set(&m->mount, (enum bt_selinux_part)part, value);
	if (r < 0)
		return bad(option, err);
	if (part == BT_SELINUX_LEVEL)
		change_pair(m, value);
	return 0;
}

static int disable(struct making *m, struct bt_selinux_labels *ret, struct bt_err *err)
{
	struct bt_selinux_labels labels = { 0 };
	int r = bt_selinux_context_parse(m->selinux->file, &m->mount);

	if (r == 0 && m->mount.part[BT_SELINUX_LEVEL][0])
		r = bt_selinux_context_set(&m->mount, BT_SELINUX_LEVEL, UNCONFINED_LEVEL);
	if (r == 0)
		r = bt_selinux_context_print(&m->mount, labels.mount);
	if (r < 0)
		return bt_err_sys(err, r, "make SELinux's labels");
	*ret = labels;
	return 0;
}

static int make(struct bt_selinux *selinux, const json_t *options, struct bt_selinux_labels *ret,
		struct bt_err *err)
{
	bt_auto(making_done) struct making m = { .selinux = selinux };
	struct bt_selinux_labels labels = { 0 };
	const json_t *option;
	size_t i;
	int r = begin(&m, err);

	json_array_foreach (options, i, option) {
		const char *text = bt_selinux_label_of(option);

		if (r < 0 || !text)
			continue;
		if (strcmp(text, "disable") == 0)
			return disable(&m, ret, err);
		r = apply(&m, text, err);
	}
	if (r < 0)
		return r;
	if (bt_selinux_context_print(&m.process, labels.process) < 0 ||
	    bt_selinux_context_print(&m.mount, labels.mount) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "the label is too long");
	labels.pair = m.pair;
	m.pair = 0;
	*ret = labels;
	return 0;
}

int bt_selinux_label_make(struct bt_selinux *selinux, const json_t *options,
			  struct bt_selinux_labels *ret, struct bt_err *err)
{
	*ret = (struct bt_selinux_labels){ 0 };
	return selinux ? make(selinux, options, ret, err) : check_all(options, err);
}

int bt_selinux_label_same(const char *process, json_t *options)
{
	struct bt_selinux_context context;

	if (process[0] == '\0')
		return 0;
	if (bt_selinux_context_parse(process, &context) < 0)
		return -EINVAL;
	for (int part = 0; part < BT_SELINUX_PARTS; part++)
		if (context.part[part][0] &&
		    json_array_append_new(options, json_sprintf("label=%s:%s", parts[part],
								context.part[part])) < 0)
			return -ENOMEM;
	return 0;
}
