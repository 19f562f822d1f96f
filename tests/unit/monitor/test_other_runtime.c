/* SPDX-License-Identifier: Apache-2.0 */

#include "monitor/other_runtime.h"

#include <sys/prctl.h>

#include "played_runtime.h"

static struct bt_err err;

static const int no_stdio[3] = { -EBADF, -EBADF, -EBADF };

/* The container's process, which the test takes over. */
static struct bt_process process = { .pidfd = -EBADF, .console_fd = -EBADF };

static int start(void)
{
	process = (struct bt_process){ .pidfd = -EBADF, .console_fd = -EBADF };
	return bt_other_runtime_start(&m, no_stdio, &process, &err);
}

/* Its exit code, once it has one. */
static int end_process(void)
{
	int status;

	ck_assert_int_eq(waitpid(process.pid, &status, 0), process.pid);
	bt_close(&process.pidfd);
	bt_close(&process.console_fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The start failed: the runtime was told to delete what it may have made, and no process is
 * ours. */
static void check_nothing_left(void)
{
	ck_assert_int_ge(count_calls("delete"), 1);
	ck_assert_int_eq(process.pid, 0);
	ck_assert_int_eq(process.pidfd, -EBADF);
	ck_assert_int_eq(process.console_fd, -EBADF);
}

static json_t *written_config(void)
{
	bt_auto_free char *text = read_in_dir("bundle/config.json");
	json_t *json = json_loads(text, 0, NULL);

	ck_assert_msg(json != NULL, "config.json: %s", text);
	return json;
}

static void set_spec(const char *text)
{
	bt_close(&m.spec_fd);
	m.spec_fd = bt_io_memfd("spec", text, strlen(text));
	ck_assert_int_ge(m.spec_fd, 0);
}

/* ---- how it is called ---------------------------------------------------------------- */

START_TEST(it_is_called_as_all_runtimes_are)
{
	bt_auto_free char *words = NULL, *want = NULL;

	ck_well(start(), &err);
	words = read_in_dir("words");
	want = bt_str_format(
		"--root %s/bundle/state --log %s/bundle/init.log --log-format json create --bundle "
		"%s/bundle --pid-file %s/bundle/init.pid box\n"
		"--root %s/bundle/state --log %s/bundle/init.log --log-format json start box\n",
		dir, dir, dir, dir, dir, dir);
	ck_assert_str_eq(words, want);
	ck_assert_int_eq(end_process(), 0);
	bt_other_runtime_cleanup(&m);
	free(bt_take(words));
	words = read_in_dir("calls");
	ck_assert_ptr_nonnull(strstr(words, "\ndelete --force box\n"));
}
END_TEST

START_TEST(who_keeps_the_control_groups_is_said_at_every_call)
{
	bt_auto_free char *words = NULL;
	int n = 0;

	m.spawn.systemd_cgroup = true;
	ck_well(start(), &err);
	(void)end_process();
	bt_other_runtime_cleanup(&m);
	words = read_in_dir("words");
	for (const char *p = words; (p = strstr(p, " --log-format json --systemd-cgroup ")); p++)
		n++;
	ck_assert_int_eq(n, 3);
}
END_TEST

START_TEST(the_program_runs_with_the_output_it_was_given)
{
	int out[2];
	char said[16] = "";

	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	set_program("echo hello; exit 6\n");
	ck_well(bt_other_runtime_start(&m, (const int[]){ -EBADF, out[1], out[1] }, &process, &err),
		&err);
	close(out[1]);
	ck_assert_int_eq(read(out[0], said, sizeof(said) - 1), 6);
	ck_assert_str_eq(said, "hello\n");
	/* Nobody else has it: neither the runtime that has ended, nor this process. */
	ck_assert_int_eq(read(out[0], said, sizeof(said)), 0);
	close(out[0]);
	ck_assert_int_eq(end_process(), 6);
}
END_TEST

START_TEST(a_runtime_that_is_not_there_is_named)
{
	free((void *)(uintptr_t)m.spawn.runtime);
	m.spawn.runtime = in_dir("nobody");
	ck_assert_int_eq(start(), -ENOENT);
	check_err(&err, BT_ERR_SYSTEM, m.spawn.runtime);
	ck_assert_int_eq(process.pid, 0);
}
END_TEST

START_TEST(without_a_bundle_there_is_no_place_for_it)
{
	free((void *)(uintptr_t)bt_take(m.spawn.bundle));
	ck_assert_int_lt(start(), 0);
	check_err(&err, BT_ERR_INVALID, "a runtime, but no bundle");
	ck_assert(!is_in_dir("calls"));
	ck_assert_int_lt(
		bt_other_runtime_exec(&m, "e1", m.spec_fd, false, no_stdio, &process, &err), 0);
	bt_other_runtime_cleanup(&m);
	ck_assert(!is_in_dir("calls"));
}
END_TEST

/* ---- the bundle ------------------------------------------------------------------------- */

START_TEST(the_specification_is_the_daemons_in_a_version_that_older_runtimes_take)
{
	json_auto_t *config = NULL, *want = NULL;

	ck_well(start(), &err);
	(void)end_process();
	config = written_config();
	want = json_loads(PLAYED_SPEC, 0, NULL);
	ck_assert_int_eq(json_object_set_new(want, "ociVersion", json_string("1.0.2")), 0);
	ck_assert(json_equal(config, want));
	/* And it can be read again at the next run. */
	ck_well(start(), &err);
	(void)end_process();
}
END_TEST

START_TEST(the_network_is_the_one_that_we_hold)
{
	static const char *const specs[] = {
		"{\"linux\":{\"namespaces\":[{\"type\":\"network\"},{\"type\":\"pid\"}]}}",
		"{\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/x\"}]}}",
		"{\"linux\":{\"namespaces\":[{\"type\":\"pid\"}]}}",
	};
	bt_auto_free char *path = NULL;

	m.netns_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(m.netns_fd, 0);
	path = bt_str_format("/proc/%d/fd/%d", (int)getpid(), m.netns_fd);
	for (size_t i = 0; i < LENGTH(specs); i++) {
		json_auto_t *config = NULL;
		const json_t *namespaces, *item;
		unsigned networks = 0;
		size_t k;

		set_spec(specs[i]);
		ck_well(start(), &err);
		(void)end_process();
		config = written_config();
		namespaces = json_object_get(json_object_get(config, "linux"), "namespaces");
		ck_assert_uint_eq(json_array_size(namespaces), 2);
		json_array_foreach (namespaces, k, item) {
			if (strcmp(bt_json_str(item, "type", ""), "network") != 0)
				continue;
			networks++;
			ck_assert_str_eq(bt_json_str(item, "path", ""), path);
		}
		ck_assert_uint_eq(networks, 1);
	}
}
END_TEST

START_TEST(a_filter_that_was_compiled_for_us_alone_is_refused_and_not_dropped)
{
	m.seccomp_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_lt(start(), 0);
	check_err(&err, BT_ERR_INVALID, "needs the seccomp profile in the specification");
	ck_assert(!is_in_dir("calls"));
	/* One that stands in the specification is the runtime's own business. */
	set_spec(
		"{\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"},\"namespaces\":[]}}");
	ck_well(start(), &err);
	(void)end_process();
	bt_close(&m.seccomp_fd);
}
END_TEST

START_TEST(a_specification_that_is_none_starts_nothing)
{
	static const char *const specs[] = { "", "{", "[]x" };

	for (size_t i = 0; i < LENGTH(specs); i++) {
		set_spec(specs[i]);
		ck_assert_int_lt(start(), 0);
		ck_assert(!is_in_dir("calls"));
	}
}
END_TEST

START_TEST(the_control_group_is_known_from_the_specification)
{
	set_spec("{\"linux\":{\"cgroupsPath\":\"relative\"}}");
	ck_well(start(), &err);
	(void)end_process();
	ck_assert_ptr_null(m.cgroup_path);
	set_spec("{\"linux\":{\"cgroupsPath\":\"/docker/box\"}}");
	ck_well(start(), &err);
	(void)end_process();
	ck_assert_str_eq(m.cgroup_path, "/docker/box");
}
END_TEST

/* ---- what it answers ----------------------------------------------------------------------- */

START_TEST(why_it_failed_is_the_last_thing_that_its_log_says)
{
	static const struct {
		const char *log, *words;
		int errnum;
	} cases[] = {
		{ "{\"level\":\"warning\",\"msg\":\"first\"}\n{\"level\":\"error\",\"msg\":\"second\"}\n",
		  ": second", EIO },
		/* Without a newline, with lines that are none, and with ones that say nothing. */
		{ "{\"msg\":\"no such file or directory\"}\n\nwords\n{\"level\":\"error\"}\n[\"msg\"]",
		  ": no such file or directory", ENOENT },
		{ "{\"msg\":\"one\"}\n{\"msg\":\"torn", ": one", EIO },
		{ "{\"msg\":5}\n", "it did not say why", EIO },
		{ "", "it did not say why", EIO },
		{ "{\"msg\":\"exec: \\\"x\\\": executable file not found in $PATH\"}",
		  "executable file not found", ENOENT },
		{ "{\"msg\":\"open: Permission denied\"}", "Permission denied", EACCES },
		{ "{\"msg\":\"exec: /etc: is a directory\"}", "is a directory", EISDIR },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		write_in_dir("refuse.create", cases[i].log, 0600);
		ck_assert_msg(start() == -cases[i].errnum, "%s: %s", cases[i].log, err.msg);
		check_err(&err, BT_ERR_SYSTEM, cases[i].words);
		check_nothing_left();
	}
	ck_assert_int_eq(count_calls("start"), 0);
}
END_TEST

START_TEST(a_log_of_an_earlier_call_explains_nothing)
{
	bt_auto_free char *log = in_dir("bundle/init.log");

	ck_well(start(), &err);
	(void)end_process();
	write_in_dir("bundle/init.log", "{\"msg\":\"of long ago\"}", 0600);
	write_in_dir("say.create", "exit 3\n", 0600);
	ck_assert_int_lt(start(), 0);
	check_err(&err, BT_ERR_SYSTEM, "it did not say why");
	ck_assert_int_eq(access(log, F_OK), -1);
}
END_TEST

START_TEST(what_it_says_at_length_is_cut)
{
	bt_auto_free char *log = bt_str_format("{\"msg\":\"%02000d\"}", 7);

	write_in_dir("refuse.create", log, 0600);
	ck_assert_int_lt(start(), 0);
	check_err(&err, BT_ERR_SYSTEM, "00000000000000000000000000000000");
	ck_assert_uint_lt(strlen(err.msg), strlen(m.spawn.runtime) + 402);
}
END_TEST

START_TEST(one_that_dies_of_a_signal_has_failed)
{
	write_in_dir("say.create", "kill -KILL $$\n", 0600);
	ck_assert_int_lt(start(), 0);
	check_err(&err, BT_ERR_SYSTEM, "it did not say why");
	check_nothing_left();
}
END_TEST

START_TEST(a_start_that_it_refuses_leaves_no_process)
{
	write_in_dir("refuse.start", "{\"msg\":\"not today\"}", 0600);
	write_in_dir("say.delete", "kill -KILL $(cat $here/bundle/init.pid)\n", 0600);
	set_program("read x <$1/gate\n");
	ck_assert_int_lt(start(), 0);
	check_err(&err, BT_ERR_SYSTEM, "not today");
	check_nothing_left();
	/* What it had made is our child by now, and dead. */
	while (waitpid(-1, NULL, 0) > 0)
		;
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

/* A process file that says this, whatever it means. */
static int start_with_pid(const char *text)
{
	bt_auto_free char *say =
		bt_str_format("case $1 in create) printf -- '%s' >$5 ;; esac\n", text);

	write_in_dir("say.create", say, 0600);
	return start();
}

START_TEST(a_process_that_is_no_number_of_one_is_refused)
{
	static const char *const texts[] = {
		"", "\\n", "x", "-5", "0", "12x", "4294967297", "18446744073709551617", "2147483648"
	};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		ck_assert_msg(start_with_pid(texts[i]) < 0, "'%s' is %d", texts[i],
			      (int)process.pid);
		ck_assert_msg(strstr(err.msg, "init.pid") != NULL, "'%s': %s", texts[i], err.msg);
		check_nothing_left();
	}
}
END_TEST

START_TEST(a_process_that_there_cannot_be_is_refused)
{
	/* The kernel's numbers are smaller. */
	ck_assert_int_lt(start_with_pid("4194304"), 0);
	check_err(&err, BT_ERR_SYSTEM, "find process 4194304");
	check_nothing_left();
}
END_TEST

START_TEST(no_process_at_all_is_refused)
{
	write_in_dir("say.create", "exit 0\n", 0600);
	ck_assert_int_eq(start(), -ENOENT);
	check_err(&err, BT_ERR_SYSTEM, "init.pid");
	check_nothing_left();
}
END_TEST

/* ---- terminals --------------------------------------------------------------------------------
 */

START_TEST(a_success_without_the_terminal_that_was_asked_for_is_none)
{
	m.spawn.tty = true;
	write_in_dir("say.create", "exit 0\n", 0600);
	ck_assert_int_lt(start(), 0);
	check_err(&err, BT_ERR_SYSTEM, "receive the terminal");
	check_nothing_left();
	/* The next one has a socket of its own. */
	ck_assert_int_lt(start(), 0);
	check_err(&err, BT_ERR_SYSTEM, "receive the terminal");
}
END_TEST

START_TEST(the_terminals_socket_is_named_only_where_one_is_wanted)
{
	bt_auto_free char *calls = NULL;

	ck_well(start(), &err);
	(void)end_process();
	calls = read_in_dir("calls");
	ck_assert_ptr_null(strstr(calls, "--console-socket"));
	free(bt_take(calls));
	m.spawn.tty = true;
	/* However long the bundle's path, the name can be one of a socket. */
	write_in_dir("say.create",
		     "[ ${#7} -le 107 ] && [ -S $7 ] && echo yes >$here/socket\nexit 1\n", 0600);
	ck_assert_int_lt(start(), 0);
	ck_assert(is_in_dir("socket"));
}
END_TEST

/* ---- further processes --------------------------------------------------------------------------
 */

static int exec(const char *id)
{
	bt_auto_close int fd = bt_io_memfd("process", "{\"args\":[\"y\"]}", 14);

	process = (struct bt_process){ .pidfd = -EBADF, .console_fd = -EBADF };
	return bt_other_runtime_exec(&m, id, fd, false, no_stdio, &process, &err);
}

START_TEST(an_exec_is_a_file_for_the_runtime_and_leaves_none)
{
	static const char *const left[] = { "bundle/e1.json", "bundle/e1.pid", "bundle/e1.log" };
	bt_auto_free char *calls = NULL, *seen = NULL, *want = NULL, *bundle = in_dir("bundle");

	ck_assert_int_eq(mkdir(bundle, 0700), 0);
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	/* The copy is made before it answers: afterwards the file is gone. The process ends behind
	 * the runtime, as always. */
	write_in_dir("say.exec",
		     "cp $4 $here/seen\n"
		     "exec 5<>$here/alive 6<$here/alive\n"
		     "sh -c 'read x <&6; exit 8' 5<&- &\n"
		     "echo $! >$6\n",
		     0600);
	ck_well(exec("e1"), &err);
	ck_assert_int_eq(end_process(), 8);
	calls = read_in_dir("calls");
	want = bt_str_format("exec --detach --process %s/e1.json --pid-file %s/e1.pid box\n",
			     bundle, bundle);
	ck_assert_str_eq(calls, want);
	seen = read_in_dir("seen");
	ck_assert_str_eq(seen, "{\"args\":[\"y\"]}");
	for (size_t i = 0; i < LENGTH(left); i++)
		ck_assert_msg(!is_in_dir(left[i]), "%s", left[i]);
}
END_TEST

START_TEST(an_exec_that_fails_leaves_no_file_either)
{
	static const char *const left[] = { "bundle/e1.json", "bundle/e1.pid", "bundle/e1.log" };
	bt_auto_free char *bundle = in_dir("bundle");

	ck_assert_int_eq(mkdir(bundle, 0700), 0);
	write_in_dir("refuse.exec", "{\"msg\":\"exec y: permission denied\"}", 0600);
	ck_assert_int_eq(exec("e1"), -EACCES);
	check_err(&err, BT_ERR_SYSTEM, "permission denied");
	for (size_t i = 0; i < LENGTH(left); i++)
		ck_assert_msg(!is_in_dir(left[i]), "%s", left[i]);
	/* The container is not ended by it. */
	ck_assert_int_eq(count_calls("delete"), 0);
}
END_TEST

START_TEST(an_id_that_is_no_plain_word_becomes_no_file)
{
	static const char *const ids[] = { "../e", "a/b", "a.b", "e 1", "e\n", "-" };

	for (size_t i = 0; i < LENGTH(ids); i++) {
		ck_assert_int_lt(exec(ids[i]), 0);
		check_err(&err, BT_ERR_INVALID, "exec: bad id");
	}
	ck_assert(!is_in_dir("calls"));
	ck_assert(!is_in_dir("bundle"));
}
END_TEST

/* ---- what is left behind
 * -------------------------------------------------------------------------- */

static pid_t dead_child(void)
{
	const pid_t child = fork();

	if (child == 0)
		_exit(1);
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	return child;
}

static bool is_there(pid_t pid)
{
	return waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOHANG | WNOWAIT) == 0;
}

