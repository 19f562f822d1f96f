/* SPDX-License-Identifier: Apache-2.0 */

#include "launch_fixture.h"

#include <signal.h>
#include <sys/resource.h>

#include "killed_at_birth.h"

#include "runtime/state.h"

static struct fixture f;
static struct bt_launch container;
static int container_out;

/* A container that waits to be killed. */
static void start(void)
{
	fixture_set(&f, "process.args", "['sleep','1000']");
	ck_assert_msg(fixture_create(&f, &container, &container_out) == 0, "%s", f.err.msg);
	ck_assert_msg(bt_launch_start(&container, &f.err) == 0, "%s", f.err.msg);
}

static void set_up(void)
{
	fixture_init(&f);
}

static void tear_down(void)
{
	(void)kill(container.pid, SIGKILL);
	ck_assert_int_eq(fixture_wait(container.pid), 128 + SIGKILL);
	bt_launch_done(&container);
	ck_assert_int_eq(fixture_cleanup(&f, &f.err), 0);
	bt_close(&container_out);
	fixture_done(&f);
}

/* Run a shell script beside it; the process is as the container's own but for what
 * `change` (may be NULL) does to it. Returns the exit code or a negative errno. */
static int exec_script(const char *script, void (*change)(struct bt_oci_process *))
{
	char *args[] = { "sh", "-c", (char *)(uintptr_t)script, NULL };
	struct bt_oci_process process = f.spec.process;
	bt_auto_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct bt_launch_exec req = {
		.target = container.pid, .process = &process, .spec = &f.spec, .id = f.id
	};
	struct bt_launch launch = { 0 };
	int out[2], r, code;

	process.args = (struct bt_oci_strings){ .v = args, .n = 3 };
	if (change != NULL)
		change(&process);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	req.stdio[0] = null;
	req.stdio[1] = req.stdio[2] = out[1];
	r = bt_launch_exec(&req, &launch, &f.err);
	bt_close(&out[1]);
	if (r < 0) {
		bt_close(&out[0]);
		return r;
	}
	fixture_read(&f, process.terminal ? launch.console_fd : out[0]);
	code = fixture_wait(launch.pid);
	bt_launch_done(&launch);
	bt_close(&out[0]);
	return code;
}

static void assert_prints(const char *script, const char *text)
{
	int r = exec_script(script, NULL);

	ck_assert_msg(r == 0, "%d: %s, output: %s", r, f.err.msg, f.out);
	ck_assert_str_eq(f.out, text);
}

START_TEST(process_is_in_all_namespaces_and_groups_of_the_container)
{
	char script[512];

	start();
	(void)snprintf(
		script, sizeof(script),
		"for n in cgroup ipc mnt net pid uts; do"
		" [ $(readlink /proc/1/ns/$n) = $(readlink /proc/self/ns/$n) ] || echo $n; done;"
		"hostname; grep -c berth-%s /proc/self/cgroup; echo /bin/*box",
		f.id);
	ck_assert_int_eq(exec_script(script, NULL), 0);
	ck_assert_int_eq(strncmp(f.out, "fixture\n", 8), 0);
	ck_assert_ptr_nonnull(strstr(f.out, "/bin/busybox"));
	ck_assert_int_gt(atoi(f.out + 8), 0);
}
END_TEST

START_TEST(exit_code_comes_back)
{
	start();
	ck_assert_int_eq(exec_script("exit 9", NULL), 9);
}
END_TEST

static void no_program(struct bt_oci_process *p)
{
	p->args.v[0] = "nosuch";
}

START_TEST(missing_program_is_127_and_leaves_no_process)
{
	start();
	ck_assert_int_eq(exec_script("", no_program), -ENOENT);
	ck_assert_int_eq(bt_launch_exit_code(&f.err), 127);
	ck_assert_str_eq(f.err.msg, "exec: \"nosuch\": executable file not found in $PATH");
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), 0);
}
END_TEST

static void other_user(struct bt_oci_process *p)
{
	p->uid = 1000;
	p->gid = 5;
	p->cwd = "/tmp";
}

