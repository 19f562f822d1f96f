/* SPDX-License-Identifier: Apache-2.0 */

/* exec of the OCI command line. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "codec/capability.h"
#include "runtime/launch.h"
#include "runtime/oci_cli.h"
#include "runtime/oci_console.h"
#include "runtime/state.h"

/* runc's code where the process could not be started, so that it is not taken for
 * the process' own. */
#define FAILED 255
/* The kernel takes 65536; nobody types more. */
#define LIST_MAX 256

struct exec_flags {
	const char *console_socket, *pid_file, *process, *cwd, *user, *label, *apparmor;
	bool tty, detach, no_new_privs, ignore_paused;
	char *env[LIST_MAX];
	size_t nenv;
	uint32_t gids[LIST_MAX];
	size_t ngids;
	char *cgroups[LIST_MAX];
	size_t ncgroups;
	uint64_t caps;
	int preserve_fds;
};

enum {
	CONSOLE = 256,
	CWD,
	PID_FILE,
	LABEL,
	APPARMOR,
	NO_NEW_PRIVS,
	PRESERVE,
	CGROUP,
	PAUSED
};

static int take_number_flag(int flag, struct exec_flags *f, struct bt_err *err)
{
	long long n;
	int r;

	if (flag == PRESERVE) {
		r = bt_oci_cli_number("--preserve-fds", optarg, 0, 1000, &n, err);
		if (r == 0)
			f->preserve_fds = (int)n;
		return r;
	}
	r = bt_oci_cli_number("--additional-gids", optarg, 0, UINT32_MAX - 1, &n, err);
	if (r == 0 && f->ngids == LIST_MAX)
		return bt_err_set(err, BT_ERR_INVALID, E2BIG, "--additional-gids: too many");
	if (r == 0)
		f->gids[f->ngids++] = (uint32_t)n;
	return r;
}

static int take_cap(struct exec_flags *f, struct bt_err *err)
{
	int cap = bt_capability_parse_lenient(optarg);

	if (cap < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "--cap: \"%s\" is not a capability",
				  optarg);
	f->caps |= UINT64_C(1) << cap;
	return 0;
}

static int take_flag(int flag, struct exec_flags *f, struct bt_err *err)
{
	switch (flag) {
	case CONSOLE:
		f->console_socket = *optarg != '\0' ? optarg : NULL;
		return 0;
	case CWD:
		f->cwd = optarg;
		return 0;
	case PID_FILE:
		f->pid_file = *optarg != '\0' ? optarg : NULL;
		return 0;
	case LABEL:
		f->label = optarg;
		return 0;
	case APPARMOR:
		f->apparmor = optarg;
		return 0;
	case NO_NEW_PRIVS:
		f->no_new_privs = true;
		return 0;
	case PAUSED:
		f->ignore_paused = true;
		return 0;
	case 'e':
		if (f->nenv == LIST_MAX)
			return bt_err_set(err, BT_ERR_INVALID, E2BIG, "--env: too many");
		f->env[f->nenv++] = optarg;
		return 0;
	case 't':
		f->tty = true;
		return 0;
	case 'u':
		f->user = optarg;
		return 0;
	case 'p':
		f->process = optarg;
		return 0;
	case 'd':
		f->detach = true;
		return 0;
	case 'c':
		return take_cap(f, err);
	case 'g':
	case PRESERVE:
		return take_number_flag(flag, f, err);
	case CGROUP:
		if (f->ncgroups == LIST_MAX)
			return bt_err_set(err, BT_ERR_INVALID, E2BIG, "--cgroup: too many");
		f->cgroups[f->ncgroups++] = optarg;
		return 0;
	default:
		return -EINVAL;
	}
}