START_TEST(children_that_nobody_knows_are_reaped_and_no_others)
{
	const pid_t stray[] = { dead_child(), dead_child() };
	pid_t known;

	bt_other_runtime_reap(&m);
	ck_assert(!is_there(stray[0]) && !is_there(stray[1]));
	known = dead_child();
	ck_assert_int_eq(bt_life_prepare(&m), 0);
	m.run->pid = known;
	bt_other_runtime_reap(&m);
	ck_assert(is_there(known));
	m.run->pid = 0;
	bt_other_runtime_reap(&m);
	ck_assert(!is_there(known));
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, it_is_called_as_all_runtimes_are);
	tcase_add_test(tests, who_keeps_the_control_groups_is_said_at_every_call);
	tcase_add_test(tests, the_program_runs_with_the_output_it_was_given);
	tcase_add_test(tests, a_runtime_that_is_not_there_is_named);
	tcase_add_test(tests, without_a_bundle_there_is_no_place_for_it);
	tcase_add_test(tests,
		       the_specification_is_the_daemons_in_a_version_that_older_runtimes_take);
	tcase_add_test(tests, the_network_is_the_one_that_we_hold);
	tcase_add_test(tests, a_filter_that_was_compiled_for_us_alone_is_refused_and_not_dropped);
	tcase_add_test(tests, a_specification_that_is_none_starts_nothing);
	tcase_add_test(tests, the_control_group_is_known_from_the_specification);
	tcase_add_test(tests, why_it_failed_is_the_last_thing_that_its_log_says);
	tcase_add_test(tests, a_log_of_an_earlier_call_explains_nothing);
	tcase_add_test(tests, what_it_says_at_length_is_cut);
	tcase_add_test(tests, one_that_dies_of_a_signal_has_failed);
	tcase_add_test(tests, a_start_that_it_refuses_leaves_no_process);
	tcase_add_test(tests, a_process_that_is_no_number_of_one_is_refused);
	tcase_add_test(tests, a_process_that_there_cannot_be_is_refused);
	tcase_add_test(tests, no_process_at_all_is_refused);
	tcase_add_test(tests, a_success_without_the_terminal_that_was_asked_for_is_none);
	tcase_add_test(tests, the_terminals_socket_is_named_only_where_one_is_wanted);
	tcase_add_test(tests, an_exec_is_a_file_for_the_runtime_and_leaves_none);
	tcase_add_test(tests, an_exec_that_fails_leaves_no_file_either);
	tcase_add_test(tests, an_id_that_is_no_plain_word_becomes_no_file);
	tcase_add_test(tests, children_that_nobody_knows_are_reaped_and_no_others);
}

int main(void)
{
	return run_suite("monitor/other_runtime", setup_runtime, teardown_runtime, add_tests);
}
