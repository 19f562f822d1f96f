/* SPDX-License-Identifier: Apache-2.0 */

#include "launch_fixture.h"

#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/vfs.h>

#include "base/path.h"
#include "base/sock.h"
#include "sys/cgroup.h"

static struct fixture f;

static void set_up(void)
{
	fixture_init(&f);
}

static void tear_down(void)
{
	fixture_done(&f);
}

static void assert_runs(int code)
{
	int r = fixture_run(&f);

	ck_assert_msg(r == code, "%d instead of %d: %s, output: %s", r, code, f.err.msg, f.out);
}

static void assert_fails(int errnum, int code, const char *message)
{
	int r = fixture_run(&f);

	ck_assert_int_eq(r, -errnum);
	ck_assert_int_eq(bt_launch_exit_code(&f.err), code);
	ck_assert_msg(strstr(f.err.msg, message) != NULL, "message: %s", f.err.msg);
}

START_TEST(program_runs_and_its_exit_code_comes_back)
{
	fixture_shell(&f, "echo hello; exit 7");
	assert_runs(7);
	ck_assert_str_eq(f.out, "hello\n");
}
END_TEST

START_TEST(program_waits_between_create_and_start)
{
	struct bt_launch launch;
	int out;

	fixture_shell(&f, "echo $$");
	ck_assert_int_eq(fixture_create(&f, &launch, &out), 0);
	ck_assert_int_eq(waitpid(launch.pid, NULL, WNOHANG), 0);
	ck_assert_int_eq(bt_launch_start(&launch, &f.err), 0);
	fixture_read(&f, out);
	ck_assert_str_eq(f.out, "1\n");
	ck_assert_int_eq(fixture_wait(launch.pid), 0);
	bt_launch_done(&launch);
	ck_assert_int_eq(fixture_cleanup(&f, &f.err), 0);
	close(out);
}
END_TEST

/* As one that was killed between its connection and its word. */
static void begin_start_and_go(const char *dir)
{
	bt_auto_free char *path = bt_path_join(dir, BT_LAUNCH_START_SOCKET);
	bt_auto_close int fd = bt_sock_connect(path, SOCK_SEQPACKET);

	ck_assert_int_ge(fd, 0);
}

START_TEST(whoever_goes_before_it_says_start_leaves_the_program_waiting)
{
	struct bt_launch launch, start;
	int out;

	f.req.state_dir = f.bundle;
	fixture_shell(&f, "echo $$");
	ck_assert_int_eq(fixture_create(&f, &launch, &out), 0);
	bt_close(&launch.sync_fd);
	for (int i = 0; i < 3; i++)
		begin_start_and_go(f.bundle);
	ck_assert_int_eq(bt_launch_reach(f.bundle, launch.pid, &start, &f.err), 0);
	ck_assert_msg(bt_launch_start(&start, &f.err) == 0, "%s", f.err.msg);
	fixture_read(&f, out);
	ck_assert_str_eq(f.out, "1\n");
	ck_assert_int_eq(fixture_wait(launch.pid), 0);
	bt_launch_done(&start);
	bt_launch_done(&launch);
	ck_assert_int_eq(fixture_cleanup(&f, &f.err), 0);
	close(out);
}
END_TEST

static pid_t born;

static int note_birth(void *arg, pid_t pid, struct bt_err *err)
{
	(void)err;
	ck_assert_ptr_eq(arg, &born);
	born = pid;
	return 0;
}

static int refuse_birth(void *arg, pid_t pid, struct bt_err *err)
{
	(void)arg;
	born = pid;
	return bt_err_set(err, BT_ERR_SYSTEM, EDQUOT, "nobody may know of it");
}

START_TEST(program_that_is_started_at_once_waits_for_nobody)
{
	struct bt_launch launch;
	int out;

	f.req.at_once = true;
	f.req.born = note_birth;
	f.req.born_arg = &born;
	fixture_shell(&f, "echo runs");
	ck_assert_int_eq(fixture_create(&f, &launch, &out), 0);
	ck_assert_int_eq(launch.pid, born);
	ck_assert(launch.started);
	fixture_read(&f, out);
	ck_assert_str_eq(f.out, "runs\n");
	ck_assert_int_eq(bt_launch_start(&launch, &f.err), 0);
	ck_assert_int_eq(fixture_wait(launch.pid), 0);
	bt_launch_done(&launch);
	ck_assert_int_eq(fixture_cleanup(&f, &f.err), 0);
	close(out);
}
END_TEST

START_TEST(program_that_cannot_be_started_at_once_is_reported_by_the_start)
{
	f.req.at_once = true;
	fixture_file(&f, "bin/broken", "no program", 0755);
	fixture_set(&f, "process.args", "['/bin/broken']");
	assert_fails(ENOEXEC, 126, "exec format error");
	fixture_set(&f, "process.args", "['/bin/true']");
	assert_runs(0);
}
END_TEST