START_TEST(user_and_directory_are_those_asked_for)
{
	start();
	ck_assert_int_eq(exec_script("id -u; id -g; pwd; echo $HOME", other_user), 0);
	ck_assert_str_eq(f.out, "1000\n5\n/tmp\n/home/u\n");
}
END_TEST

START_TEST(r09_nothing_is_inheritable)
{
	start();
	assert_prints("grep -E 'CapInh|CapAmb' /proc/self/status",
		      "CapInh:\t0000000000000000\nCapAmb:\t0000000000000000\n");
}
END_TEST

static void leaky_directory(struct bt_oci_process *p)
{
	p->cwd = "/proc/self/fd/77";
}

START_TEST(r02_directory_never_leads_out)
{
	bt_auto_close int leaked = -EBADF;

	start();
	leaked = dup2(open("/etc", O_RDONLY | O_DIRECTORY), 77);
	ck_assert_int_lt(exec_script("pwd", leaky_directory), 0);
	assert_prints("ls /proc/$$/fd; true", "0\n1\n2\n");
}
END_TEST

static void on_terminal(struct bt_oci_process *p)
{
	p->terminal = true;
	p->console_height = 10;
	p->console_width = 20;
}

START_TEST(terminal_is_of_the_containers_devpts)
{
	start();
	ck_assert_msg(exec_script("tty; stty size", on_terminal) == 0, "%s", f.err.msg);
	ck_assert_str_eq(f.out, "/dev/pts/0\r\n10 20\r\n");
}
END_TEST

/* A filter that its own birth would not survive is installed by the program's process itself. */
START_TEST(filter_that_lets_nobody_fork_is_in_force_all_the_same)
{
	fixture_set(
		&f, "linux.seccomp",
		"{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['clone','clone3','fork',"
		"'vfork'],'action':'SCMP_ACT_ERRNO','errnoRet':1},{'names':['mkdir','mkdirat'],"
		"'action':'SCMP_ACT_ERRNO','errnoRet':5}]}");
	start();
	ck_assert_msg(exec_script("mkdir /tmp/x", NULL) != 0, "%s", f.err.msg);
	ck_assert_int_eq(exec_script("exec mkdir /tmp/x 2>/dev/null", NULL), 1);
	ck_assert_int_eq(exec_script("exec grep -q Seccomp:.2 /proc/self/status", NULL), 0);
}
END_TEST

START_TEST(filter_that_lets_fork_is_in_force_from_birth_on)
{
	fixture_set(&f, "linux.seccomp",
		    "{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['mkdir','mkdirat'],"
		    "'action':'SCMP_ACT_ERRNO','errnoRet':5}]}");
	start();
	assert_prints("mkdir /tmp/x 2>&1 || grep -c Seccomp:.2 /proc/self/status",
		      "mkdir: can't create directory '/tmp/x': Input/output error\n1\n");
}
END_TEST

static void few_processes(struct bt_oci_process *p)
{
	/* Nobody else has this user. */
	static struct bt_oci_rlimit limit = { .type = RLIMIT_NPROC, .soft = 1, .hard = 2 };

	p->uid = 4000000007u;
	p->rlimits = &limit;
	p->nrlimits = 1;
}

START_TEST(number_of_processes_does_not_count_who_makes_it)
{
	start();
	ck_assert_msg(exec_script("ulimit -Su; ulimit -Hu; readlink /proc/self >/dev/null; true",
				  few_processes) != 0,
		      "it forked");
	ck_assert_str_eq(f.out, "1\n2\nsh: can't fork: Resource temporarily unavailable\n");
}
END_TEST

static void ambient(struct bt_oci_process *p)
{
	p->capabilities.ambient = p->capabilities.inheritable = p->capabilities.permitted =
		p->capabilities.effective = p->capabilities.bounding = UINT64_C(1) << 10;
	p->uid = p->gid = 1000;
}

START_TEST(capabilities_outlive_the_birth)
{
	start();
	ck_assert_int_eq(exec_script("grep ^Cap /proc/self/status", ambient), 0);
	ck_assert_str_eq(f.out, "CapInh:\t0000000000000400\nCapPrm:\t0000000000000400\n"
				"CapEff:\t0000000000000400\nCapBnd:\t0000000000000400\n"
				"CapAmb:\t0000000000000400\n");
}
END_TEST

