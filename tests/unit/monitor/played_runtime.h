/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_PLAYED_RUNTIME_H
#define BT_TESTS_PLAYED_RUNTIME_H

/*
 * A monitor whose containers are made by a runtime that the test wrote: a script, which notes how
 * it was called, runs the test's program as the container's, and fails where it is told to.
 */

#include "monitor_fixture.h"

#define PLAYED_SPEC                                                                            \
	"{\"ociVersion\":\"1.2.0\",\"process\":{\"args\":[\"x\"]},\"root\":{\"path\":\"/r\"}," \
	"\"linux\":{\"namespaces\":[{\"type\":\"pid\"}]}}"

/*
 * `--root R --log L --log-format json [--systemd-cgroup] VERB … ID`. A file "refuse.VERB" is the
 * log that it leaves before it fails; "say.VERB" is a script that it runs with all its words. The
 * program begins when the runtime has ended ("alive" has no writer any more), so that it is not
 * the runtime that sees its end; and, but for an exec, when it is told to start. The process
 * becomes it, as with any runtime. Where the test has failed meanwhile nobody tells it: it ends.
 */
static const char played_script[] =
	"#!/bin/sh\n"
	"here=${0%/*} log=$4\n"
	"echo \"$@\" >>$here/words\n"
	"shift 6\n"
	"[ $1 != --systemd-cgroup ] || shift\n"
	"echo \"$@\" >>$here/calls\n"
	"case $1 in start|delete) : >$here/go ;; create) rm -f $here/go ;; esac\n"
	"if [ -f $here/refuse.$1 ]; then cat $here/refuse.$1 >$log; exit 1; fi\n"
	"if [ -f $here/say.$1 ]; then . $here/say.$1; exit; fi\n"
	"case $1 in create) pid=$5 ;; exec) pid=$6 ;; *) exit 0 ;; esac\n"
	"exec 3<&0 5<>$here/alive 6<$here/alive\n"
	"read test <$here/test\n"
	"begin='read x <&6; exec 6<&-; until [ $2 = exec -o -e $1/go ]; do"
	" [ -d $1 -a -d /proc/$3 ] || exit; sleep 0.01; done'\n"
	"sh -c \"$begin; exec sh \\$0 \\$1\" $here/program.$1 $here $1 $test <&3 3<&- 5<&- &\n"
	"echo $! >$pid\n";

/** Write a file of the directory. */
static inline void write_in_dir(const char *name, const char *text, mode_t mode)
{
	bt_auto_free char *path = in_dir(name);

	ck_assert_int_eq(bt_io_create_file(AT_FDCWD, path, mode, text, strlen(text)), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

/** What stands in a file of the directory, owned; "" where there is none. */
static inline char *read_in_dir(const char *name)
{
	bt_auto_free char *path = in_dir(name);
	char *text = NULL;

	if (bt_io_read_file(AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
		text = strdup("");
	return text;
}

static inline bool is_in_dir(const char *name)
{
	bt_auto_free char *path = in_dir(name);

	return access(path, F_OK) == 0;
}

/** The container's program, a script for which $1 is the directory. */
static inline void set_program(const char *script)
{
	write_in_dir("program.create", script, 0600);
}

static inline void setup_runtime(void)
{
	bt_auto_free char *gate = NULL, *alive = NULL;
	char pid[16];

	setup_monitor();
	gate = in_dir("gate");
	alive = in_dir("alive");
	ck_assert_int_eq(mkfifo(gate, 0600) | mkfifo(alive, 0600), 0);
	(void)snprintf(pid, sizeof(pid), "%d\n", getpid());
	write_in_dir("test", pid, 0600);
	write_in_dir("runtime", played_script, 0755);
	set_program("exit 0\n");
	m.spawn.runtime = in_dir("runtime");
	m.spawn.bundle = in_dir("bundle");
	m.spec_fd = bt_io_memfd("spec", PLAYED_SPEC, strlen(PLAYED_SPEC));
	ck_assert_int_ge(m.spec_fd, 0);
}

static inline void teardown_runtime(void)
{
	bt_auto_free char *runtime = (char *)(uintptr_t)m.spawn.runtime;
	bt_auto_free char *bundle = (char *)(uintptr_t)m.spawn.bundle;

	if (m.run && m.run->pid > 0)
		(void)kill(m.run->pid, SIGKILL);
	teardown_monitor();
}

/** Wait until a program does `echo >$1/gate`, or let one go on that does `read x <$1/gate`. */
static inline void await_gate(void)
{
	bt_auto_free char *path = in_dir("gate");
	bt_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char byte;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fd, &byte, 1), 1);
}

static inline void open_gate(void)
{
	bt_auto_free char *path = in_dir("gate");
	bt_auto_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(write(fd, "\n", 1), 1);
}

/** The container is started, and the daemon hears that. Returns its process. */
static inline pid_t start_box(void)
{
	json_auto_t *started = NULL;

	bt_life_start(&m);
	started = next_of(daemon_fd, "started");
	ck_assert_int_eq(m.state, BT_MONITOR_RUNNING);
	ck_assert_int_eq(number_of(started, "pid"), m.run->pid);
	return m.run->pid;
}

/** How often the runtime was called with a verb. */
static inline int count_calls(const char *verb)
{
	bt_auto_free char *calls = read_in_dir("calls");
	bt_auto_free char *line = bt_str_format("%s ", verb);
	int n = 0;

	for (const char *p = calls; *p; p += strcspn(p, "\n"), p += *p == '\n')
		n += strncmp(p, line, strlen(line)) == 0;
	return n;
}

#endif