START_TEST(hooks_run_before_what_is_started_at_once)
{
	struct bt_launch launch;
	int out;

	f.req.at_once = true;
	fixture_set(&f, "hooks.createRuntime",
		    "[{'path':'/bin/sh','args':['sh','-c','sleep 0.1']}]");
	ck_assert_int_eq(fixture_create(&f, &launch, &out), 0);
	ck_assert(!launch.started);
	ck_assert_int_eq(waitpid(launch.pid, NULL, WNOHANG), 0);
	ck_assert_int_eq(bt_launch_start(&launch, &f.err), 0);
	ck_assert_int_eq(fixture_wait(launch.pid), 0);
	bt_launch_done(&launch);
	ck_assert_int_eq(fixture_cleanup(&f, &f.err), 0);
	close(out);
}
END_TEST

START_TEST(init_whose_birth_is_refused_never_runs_and_leaves_nothing)
{
	f.req.at_once = true;
	f.req.born = refuse_birth;
	assert_fails(EDQUOT, 125, "nobody may know of it");
	ck_assert_int_gt(born, 0);
	ck_assert_int_eq(kill(born, 0), -1);
}
END_TEST

START_TEST(limit_that_is_refused_while_the_init_mounts_leaves_no_group)
{
	struct bt_cgroup_host host;
	struct bt_cgroup cg;
	char path[64];

	fixture_set(&f, "linux.resources", "{'cpu':{'cpus':'4095'}}");
	ck_assert_int_lt(fixture_run(&f), 0);
	ck_assert_ptr_nonnull(strstr(f.err.msg, "linux.resources.cpu.cpus"));
	(void)snprintf(path, sizeof(path), "/berth-%s", f.id);
	ck_assert_int_eq(bt_cgroup_host_open(&host), 0);
	ck_assert_int_eq(bt_cgroup_open(&host, path, &cg), -ENOENT);
	bt_cgroup_host_done(&host);
}
END_TEST

START_TEST(init_that_fails_while_its_group_is_made_says_why)
{
	fixture_set(&f, "mounts", "[{'destination':'/proc','type':'no-such-fs','source':'x'}]");
	ck_assert_int_lt(fixture_run(&f), 0);
	ck_assert_msg(strstr(f.err.msg, "/proc") != NULL, "message: %s", f.err.msg);
}
END_TEST

START_TEST(init_ends_when_its_creator_is_gone_before_the_start)
{
	struct bt_launch launch;
	int out;

	ck_assert_int_eq(fixture_create(&f, &launch, &out), 0);
	bt_close(&launch.sync_fd);
	ck_assert_int_eq(fixture_wait(launch.pid), 1);
	bt_launch_done(&launch);
	ck_assert_int_eq(fixture_cleanup(&f, &f.err), 0);
	close(out);
}
END_TEST

START_TEST(missing_program_is_127_in_dockers_words)
{
	fixture_set(&f, "process.args", "['nosuch']");
	assert_fails(ENOENT, 127, "exec: \"nosuch\": executable file not found in $PATH");
	fixture_set(&f, "process.args", "['/no/such']");
	assert_fails(ENOENT, 127, "exec: \"/no/such\": stat /no/such: no such file or directory");
}
END_TEST

START_TEST(program_that_may_not_run_is_126)
{
	fixture_set(&f, "process.args", "['/etc/passwd']");
	assert_fails(EACCES, 126, "exec: \"/etc/passwd\": permission denied");
	fixture_set(&f, "process.args", "['/etc']");
	assert_fails(EISDIR, 126, "is a directory");
}
END_TEST

START_TEST(program_that_only_execve_refuses_fails_at_start)
{
	fixture_file(&f, "bin/text", "no program at all", 0755);
	fixture_set(&f, "process.args", "['text']");
	assert_fails(ENOEXEC, 126, "exec format error");
}
END_TEST

START_TEST(mounts_and_devices_are_dockers)
{
	fixture_shell(&f, "mount; ls /dev; stat -c '%n %t:%T %a' /dev/null /dev/full; hostname");
	assert_runs(0);
	ck_assert_ptr_nonnull(
		strstr(f.out, "proc on /proc type proc (rw,nosuid,nodev,noexec,relatime)"));
	ck_assert_ptr_nonnull(
		strstr(f.out, "tmpfs on /dev type tmpfs (rw,nosuid,size=65536k,mode=755"));
	ck_assert_ptr_nonnull(
		strstr(f.out, "sysfs on /sys type sysfs (ro,nosuid,nodev,noexec,relatime)"));
	ck_assert_ptr_nonnull(strstr(f.out, "fd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\n"
					    "stderr\nstdin\nstdout\ntty\nurandom\nzero\n"));
	ck_assert_ptr_nonnull(strstr(f.out, "/dev/null 1:3 666\n/dev/full 1:7 666\nfixture\n"));
}
END_TEST