START_TEST(user_namespace_is_entered_too)
{
	fixture_set(&f, "linux.uidMappings", "[{'containerID':0,'hostID':100000,'size':65536}]");
	fixture_set(&f, "linux.gidMappings", "[{'containerID':0,'hostID':100000,'size':65536}]");
	json_array_append_new(json_object_get(json_object_get(f.config, "linux"), "namespaces"),
			      fixture_json("{'type':'user'}"));
	ck_assert_int_eq(chmod(f.bundle, 0755), 0);
	start();
	assert_prints("id -u; cat /proc/self/uid_map", "0\n         0     100000      65536\n");
}
END_TEST

START_TEST(container_that_ended_is_a_conflict)
{
	pid_t dead = fork();
	struct bt_launch_exec req = { .process = &f.spec.process, .spec = &f.spec, .id = f.id };
	struct bt_launch launch;

	if (dead == 0)
		_exit(0);
	ck_assert_int_eq(fixture_wait(dead), 0);
	start();
	req.target = dead;
	ck_assert_int_eq(bt_launch_exec(&req, &launch, &f.err), -ESRCH);
	ck_assert_int_eq(f.err.kind, BT_ERR_CONFLICT);
}
END_TEST

START_TEST(process_that_has_the_number_of_an_init_that_ended_is_not_entered)
{
	struct bt_launch_exec req = { .process = &f.spec.process, .spec = &f.spec, .id = f.id };
	struct bt_launch launch;

	start();
	req.target = container.pid;
	ck_assert_int_eq(bt_state_start_time(container.pid, &req.target_start), 1);
	req.target_start++;
	ck_assert_int_eq(bt_launch_exec(&req, &launch, &f.err), -ESRCH);
	ck_assert_int_eq(f.err.kind, BT_ERR_CONFLICT);
}
END_TEST

/* As a monitor makes one, which lives on: 0 where the error says what has happened, and no child
 * is left, nor one to be reaped. */
static int exec_whose_first_child_is_killed(void)
{
	int r = exec_script("touch /tmp/ran", NULL);

	if (r != -ECHILD || strstr(f.err.msg, "was killed, perhaps for want of memory") == NULL)
		return 1;
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? 0 : 2;
}

START_TEST(first_child_killed_before_it_tells_its_number_leaves_nobody)
{
	char path[256];
	bool killed;
	int r;

	start();
	r = killed_at_birth(exec_whose_first_child_is_killed, &killed);
	if (r < 0)
		return;
	ck_assert_int_eq(r, 0);
	ck_assert(killed);
	(void)snprintf(path, sizeof(path), "%s/tmp/ran", f.root);
	ck_assert_int_lt(access(path, F_OK), 0);
	/* The init, and who asks. */
	assert_prints("set -- /proc/[0-9]*; echo $#", "2\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/exec");
	TCase *exec = tcase_create("exec");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(exec, set_up, tear_down);
	tcase_set_timeout(exec, 20);
	tcase_add_test(exec, process_is_in_all_namespaces_and_groups_of_the_container);
	tcase_add_test(exec, exit_code_comes_back);
	tcase_add_test(exec, missing_program_is_127_and_leaves_no_process);
	tcase_add_test(exec, user_and_directory_are_those_asked_for);
	tcase_add_test(exec, r09_nothing_is_inheritable);
	tcase_add_test(exec, r02_directory_never_leads_out);
	tcase_add_test(exec, terminal_is_of_the_containers_devpts);
	tcase_add_test(exec, filter_that_lets_nobody_fork_is_in_force_all_the_same);
	tcase_add_test(exec, filter_that_lets_fork_is_in_force_from_birth_on);
	tcase_add_test(exec, number_of_processes_does_not_count_who_makes_it);
	tcase_add_test(exec, capabilities_outlive_the_birth);
	tcase_add_test(exec, user_namespace_is_entered_too);
	tcase_add_test(exec, container_that_ended_is_a_conflict);
	tcase_add_test(exec, process_that_has_the_number_of_an_init_that_ended_is_not_entered);
	tcase_add_test(exec, first_child_killed_before_it_tells_its_number_leaves_nobody);
	suite_add_tcase(suite, exec);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
