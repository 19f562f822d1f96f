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
#include "runtime/launch.h"
#include "runtime/oci_cli.h"
#include "runtime/oci_console.h"
#include "runtime/oci_exec_flags.h"
#include "runtime/state.h"

/* runc's code where the process could not be started, so that it is not taken for
 * the process' own. */
#define FAILED 255

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
static int change_process(struct bt_state *state, struct bt_oci_exec_flags *f, char **args,
			  int nargs, struct bt_oci_process *p, struct bt_err *err)
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
	r = bt_oci_exec_flags_user(f->user, &p->uid, &p->gid, err);
	return r;
}

static int make_process(struct bt_state *state, struct bt_oci_exec_flags *f, int argc, char **argv,
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

static int check_status(const struct bt_state *state, const struct bt_oci_exec_flags *f,
			struct bt_err *err)
{
	enum bt_state_status status;
	int r = bt_state_status(state, &status, err);

	if (r < 0)
		return r;
	if (status == BT_STATE_STOPPED)
		return bt_err_set(err, BT_ERR_CONFLICT, ESRCH,
				  "cannot exec in a stopped container");
	/* What stands for it is still in the host's namespaces, or has the host's root. */
	if (status == BT_STATE_CREATING)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "cannot exec in a container that is being created");
	if (status == BT_STATE_PAUSED && !f->ignore_paused)
		return bt_err_set(err, BT_ERR_CONFLICT, EBUSY,
				  "cannot exec in a paused container (use --ignore-paused to "
				  "override)");
	return 0;
}

static int after_start(const struct bt_oci_cli *cli, const struct bt_oci_exec_flags *f,
		       struct bt_launch *launch, int *ret_code, struct bt_err *err)
{
	int r = 0;

	if (launch->warning[0] != '\0')
		bt_oci_cli_warn(cli, launch->warning);
	if (launch->console_fd >= 0 && f->console_socket != NULL) {
		r = bt_oci_console_send(f->console_socket, launch->console_fd, err);
		bt_close(&launch->console_fd);
	}
	if (r == 0 && f->pidfd_socket != NULL)
		r = bt_oci_console_send_pidfd(f->pidfd_socket, "setns", launch->pidfd, err);
	if (r == 0)
		r = bt_oci_cli_write_pid(f->pid_file, launch->pid, err);
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

static int exec(const struct bt_oci_cli *cli, struct bt_state *state, struct bt_oci_exec_flags *f,
		const struct bt_oci_process *process, int *ret_code, struct bt_err *err)
{
	const struct bt_launch_exec req = {
		.target = state->pid,
		.target_start = state->start_time,
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
	int r = 0;

	if (process->terminal && f->detach && f->console_socket == NULL)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "--tty: detached, it needs --console-socket");
	if (!f->detach)
		r = bt_oci_console_hold(err);
	if (r < 0)
		return r;
	r = bt_launch_exec(&req, &launch, err);
	if (r < 0) {
		bt_ignore(bt_state_failed(state, err));
		return bt_err_context(err, "exec failed: unable to start container process");
	}
	r = after_start(cli, f, &launch, ret_code, err);
	bt_launch_done(&launch);
	return r;
}

int bt_oci_exec(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
		struct bt_err *err)
{
	static struct bt_oci_exec_flags f;
	bt_auto_state struct bt_state state = { 0 };
	struct bt_oci_process process;
	int r = bt_oci_exec_flags_take(argc, argv, &f, err);

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
