/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/oci_exec_flags.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "codec/capability.h"
#include "runtime/oci_cli.h"

#define LIST_MAX BT_OCI_EXEC_FLAGS_MAX

enum {
	CONSOLE = 256,
	CWD,
	PID_FILE,
	PIDFD_SOCKET,
	LABEL,
	APPARMOR,
	NO_NEW_PRIVS,
	PRESERVE,
	CGROUP,
	PAUSED,
	SUBREAPER,
};

static const struct option longs[] = {
	{ "console-socket", required_argument, NULL, CONSOLE },
	{ "cwd", required_argument, NULL, CWD },
	{ "env", required_argument, NULL, 'e' },
	{ "tty", no_argument, NULL, 't' },
	{ "user", required_argument, NULL, 'u' },
	{ "additional-gids", required_argument, NULL, 'g' },
	{ "process", required_argument, NULL, 'p' },
	{ "detach", no_argument, NULL, 'd' },
	{ "pid-file", required_argument, NULL, PID_FILE },
	{ "pidfd-socket", required_argument, NULL, PIDFD_SOCKET },
	{ "process-label", required_argument, NULL, LABEL },
	{ "apparmor", required_argument, NULL, APPARMOR },
	{ "no-new-privs", no_argument, NULL, NO_NEW_PRIVS },
	{ "cap", required_argument, NULL, 'c' },
	{ "preserve-fds", required_argument, NULL, PRESERVE },
	{ "cgroup", required_argument, NULL, CGROUP },
	{ "ignore-paused", no_argument, NULL, PAUSED },
	{ "no-subreaper", no_argument, NULL, SUBREAPER },
	{ 0 },
};

/* Where a flag goes that is a text, or NULL. */
static const char **text_of(struct bt_oci_exec_flags *f, int flag)
{
	switch (flag) {
	case CONSOLE:
		return &f->console_socket;
	case CWD:
		return &f->cwd;
	case PID_FILE:
		return &f->pid_file;
	case PIDFD_SOCKET:
		return &f->pidfd_socket;
	case LABEL:
		return &f->label;
	case APPARMOR:
		return &f->apparmor;
	case 'u':
		return &f->user;
	case 'p':
		return &f->process;
	default:
		return NULL;
	}
}

/* Where a flag goes that has no value, or NULL. */
static bool *switch_of(struct bt_oci_exec_flags *f, int flag)
{
	switch (flag) {
	case 't':
		return &f->tty;
	case 'd':
		return &f->detach;
	case NO_NEW_PRIVS:
		return &f->no_new_privs;
	case PAUSED:
		return &f->ignore_paused;
	default:
		return NULL;
	}
}

static int add_text(const char *flag, char **list, size_t *n, struct bt_err *err)
{
	if (*n == LIST_MAX)
		return bt_err_set(err, BT_ERR_INVALID, E2BIG, "%s: too many", flag);
	list[(*n)++] = optarg;
	return 0;
}

static int add_gid(struct bt_oci_exec_flags *f, struct bt_err *err)
{
	long long n;
	int r = bt_oci_cli_number("--additional-gids", optarg, 0, UINT32_MAX - 1, &n, err);

	if (r == 0 && f->ngids == LIST_MAX)
		return bt_err_set(err, BT_ERR_INVALID, E2BIG, "--additional-gids: too many");
	if (r == 0)
		f->gids[f->ngids++] = (uint32_t)n;
	return r;
}

static int set_preserve(struct bt_oci_exec_flags *f, struct bt_err *err)
{
	long long n;
	int r = bt_oci_cli_number("--preserve-fds", optarg, 0, 1000, &n, err);

	if (r == 0)
		f->preserve_fds = (int)n;
	return r;
}

static int add_cap(struct bt_oci_exec_flags *f, struct bt_err *err)
{
	int cap = bt_capability_parse_lenient(optarg);

	if (cap < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "--cap: \"%s\" is not a capability",
				  optarg);
	f->caps |= UINT64_C(1) << cap;
	return 0;
}

static int take_flag(int flag, struct bt_oci_exec_flags *f, struct bt_err *err)
{
	const char **text = text_of(f, flag);
	bool *on = switch_of(f, flag);

	if (text != NULL)
		*text = optarg;
	if (on != NULL)
		*on = true;
	if (text != NULL || on != NULL)
		return 0;
	switch (flag) {
	case 'e':
		return add_text("--env", f->env, &f->nenv, err);
	case CGROUP:
		return add_text("--cgroup", f->cgroups, &f->ncgroups, err);
	case 'c':
		return add_cap(f, err);
	case 'g':
		return add_gid(f, err);
	case PRESERVE:
		return set_preserve(f, err);
	case SUBREAPER:
		return 0;
	default:
		return -EINVAL; /* and *err says which */
	}
}

/* Callers give some flags without a value where they have none. */
static void drop_empty(const char **text)
{
	if (*text != NULL && **text == '\0')
		*text = NULL;
}

int bt_oci_exec_flags_take(int argc, char **argv, struct bt_oci_exec_flags *ret, struct bt_err *err)
{
	int flag;

	while ((flag = bt_oci_cli_flag(argc, argv, "+e:tu:g:p:dc:", longs, err)) != -1) {
		int r = take_flag(flag, ret, err);

		if (r < 0)
			return r;
	}
	drop_empty(&ret->console_socket);
	drop_empty(&ret->pid_file);
	return 0;
}

int bt_oci_exec_flags_user(const char *text, uint32_t *ret_uid, uint32_t *ret_gid,
			   struct bt_err *err)
{
	const char *colon = strchr(text, ':');
	bt_auto_free char *name =
		colon != NULL ? strndup(text, (size_t)(colon - text)) : strdup(text);
	long long uid, gid = 0;
	int r;

	if (name == NULL)
		return bt_err_sys(err, -ENOMEM, "--user");
	r = bt_oci_cli_number("--user", name, 0, UINT32_MAX - 1, &uid, err);
	if (r == 0 && colon != NULL)
		r = bt_oci_cli_number("--user", colon + 1, 0, UINT32_MAX - 1, &gid, err);
	if (r < 0)
		return r;
	*ret_uid = (uint32_t)uid;
	*ret_gid = (uint32_t)gid;
	return 0;
}
