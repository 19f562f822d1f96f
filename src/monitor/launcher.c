/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/auto.h"
#include "base/fault.h"
#include "codec/oci_spec.h"
#include "monitor/monitor_private.h"
#include "monitor/other_runtime.h"
#include "runtime/cgroups.h"
#include "runtime/launch.h"
#include "runtime/seccomp.h"

/* A memfd's text, mapped: nothing of it stays when it is done. */
struct text {
	const char *p;
	size_t len;
};

static void text_done(struct text *text)
{
	if (text->p)
		(void)munmap((void *)(uintptr_t)text->p, text->len);
	*text = (struct text){ 0 };
}

#define auto_text bt_auto(text_done)

static int map_text(int fd, struct text *ret)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || st.st_size > BT_OCI_SPEC_TEXT_MAX)
		return -EFBIG;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*ret = (struct text){ p, (size_t)st.st_size };
	return 0;
}

static int read_spec(struct bt_monitor *m, struct bt_arena *arena, struct bt_oci_spec *ret,
		     struct bt_err *err)
{
	auto_text struct text text = { 0 };
	int r = map_text(m->spec_fd, &text);

	if (r < 0)
		return bt_err_sys(err, r, "read the container's specification");
	return bt_oci_spec_parse(text.p, text.len, arena, ret, err);
}

/* The compiled filter, if the daemon gave one. */
static int read_filter(struct bt_monitor *m, struct text *text, struct bt_launch_filter *ret,
		       struct bt_err *err)
{
	struct bt_seccomp_filter filter;
	int r;

	*ret = (struct bt_launch_filter){ 0 };
	if (m->seccomp_fd < 0)
		return 0;
	r = map_text(m->seccomp_fd, text);
	if (r == 0)
		r = bt_seccomp_stored(text->p, text->len, &filter);
	if (r < 0)
		return bt_err_sys(err, r, "read the seccomp filter");
	*ret = (struct bt_launch_filter){ .insns = filter.insns,
					  .len = filter.len,
					  .flags = filter.flags };
	return 0;
}

static struct bt_cgroups_owner owner_of(const struct bt_monitor *m, const struct bt_oci_spec *spec)
{
	return (struct bt_cgroups_owner){ .spec = spec,
					  .id = m->spawn.id,
					  .bundle = m->spawn.bundle,
					  .systemd = m->spawn.systemd_cgroup };
}

static void remember_cgroup(struct bt_monitor *m, const struct bt_oci_spec *spec)
{
	const struct bt_cgroups_owner owner = owner_of(m, spec);
	struct bt_err ignored;

	/* Only for watching it: bt_oom_watch() does without. */
	if (!m->cgroup_path && bt_cgroups_path(&owner, &m->cgroup_path, &ignored) < 0)
		m->cgroup_path = NULL;
}

static struct bt_process take_process(struct bt_launch *launch)
{
	struct bt_process process = { .pid = launch->pid,
				      .pidfd = bt_take_fd(&launch->pidfd),
				      .console_fd = bt_take_fd(&launch->console_fd) };

	bt_launch_done(launch);
	return process;
}

static int own_start(struct bt_monitor *m, const int stdio[3], struct bt_process *ret,
		     struct bt_err *err)
{
	bt_auto_arena struct bt_arena arena = { 0 };
	auto_text struct text filter = { 0 };
	struct bt_oci_spec spec;
	struct bt_launch launch = { .pidfd = -EBADF, .sync_fd = -EBADF, .console_fd = -EBADF };
	struct bt_launch_request req = { .id = m->spawn.id,
					 .spec = &spec,
					 .bundle = m->spawn.bundle,
					 .rootfs_fd = m->rootfs_fd,
					 .netns_fd = m->netns_fd,
					 .at_once = true,
					 .stdio = { stdio[0], stdio[1], stdio[2] },
					 .systemd_cgroup = m->spawn.systemd_cgroup };
	int r = read_spec(m, &arena, &spec, err);

	if (r == 0)
		r = read_filter(m, &filter, &req.seccomp, err);
	if (r == 0)
		r = bt_launch_create(&req, &launch, err);
	if (r < 0)
		return r;
	remember_cgroup(m, &spec);
	bt_fault_point("monitor/created");
	r = bt_launch_start(&launch, err);
	if (r < 0) {
		const struct bt_cgroups_owner owner = owner_of(m, &spec);
		struct bt_err ignored;

		/* Its program may run, and what was to be done after that have failed. */
		bt_launch_end(&launch);
		if (bt_launch_cleanup(&owner, NULL, &ignored) < 0)
			return bt_err_context(err, "(and %s)", ignored.msg);
		return r;
	}
	*ret = take_process(&launch);
	return 0;
}

static int own_exec(struct bt_monitor *m, int process_fd, const int stdio[3],
		    struct bt_process *ret, struct bt_err *err)
{
	bt_auto_arena struct bt_arena arena = { 0 };
	auto_text struct text text = { 0 };
	auto_text struct text filter = { 0 };
	struct bt_oci_process process;
	struct bt_oci_spec spec;
	struct bt_launch launch = { .pidfd = -EBADF, .sync_fd = -EBADF, .console_fd = -EBADF };
	struct bt_launch_exec req = { .target = m->run->pid,
				      .process = &process,
				      .spec = &spec,
				      .id = m->spawn.id,
				      .stdio = { stdio[0], stdio[1], stdio[2] },
				      .systemd_cgroup = m->spawn.systemd_cgroup };
	int r = map_text(process_fd, &text);

	if (r < 0)
		return bt_err_sys(err, r, "read the process to be run");
	r = bt_oci_process_parse(text.p, text.len, &arena, &process, err);
	if (r == 0)
		r = read_spec(m, &arena, &spec, err);
	if (r == 0)
		r = read_filter(m, &filter, &req.seccomp, err);
	if (r == 0)
		r = bt_launch_exec(&req, &launch, err);
	if (r < 0)
		return r;
	*ret = take_process(&launch);
	return 0;
}

static void own_cleanup(struct bt_monitor *m)
{
	bt_auto_arena struct bt_arena arena = { 0 };
	struct bt_cgroups_owner owner;
	struct bt_oci_spec spec;
	struct bt_err err;

	if (read_spec(m, &arena, &spec, &err) < 0)
		return;
	owner = owner_of(m, &spec);
	bt_ignore(bt_launch_cleanup(&owner, NULL, &err));
}

int bt_launcher_start(struct bt_monitor *m, const int stdio[3], struct bt_process *ret,
		      struct bt_err *err)
{
	int r = m->ran ? bt_joined_check(&m->joined, err) : 0;

	m->ran = true;
	if (r < 0)
		return r;
	return m->spawn.runtime ? bt_other_runtime_start(m, stdio, ret, err)
				: own_start(m, stdio, ret, err);
}

int bt_launcher_exec(struct bt_monitor *m, const char *exec_id, int process_fd, bool tty,
		     const int stdio[3], struct bt_process *ret, struct bt_err *err)
{
	if (m->spawn.runtime)
		return bt_other_runtime_exec(m, exec_id, process_fd, tty, stdio, ret, err);
	return own_exec(m, process_fd, stdio, ret, err);
}

void bt_launcher_cleanup(struct bt_monitor *m)
{
	if (m->spawn.runtime)
		bt_other_runtime_cleanup(m);
	else
		own_cleanup(m);
}