static int take_flags(int argc, char **argv, struct exec_flags *f, struct bt_err *err)
{
	static const struct option flags[] = {
		{ "console-socket", required_argument, NULL, CONSOLE },
		{ "cwd", required_argument, NULL, CWD },
		{ "env", required_argument, NULL, 'e' },
		{ "tty", no_argument, NULL, 't' },
		{ "user", required_argument, NULL, 'u' },
		{ "additional-gids", required_argument, NULL, 'g' },
		{ "process", required_argument, NULL, 'p' },
		{ "detach", no_argument, NULL, 'd' },
		{ "pid-file", required_argument, NULL, PID_FILE },
		{ "process-label", required_argument, NULL, LABEL },
		{ "apparmor", required_argument, NULL, APPARMOR },
		{ "no-new-privs", no_argument, NULL, NO_NEW_PRIVS },
		{ "cap", required_argument, NULL, 'c' },
		{ "preserve-fds", required_argument, NULL, PRESERVE },
		{ "cgroup", required_argument, NULL, CGROUP },
		{ "ignore-paused", no_argument, NULL, PAUSED },
		{ "no-subreaper", no_argument, NULL, 'n' },
		{ 0 },
	};
	int flag;

	while ((flag = bt_oci_cli_flag(argc, argv, "+e:tu:g:p:dc:", flags, err)) != -1) {
		int r = flag == 'n' ? 0 : take_flag(flag, f, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_user(const char *text, struct bt_oci_process *p, struct bt_err *err)
{
	const char *colon = strchr(text, ':');
	bt_auto_free char *uid =
		colon != NULL ? strndup(text, (size_t)(colon - text)) : strdup(text);
	long long n;
	int r;

	if (uid == NULL)
		return bt_err_sys(err, -ENOMEM, "--user");
	r = bt_oci_cli_number("--user", uid, 0, UINT32_MAX - 1, &n, err);
	if (r < 0)
		return r;
	p->uid = (uint32_t)n;
	p->gid = 0;
	if (colon == NULL)
		return 0;
	r = bt_oci_cli_number("--user", colon + 1, 0, UINT32_MAX - 1, &n, err);
	if (r == 0)
		p->gid = (uint32_t)n;
	return r;
}

static int read_process(const char *path, struct bt_state *state, struct bt_oci_process *ret,
			struct bt_err *err)
{
	bt_auto_free char *text = NULL;
	size_t len;
	int r = bt_io_read_file(AT_FDCWD, path, BT_OCI_SPEC_TEXT_MAX, &text, &len);

	if (r < 0)
		return bt_err_sys(err, r, "--process: read %s", path);
	return bt_oci_process_parse(text, len, &state->arena, ret, err);
}

/* The container's own process, changed by the flags. */
static int change_process(struct bt_state *state, struct exec_flags *f, char **args, int nargs,
			  struct bt_oci_process *p, struct bt_err *err)
{
	struct bt_oci_strings *env = &p->env;
	char **all = bt_arena_alloc(&state->arena, (env->n + f->nenv + 1) * sizeof(*all));
	int r;

	if (all == NULL)
		return bt_err_sys(err, -ENOMEM, "exec");
	if (env->n > 0)
		memcpy(all, env->v, env->n * sizeof(*all));
	memcpy(all + env->n, f->env, f->nenv * sizeof(*all));
	*env = (struct bt_oci_strings){ .v = all, .n = env->n + f->nenv };
	p->args = (struct bt_oci_strings){ .v = args, .n = (size_t)nargs };
	p->terminal = f->tty;
	p->console_height = p->console_width = 0;
	p->no_new_privileges |= f->no_new_privs;
	if (f->cwd != NULL)
		p->cwd = f->cwd;
	if (f->label != NULL)
		p->selinux_label = f->label;
	if (f->apparmor != NULL)
		p->apparmor_profile = f->apparmor;
	p->capabilities.bounding |= f->caps;
	p->capabilities.effective |= f->caps;
	p->capabilities.permitted |= f->caps;
	if (f->ngids > 0) {
		p->additional_gids = f->gids;
		p->nadditional_gids = f->ngids;
	}
	if (f->user == NULL)
		return 0;
	r = parse_user(f->user, p, err);
	return r;
}

static int make_process(struct bt_state *state, struct exec_flags *f, int argc, char **argv,
			struct bt_oci_process *ret, struct bt_err *err)
{
	if (f->process != NULL) {
		int r = read_process(f->process, state, ret, err);

		if (r == 0 && f->tty)
			ret->terminal = true;
		return r;
	}
	if (argc - optind < 2)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "exec: process args cannot be empty");
	*ret = state->spec.process;
	return change_process(state, f, argv + optind + 1, argc - optind - 1, ret, err);
}

static int check_status(const struct bt_state *state, const struct exec_flags *f,
			struct bt_err *err)
{
	enum bt_state_status status;
	int r = bt_state_status(state, &status, err);

	if (r < 0)
		return r;
	if (status == BT_STATE_STOPPED)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH,
				  "cannot exec in a stopped container");
	if (status == BT_STATE_PAUSED && !f->ignore_paused)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "cannot exec in a paused container (use --ignore-paused to "
				  "override)");
	return 0;
}