START_TEST(nothing_of_the_host_is_mounted)
{
	bt_auto_free char *host = NULL;

	fixture_shell(&f, "ls /..; mount | grep -vcE ' on /(proc|dev|sys)'");
	assert_runs(0);
	ck_assert_str_eq(f.out, "bin\ndev\netc\nproc\nroot\nsys\ntmp\n1\n");
	ck_assert_int_eq(bt_io_read_file(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &host, NULL),
			 0);
	ck_assert_ptr_null(strstr(host, "/tmp/test_launch"));
}
END_TEST

START_TEST(masked_paths_show_nothing_and_read_only_ones_cannot_be_written)
{
	fixture_shell(&f,
		      "cat /proc/kcore /proc/keys | wc -c; ls -a /proc/acpi /sys/firmware | wc -l;"
		      "stat -c %t:%T /proc/keys; touch /sys/firmware/x; "
		      "echo x >/proc/sys/kernel/hostname");
	assert_runs(1);
	ck_assert_ptr_nonnull(strstr(f.out, "0\n"));
	ck_assert_ptr_nonnull(strstr(f.out, "1:3\n"));
	ck_assert_ptr_nonnull(strstr(f.out, "/sys/firmware/x: Read-only file system"));
	ck_assert_ptr_nonnull(strstr(f.out, "/proc/sys/kernel/hostname: Read-only file system"));
}
END_TEST

START_TEST(read_only_root_cannot_be_written_but_its_tmpfs_can)
{
	fixture_set(&f, "root.readonly", "true");
	fixture_shell(&f, "touch /dev/shm/x && touch /x");
	assert_runs(1);
	ck_assert_ptr_nonnull(strstr(f.out, "/x: Read-only file system"));
}
END_TEST

START_TEST(detached_root_serves_again_and_again)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s", f.root);
	f.req.rootfs_fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	ck_assert_int_ge(f.req.rootfs_fd, 0);
	for (int i = 0; i < 3; i++) {
		fixture_shell(&f, "ls /");
		assert_runs(0);
		ck_assert_str_eq(f.out, "bin\ndev\netc\nproc\nroot\nsys\ntmp\n");
	}
	bt_close(&f.req.rootfs_fd);
}
END_TEST

START_TEST(capabilities_are_those_given_and_nothing_is_inheritable)
{
	fixture_shell(&f, "grep Cap /proc/self/status");
	assert_runs(0);
	ck_assert_str_eq(f.out, "CapInh:\t0000000000000000\nCapPrm:\t00000000080000e1\n"
				"CapEff:\t00000000080000e1\nCapBnd:\t00000000080000e1\n"
				"CapAmb:\t0000000000000000\n");
}
END_TEST

START_TEST(user_has_its_groups_its_home_and_no_rights)
{
	fixture_set(&f, "process.user",
		    "{'uid':1000,'gid':1001,'additionalGids':[7,8],'umask':63}");
	fixture_shell(&f, "id; echo $HOME; umask; grep -E 'CapEff|CapPrm' /proc/self/status");
	assert_runs(0);
	ck_assert_str_eq(f.out, "uid=1000(u) gid=1001 groups=7,8\n/home/u\n0077\n"
				"CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n");
}
END_TEST

START_TEST(ambient_capabilities_reach_a_plain_user)
{
	fixture_set(&f, "process.user", "{'uid':1000,'gid':1000}");
	fixture_set(&f, "process.capabilities",
		    "{'bounding':['CAP_CHOWN'],'effective':['CAP_CHOWN'],'permitted':['CAP_CHOWN'],"
		    "'inheritable':['CAP_CHOWN'],'ambient':['CAP_CHOWN']}");
	fixture_shell(&f, "grep CapEff /proc/self/status");
	assert_runs(0);
	ck_assert_str_eq(f.out, "CapEff:\t0000000000000001\n");
}
END_TEST

START_TEST(no_descriptor_but_the_standard_ones_is_open)
{
	/* As a careless caller would leave them: inheritable. */
	int leaked = dup2(open("/etc", O_RDONLY), 77);

	fixture_shell(&f, "ls /proc/$$/fd; true");
	assert_runs(0);
	ck_assert_str_eq(f.out, "0\n1\n2\n");
	close(leaked);
}
END_TEST

START_TEST(descriptors_to_be_preserved_are)
{
	int fd = open("/etc/passwd", O_RDONLY), highest = -1;
	char script[64], *rest;

	/* No pipeline: a shell that sets one up has descriptors of its own for a moment. */
	f.req.preserve_fds = fd - 2;
	(void)snprintf(script, sizeof(script), "ls /proc/$$/fd; echo lines; wc -l < /proc/$$/fd/%d",
		       fd);
	fixture_shell(&f, script);
	assert_runs(0);
	for (rest = f.out; *rest >= '0' && *rest <= '9'; rest++) {
		int listed = (int)strtol(rest, &rest, 10);

		highest = listed > highest ? listed : highest;
	}
	ck_assert_int_eq(highest, fd);
	ck_assert_msg(strncmp(rest, "lines\n", 6) == 0, "not a list: %s", f.out);
	ck_assert_int_gt(atoi(rest + 6), 2);
	close(fd);
}
END_TEST

/* R12: whoever gets to look into the waiting init must find nothing of the host. */
START_TEST(r12_waiting_init_holds_no_file_of_the_host)
{
	struct bt_launch launch;
	char path[64], target[256];
	int out, found = 0;

	ck_assert_msg(fixture_create(&f, &launch, &out) == 0, "%s", f.err.msg);
	for (int fd = 3; fd < 100; fd++) {
		ssize_t n;

		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", launch.pid, fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		found++;
		/* The socket, a procfs of its own, and the pipe that is to become its output. */
		ck_assert_msg(strncmp(target, "socket:", 7) == 0 || strcmp(target, "/") == 0 ||
				      strncmp(target, "pipe:", 5) == 0 ||
				      strcmp(target, "/dev/null") == 0,
			      "%s is open", target);
	}
	ck_assert_int_gt(found, 0);
	ck_assert_int_eq(bt_launch_start(&launch, &f.err), 0);
	ck_assert_int_eq(fixture_wait(launch.pid), 0);
	bt_launch_done(&launch);
	ck_assert_int_eq(fixture_cleanup(&f, &f.err), 0);
	close(out);
}
END_TEST

START_TEST(working_directory_is_made_where_it_is_missing)
{
	fixture_set(&f, "process.cwd", "'/srv/deep/er'");
	fixture_shell(&f, "pwd");
	assert_runs(0);
	ck_assert_str_eq(f.out, "/srv/deep/er\n");
}
END_TEST

/* R02: CVE-2024-21626. */
START_TEST(r02_working_directory_never_leads_out_by_a_leaked_descriptor)
{
	int leaked = dup2(open("/etc", O_RDONLY | O_DIRECTORY), 39);
	char value[64];

	for (int fd = 3; fd < 40; fd++) {
		int r;

		(void)snprintf(value, sizeof(value), "'/proc/self/fd/%d'", fd);
		fixture_set(&f, "process.cwd", value);
		fixture_shell(&f, "pwd; ls");
		r = fixture_run(&f);
		ck_assert_msg(r < 0, "fd %d: started in %s", fd, f.out);
	}
	close(leaked);
}
END_TEST

/* R05: CVE-2019-19921 and its successors. */
START_TEST(r05_proc_as_a_symlink_is_refused)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/proc", f.root);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(symlink("/tmp", path), 0);
	assert_fails(EPERM, 125, "mounts[/proc]: must be mounted on an ordinary directory");
}
END_TEST

START_TEST(r05_nothing_is_mounted_inside_proc)
{
	fixture_add_mount(&f, "{'destination':'/proc/self/attr','type':'tmpfs','source':'tmpfs'}");
	assert_fails(EPERM, 125, "is inside /proc");
}
END_TEST

START_TEST(r05_proc_must_be_a_procfs)
{
	fixture_add_mount(&f, "{'destination':'//proc/','type':'tmpfs','source':'tmpfs'}");
	assert_fails(EPERM, 125, "not of type proc");
}
END_TEST