static int write_pid(const char *path, pid_t pid, struct bt_err *err)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)pid), r;

	if (path == NULL)
		return 0;
	r = bt_io_create_file(AT_FDCWD, path, 0644, text, (size_t)n);
	return r < 0 ? bt_err_sys(err, r, "write %s", path) : 0;
}

static int after_start(const struct bt_oci_cli *cli, const struct exec_flags *f,
		       struct bt_launch *launch, int *ret_code, struct bt_err *err)
{
	int r = 0;

	if (launch->warning[0] != '\0')
		bt_oci_cli_warn(cli, launch->warning);
	if (launch->console_fd >= 0 && f->console_socket != NULL) {
		r = bt_oci_console_send(f->console_socket, launch->console_fd, err);
		bt_close(&launch->console_fd);
	}
	if (r == 0)
		r = write_pid(f->pid_file, launch->pid, err);
	if (r < 0) {
		(void)kill(launch->pid, SIGKILL);
		return r;
	}
	if (f->detach) {
		*ret_code = 0;
		return 0;
	}
	r = bt_oci_console_attend(launch->pid, launch->console_fd, &BT_OCI_NOTIFY_NONE, err);
	if (r >= 0)
		*ret_code = r;
	else
		/* An error says that nothing was run. */
		(void)kill(launch->pid, SIGKILL);
	return r < 0 ? r : 0;
}

static int exec(const struct bt_oci_cli *cli, struct bt_state *state, struct exec_flags *f,
		const struct bt_oci_process *process, int *ret_code, struct bt_err *err)
{
	const struct bt_launch_exec req = {
		.target = state->pid,
		.process = process,
		.spec = &state->spec,
		.id = state->id,
		.stdio = { 0, 1, 2 },
		.preserve_fds = f->preserve_fds,
		.no_pivot = state->no_pivot,
		.no_new_keyring = state->no_new_keyring,
		.systemd_cgroup = state->systemd_cgroup,
		.rootless = state->rootless,
		.sub_cgroups = { .v = f->cgroups, .n = f->ncgroups },
	};
	struct bt_launch launch = { 0 };
	int r;

	if (process->terminal && f->detach && f->console_socket == NULL)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "--tty: detached, it needs --console-socket");
	r = bt_launch_exec(&req, &launch, err);
	if (r < 0)
		return bt_err_context(err, "exec failed: unable to start container process");
	r = after_start(cli, f, &launch, ret_code, err);
	bt_launch_done(&launch);
	return r;
}

int bt_oci_exec(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
		struct bt_err *err)
{
	static struct exec_flags f;
	bt_auto_state struct bt_state state = { 0 };
	struct bt_oci_process process;
	int r = take_flags(argc, argv, &f, err);

	*ret_code = FAILED;
	if (r == 0)
		r = bt_oci_cli_count(argv[0], argc - optind, 1, argc, err);
	if (r == 0)
		r = bt_state_load(cli->root, argv[optind], &state, err);
	if (r == 0)
		r = check_status(&state, &f, err);
	if (r == 0)
		r = make_process(&state, &f, argc, argv, &process, err);
	return r < 0 ? r : exec(cli, &state, &f, &process, ret_code, err);
}