/* R06: CVE-2026-41579 and its like. */
START_TEST(r06_symlinked_dev_is_not_followed_to_the_host)
{
	char path[128], target[128];

	(void)snprintf(path, sizeof(path), "%s/dev", f.root);
	(void)snprintf(target, sizeof(target), "../../../../../..%s/outside", f.bundle);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(symlink(target, path), 0);
	(void)fixture_run(&f);
	(void)snprintf(path, sizeof(path), "%s/outside", f.bundle);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

/* R03: CVE-2025-31133. */
START_TEST(r03_null_device_that_is_a_symlink_masks_nothing)
{
	char path[128];

	/* Without a /dev of its own the image's is used. */
	json_array_remove(json_object_get(f.config, "mounts"), 1);
	json_array_remove(json_object_get(f.config, "mounts"), 1);
	(void)snprintf(path, sizeof(path), "%s/dev/null", f.root);
	ck_assert_int_eq(symlink("/proc/sys/kernel/core_pattern", path), 0);
	assert_fails(EEXIST, 125, "linux.devices[/dev/null]: something else has this name");
}
END_TEST

START_TEST(bind_mounts_of_files_and_directories_have_their_options)
{
	fixture_file(&f, "../file", "content\n", 0644);
	fixture_add_mount(&f, "{'destination':'/a/b/file','type':'bind','source':'file',"
			      "'options':['rbind','ro','nosuid']}");
	fixture_add_mount(&f, "{'destination':'/host','type':'bind','source':'.',"
			      "'options':['rbind','rprivate','rro']}");
	fixture_shell(&f, "cat /a/b/file; ls /host; touch /a/b/file; touch /host/x");
	assert_runs(1);
	ck_assert_str_eq(f.out, "content\nfile\nrootfs\n"
				"touch: /a/b/file: Read-only file system\n"
				"touch: /host/x: Read-only file system\n");
}
END_TEST

START_TEST(mount_target_through_a_dangling_symlink_stays_inside)
{
	char path[128];

	fixture_file(&f, "../file", "content\n", 0644);
	(void)snprintf(path, sizeof(path), "%s/etc/resolv.conf", f.root);
	ck_assert_int_eq(symlink("../run/systemd/resolve/stub.conf", path), 0);
	fixture_add_mount(&f, "{'destination':'/etc/resolv.conf','type':'bind','source':'file',"
			      "'options':['bind']}");
	fixture_shell(&f, "cat /etc/resolv.conf /run/systemd/resolve/stub.conf");
	assert_runs(0);
	ck_assert_str_eq(f.out, "content\ncontent\n");
}
END_TEST

START_TEST(missing_bind_source_is_named)
{
	fixture_add_mount(&f, "{'destination':'/x','type':'bind','source':'/no/such/source',"
			      "'options':['bind']}");
	assert_fails(ENOENT, 127, "/no/such/source");
}
END_TEST

START_TEST(sysctl_is_written_in_the_containers_namespace_only)
{
	fixture_set(&f, "linux.sysctl", "{'net.ipv4.ip_unprivileged_port_start':'77'}");
	fixture_shell(&f, "cat /proc/sys/net/ipv4/ip_unprivileged_port_start");
	assert_runs(0);
	ck_assert_str_eq(f.out, "77\n");
}
END_TEST

START_TEST(terminal_is_the_containers_own)
{
	struct bt_launch launch;
	int out;

	fixture_set(&f, "process.terminal", "true");
	fixture_set(&f, "process.consoleSize", "{'height':33,'width':99}");
	fixture_shell(&f, "tty; stty size; stat -c %t /dev/console; test -t 0 && echo yes");
	ck_assert_msg(fixture_create(&f, &launch, &out) == 0, "%s", f.err.msg);
	ck_assert_int_ge(launch.console_fd, 0);
	ck_assert_int_eq(bt_launch_start(&launch, &f.err), 0);
	fixture_read(&f, launch.console_fd);
	ck_assert_int_eq(fixture_wait(launch.pid), 0);
	/* The read ends with EIO once the last slave is closed, after all output. */
	ck_assert_str_eq(f.out, "/dev/pts/0\r\n33 99\r\n88\r\nyes\r\n");
	bt_launch_done(&launch);
	ck_assert_int_eq(fixture_cleanup(&f, &f.err), 0);
	close(out);
}
END_TEST

START_TEST(limits_and_scores_that_the_machine_cannot_give_are_warnings)
{
	struct bt_launch launch;
	int out;

	fixture_set(&f, "process.oomScoreAdj", "500");
	fixture_set(&f, "process.rlimits", "[{'type':'RLIMIT_NOFILE','soft':99,'hard':100}]");
	fixture_shell(&f, "cat /proc/self/oom_score_adj; ulimit -n; ulimit -Hn");
	ck_assert_msg(fixture_create(&f, &launch, &out) == 0, "%s", f.err.msg);
	ck_assert_str_eq(launch.warning, "");
	ck_assert_int_eq(bt_launch_start(&launch, &f.err), 0);
	fixture_read(&f, out);
	ck_assert_str_eq(f.out, "500\n99\n100\n");
	ck_assert_int_eq(fixture_wait(launch.pid), 0);
	bt_launch_done(&launch);
	ck_assert_int_eq(fixture_cleanup(&f, &f.err), 0);
	close(out);
}
END_TEST

/* The root belongs to the host's root here: it must be readable, nothing more. */
static void in_user_namespace(void)
{
	fixture_set(&f, "linux.uidMappings", "[{'containerID':0,'hostID':100000,'size':65536}]");
	fixture_set(&f, "linux.gidMappings", "[{'containerID':0,'hostID':100000,'size':65536}]");
	json_array_append_new(json_object_get(json_object_get(f.config, "linux"), "namespaces"),
			      fixture_json("{'type':'user'}"));
	ck_assert_int_eq(chmod(f.bundle, 0755), 0);
}

START_TEST(user_namespace_maps_ids_and_its_devices_work)
{
	in_user_namespace();
	fixture_shell(
		&f, "id -u; cat /proc/self/uid_map; echo x >/dev/null && stat -c %t:%T /dev/null");
	assert_runs(0);
	ck_assert_str_eq(f.out, "0\n         0     100000      65536\n1:3\n");
}
END_TEST

START_TEST(id_mapped_mount_shows_the_hosts_ids_as_the_containers)
{
	struct statfs st;
	char path[128];

	in_user_namespace();
	fixture_file(&f, "../file", "content\n", 0640);
	fixture_add_mount(&f, "{'destination':'/tmp/plain','type':'bind','source':'file',"
			      "'options':['bind']}");
	fixture_add_mount(&f, "{'destination':'/tmp/mapped','type':'bind','source':'file',"
			      "'options':['bind','idmap']}");
	fixture_shell(&f,
		      "stat -c %u:%g /tmp/plain /tmp/mapped; cat /tmp/mapped; echo >/tmp/plain");
	(void)snprintf(path, sizeof(path), "%s/tmp", f.root);
	ck_assert_int_eq(chown(path, 100000, 100000), 0);
	/* A tmpfs can be id-mapped from Linux 6.3 on. */
	if (statfs("/tmp", &st) == 0 && st.f_type == TMPFS_MAGIC) {
		if (fixture_run(&f) == -EINVAL)
			ck_assert_ptr_nonnull(strstr(f.err.msg, "uidMappings: id-map the mount"));
		return;
	}
	assert_runs(1);
	ck_assert_ptr_nonnull(strstr(f.out, "65534:65534\n0:0\ncontent\n"));
}
END_TEST

static void own_namespaces(int ready, int mapped)
{
	char byte;

	if (unshare(CLONE_NEWUSER) < 0 || write(ready, "x", 1) != 1 || read(mapped, &byte, 1) != 1)
		_exit(1);
	if (unshare(CLONE_NEWNET) < 0 || write(ready, "y", 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

/* As a daemon's network namespace comes with its userns-remap. */
START_TEST(user_namespace_of_another_is_joined_with_its_network)
{
	bt_auto_close int net = -EBADF;
	char path[64], value[128], ready;
	int pipes[2], mapped[2];
	pid_t owner;

	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(pipe(mapped), 0);
	owner = fork();
	if (owner == 0)
		own_namespaces(pipes[1], mapped[0]);
	ck_assert_int_eq(read(pipes[0], &ready, 1), 1);
	(void)snprintf(path, sizeof(path), "/proc/%d/uid_map", owner);
	ck_assert_int_eq(bt_io_write_file(AT_FDCWD, path, "0 100000 65536"), 0);
	(void)snprintf(path, sizeof(path), "/proc/%d/gid_map", owner);
	ck_assert_int_eq(bt_io_write_file(AT_FDCWD, path, "0 100000 65536"), 0);
	ck_assert_int_eq(write(mapped[1], "m", 1), 1);
	ck_assert_int_eq(read(pipes[0], &ready, 1), 1);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", owner);
	net = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(net, 0);
	(void)snprintf(value, sizeof(value), "{'type':'user','path':'/proc/%d/ns/user'}", owner);
	json_array_append_new(json_object_get(json_object_get(f.config, "linux"), "namespaces"),
			      fixture_json(value));
	ck_assert_int_eq(chmod(f.bundle, 0755), 0);
	f.req.netns_fd = net;
	fixture_shell(&f, "id -u; cat /proc/self/uid_map; ls /sys/class/net");
	assert_runs(0);
	(void)kill(owner, SIGKILL);
	(void)waitpid(owner, NULL, 0);
	ck_assert_str_eq(f.out, "0\n         0     100000      65536\nlo\n");
}
END_TEST

START_TEST(pid_namespace_of_another_is_joined)
{
	json_t *namespaces = json_object_get(json_object_get(f.config, "linux"), "namespaces");
	char value[128];

	(void)snprintf(value, sizeof(value), "{'type':'pid','path':'/proc/%d/ns/pid'}", getpid());
	json_array_remove(namespaces, 3);
	json_array_append_new(namespaces, fixture_json(value));
	(void)snprintf(value, sizeof(value), "kill -0 %d && echo seen", getpid());
	fixture_shell(&f, value);
	assert_runs(0);
	ck_assert_str_eq(f.out, "seen\n");
}
END_TEST

START_TEST(seccomp_filter_answers_and_its_listener_reaches_the_agent)
{
	bt_auto_close int agent = -EBADF, conn = -EBADF;
	int fds[BT_SOCK_FDS_MAX];
	char path[128], value[512], text[2048];
	size_t nfds = 0;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s/agent.sock", f.bundle);
	agent = bt_sock_listen(path, SOCK_STREAM, 0600);
	ck_assert_int_ge(agent, 0);
	(void)snprintf(value, sizeof(value),
		       "{'defaultAction':'SCMP_ACT_ALLOW','listenerPath':'%s',"
		       "'listenerMetadata':'hello','syscalls':["
		       "{'names':['swapon'],'action':'SCMP_ACT_NOTIFY'},"
		       "{'names':['mkdir'],'action':'SCMP_ACT_ERRNO','errnoRet':28}]}",
		       path);
	fixture_set(&f, "linux.seccomp", value);
	fixture_shell(&f, "grep Seccomp: /proc/self/status; mkdir /tmp/x");
	assert_runs(1);
	ck_assert_str_eq(f.out, "Seccomp:\t2\nmkdir: can't create directory '/tmp/x': "
				"No space left on device\n");
	conn = accept4(agent, NULL, NULL, SOCK_CLOEXEC);
	n = bt_sock_recv(conn, text, sizeof(text) - 1, fds, &nfds, 0);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	ck_assert_uint_eq(nfds, 1);
	ck_assert_ptr_nonnull(strstr(text, "\"metadata\":\"hello\""));
	ck_assert_ptr_nonnull(strstr(text, f.id));
	bt_close(&fds[0]);
}
END_TEST

START_TEST(tmpcopyup_begins_with_what_it_covers)
{
	fixture_file(&f, "etc/file", "content\n", 0604);
	fixture_add_mount(&f, "{'destination':'/etc','type':'tmpfs','source':'tmpfs',"
			      "'options':['tmpcopyup']}");
	fixture_shell(&f, "cat /etc/file; stat -c %a /etc/file; touch /etc/new");
	assert_runs(0);
	ck_assert_str_eq(f.out, "content\n604\n");
}
END_TEST

START_TEST(what_the_machine_has_not_is_refused_by_its_field_and_not_ignored)
{
	/* Where the kernel has classes, the one that is named is not there. */
	bool classes = access("/sys/fs/resctrl/schemata", F_OK) == 0;

	fixture_set(&f, "linux.intelRdt", "{'closID':'no-such-class'}");
	assert_fails(classes ? ENOENT : EOPNOTSUPP, 125, "linux.intelRdt");
}
END_TEST

START_TEST(time_offsets_are_set)
{
	fixture_set(&f, "linux.timeOffsets", "{'boottime':{'secs':1000000,'nanosecs':0}}");
	json_array_append_new(json_object_get(json_object_get(f.config, "linux"), "namespaces"),
			      fixture_json("{'type':'time'}"));
	fixture_shell(&f, "cat /proc/uptime");
	assert_runs(0);
	ck_assert_int_ge(atoi(f.out), 1000000);
}
END_TEST

START_TEST(private_cgroup_namespace_begins_at_the_container)
{
	json_array_append_new(json_object_get(json_object_get(f.config, "linux"), "namespaces"),
			      fixture_json("{'type':'cgroup'}"));
	fixture_shell(&f, "grep -v ':/$' /proc/self/cgroup; touch /sys/fs/cgroup/x");
	assert_runs(1);
	ck_assert_str_eq(f.out, "touch: /sys/fs/cgroup/x: Read-only file system\n");
}
END_TEST

START_TEST(hooks_run_in_order_with_the_state)
{
	char log[128], text[512] = "";
	char value[1024];
	bt_auto_close int fd = -EBADF;

	(void)snprintf(log, sizeof(log), "%s/log", f.bundle);
	(void)snprintf(value, sizeof(value),
		       "{'createRuntime':[{'path':'/bin/sh','args':['sh','-c','echo r >>%s']}],"
		       "'createContainer':[{'path':'/bin/sh','args':['sh','-c','echo c >>%s']}],"
		       "'poststart':[{'path':'/bin/sh','args':['sh','-c','grep -o running >>%s']}],"
		       "'poststop':[{'path':'/bin/sh','args':['sh','-c','echo s >>%s']}]}",
		       log, log, log, log);
	fixture_set(&f, "hooks", value);
	assert_runs(0);
	fd = open(log, O_RDONLY | O_CLOEXEC);
	ck_assert_int_gt(bt_io_read_all(fd, text, sizeof(text) - 1), 0);
	ck_assert_str_eq(text, "r\nc\nrunning\ns\n");
}
END_TEST

START_TEST(hook_that_fails_stops_the_creation_and_leaves_nothing)
{
	char path[128];

	fixture_set(&f, "hooks",
		    "{'createRuntime':[{'path':'/bin/sh','args':"
		    "['sh','-c','echo broken >&2; exit 3']}]}");
	assert_fails(ECANCELED, 125, "hooks.createRuntime: /bin/sh: exit status 3: broken");
	(void)snprintf(path, sizeof(path), "/sys/fs/cgroup/memory/berth-%s", f.id);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(hook_that_hangs_is_killed_after_its_timeout)
{
	fixture_set(&f, "hooks",
		    "{'createRuntime':[{'path':'/bin/sleep','args':['sleep','100'],'timeout':1}]}");
	assert_fails(ECANCELED, 125, "did not end within 1 s");
}
END_TEST

static Suite *suite_of(void)
{
	Suite *suite = suite_create("runtime/launch");
	TCase *start = tcase_create("start"), *root = tcase_create("root");
	TCase *process = tcase_create("process"), *hostile = tcase_create("hostile");
	TCase *cases[] = { start, root, process, hostile };

	for (size_t i = 0; i < 4; i++) {
		tcase_add_checked_fixture(cases[i], set_up, tear_down);
		tcase_set_timeout(cases[i], 20);
		suite_add_tcase(suite, cases[i]);
	}
	tcase_add_test(start, program_runs_and_its_exit_code_comes_back);
	tcase_add_test(start, program_waits_between_create_and_start);
	tcase_add_test(start, whoever_goes_before_it_says_start_leaves_the_program_waiting);
	tcase_add_test(start, init_ends_when_its_creator_is_gone_before_the_start);
	tcase_add_test(start, missing_program_is_127_in_dockers_words);
	tcase_add_test(start, program_that_may_not_run_is_126);
	tcase_add_test(start, program_that_is_started_at_once_waits_for_nobody);
	tcase_add_test(start, program_that_cannot_be_started_at_once_is_reported_by_the_start);
	tcase_add_test(start, hooks_run_before_what_is_started_at_once);
	tcase_add_test(start, init_whose_birth_is_refused_never_runs_and_leaves_nothing);
	tcase_add_test(start, limit_that_is_refused_while_the_init_mounts_leaves_no_group);
	tcase_add_test(start, init_that_fails_while_its_group_is_made_says_why);
	tcase_add_test(start, program_that_only_execve_refuses_fails_at_start);
	tcase_add_test(start, hooks_run_in_order_with_the_state);
	tcase_add_test(start, hook_that_fails_stops_the_creation_and_leaves_nothing);
	tcase_add_test(start, hook_that_hangs_is_killed_after_its_timeout);
	tcase_add_test(root, mounts_and_devices_are_dockers);
	tcase_add_test(root, nothing_of_the_host_is_mounted);
	tcase_add_test(root, masked_paths_show_nothing_and_read_only_ones_cannot_be_written);
	tcase_add_test(root, read_only_root_cannot_be_written_but_its_tmpfs_can);
	tcase_add_test(root, detached_root_serves_again_and_again);
	tcase_add_test(root, bind_mounts_of_files_and_directories_have_their_options);
	tcase_add_test(root, mount_target_through_a_dangling_symlink_stays_inside);
	tcase_add_test(root, missing_bind_source_is_named);
	tcase_add_test(process, capabilities_are_those_given_and_nothing_is_inheritable);
	tcase_add_test(process, user_has_its_groups_its_home_and_no_rights);
	tcase_add_test(process, ambient_capabilities_reach_a_plain_user);
	tcase_add_test(process, no_descriptor_but_the_standard_ones_is_open);
	tcase_add_test(process, descriptors_to_be_preserved_are);
	tcase_add_test(hostile, r12_waiting_init_holds_no_file_of_the_host);
	tcase_add_test(process, working_directory_is_made_where_it_is_missing);
	tcase_add_test(process, sysctl_is_written_in_the_containers_namespace_only);
	tcase_add_test(process, terminal_is_the_containers_own);
	tcase_add_test(process, limits_and_scores_that_the_machine_cannot_give_are_warnings);
	tcase_add_test(root, id_mapped_mount_shows_the_hosts_ids_as_the_containers);
	tcase_add_test(root, tmpcopyup_begins_with_what_it_covers);
	tcase_add_test(root, private_cgroup_namespace_begins_at_the_container);
	tcase_add_test(process, user_namespace_of_another_is_joined_with_its_network);
	tcase_add_test(process, seccomp_filter_answers_and_its_listener_reaches_the_agent);
	tcase_add_test(process, pid_namespace_of_another_is_joined);
	tcase_add_test(process, time_offsets_are_set);
	tcase_add_test(process, what_the_machine_has_not_is_refused_by_its_field_and_not_ignored);
	tcase_add_test(process, user_namespace_maps_ids_and_its_devices_work);
	tcase_add_test(hostile, r02_working_directory_never_leads_out_by_a_leaked_descriptor);
	tcase_add_test(hostile, r03_null_device_that_is_a_symlink_masks_nothing);
	tcase_add_test(hostile, r05_proc_as_a_symlink_is_refused);
	tcase_add_test(hostile, r05_nothing_is_mounted_inside_proc);
	tcase_add_test(hostile, r05_proc_must_be_a_procfs);
	tcase_add_test(hostile, r06_symlinked_dev_is_not_followed_to_the_host);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(suite_of());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
