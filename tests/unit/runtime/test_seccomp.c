/* SPDX-License-Identifier: Apache-2.0 */

/* Filters are run in a small interpreter of classic BPF, and one in the kernel. */

#include "runtime/seccomp.h"

#include <check.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf_run.h"
#include "base/auto.h"
#include "codec/json.h"
#include "codec/seccomp_profile.h"

#define ALLOW    SECCOMP_RET_ALLOW
#define ERRNO(e) (SECCOMP_RET_ERRNO | (e))
#define DOCKER   0x00000000a80425fbull /* Docker's fourteen default capabilities */
#define ADMIN    (1ull << 21)
#define X32_BIT  0x40000000

static struct bt_err err;

static uint32_t run(const struct bt_seccomp_filter *f, const struct seccomp_data *data)
{
	return bpf_run(f->insns, f->len / sizeof(struct sock_filter), data);
}

static uint32_t ask(const struct bt_seccomp_filter *f, int nr, uint64_t arg0)
{
	return run(f,
		   &(struct seccomp_data){ .nr = nr, .arch = AUDIT_ARCH_X86_64, .args = { arg0 } });
}

/* Compile a linux.seccomp text. */
static int compile(const char *text, struct bt_seccomp_filter *ret)
{
	bt_auto_arena struct bt_arena arena = { 0 };
	struct bt_oci_seccomp spec;

	ck_assert_msg(bt_oci_seccomp_parse(text, strlen(text), &arena, &spec, &err) == 0, "%s",
		      err.msg);
	return bt_seccomp_compile(&spec, ret, &err);
}

/* Docker's default profile for a set of capabilities. */
static void docker(uint64_t capabilities, struct bt_seccomp_filter *ret)
{
	const struct bt_seccomp_profile_target target = { .capabilities = capabilities,
							  .machine = "x86_64",
							  .kernel_major = 6 };
	bt_auto_free char *text = NULL;
	size_t len;
	const char *profile = bt_seccomp_profile_default(&len);
	json_auto_t *oci = NULL;

	ck_assert_int_eq(bt_seccomp_profile_convert(profile, len, &target, &oci, &err), 0);
	ck_assert_int_eq(bt_json_dump(oci, &text, NULL), 0);
	ck_assert_msg(compile(text, ret) == 0, "%s", err.msg);
}

#ifdef __x86_64__
START_TEST(dockers_default_decides_as_docker_does)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };

	docker(DOCKER, &f);
	ck_assert_uint_eq(ask(&f, SYS_read, 0), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_execve, 0), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_ptrace, 0), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_chroot, 0), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_arch_prctl, 0), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_unshare, 0), ERRNO(EPERM));
	ck_assert_uint_eq(ask(&f, SYS_mount, 0), ERRNO(EPERM));
	ck_assert_uint_eq(ask(&f, SYS_bpf, 0), ERRNO(EPERM));
	ck_assert_uint_eq(ask(&f, SYS_add_key, 0), ERRNO(EPERM));
	ck_assert_uint_eq(ask(&f, SYS_open_by_handle_at, 0), ERRNO(EPERM));
	ck_assert_uint_eq(ask(&f, SYS_clone3, 0), ERRNO(ENOSYS));
	ck_assert_uint_eq(ask(&f, SYS_clone, SIGCHLD), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_clone, CLONE_NEWNS), ERRNO(EPERM));
	ck_assert_uint_eq(ask(&f, SYS_clone, CLONE_NEWUSER | SIGCHLD), ERRNO(EPERM));
}
END_TEST

START_TEST(dockers_default_looks_at_arguments)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };

	docker(DOCKER, &f);
	ck_assert_uint_eq(ask(&f, SYS_socket, AF_INET), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_socket, 38), ERRNO(EPERM)); /* AF_ALG */
	ck_assert_uint_eq(ask(&f, SYS_socket, 39), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_socket, AF_VSOCK), ERRNO(EPERM));
	ck_assert_uint_eq(ask(&f, SYS_socket, 41), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_personality, 0), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_personality, 8), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_personality, 0x20008), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_personality, 0xffffffff), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_personality, 1), ERRNO(EPERM));
}
END_TEST

START_TEST(a_capability_opens_its_calls)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };

	docker(DOCKER | ADMIN, &f);
	ck_assert_uint_eq(ask(&f, SYS_mount, 0), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_unshare, 0), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_clone3, 0), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_clone, CLONE_NEWNS), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_kexec_load, 0), ERRNO(EPERM));
}
END_TEST

START_TEST(calls_newer_than_the_library_or_the_profile)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };

	docker(DOCKER, &f);
	ck_assert_uint_eq(ask(&f, 457, 0), ALLOW); /* statmount */
	ck_assert_uint_eq(ask(&f, 462, 0), ALLOW); /* mseal */
	ck_assert_uint_eq(ask(&f, 335, 0), ALLOW); /* uretprobe */
	ck_assert_uint_eq(ask(&f, 467, 0), ERRNO(ENOSYS));
	ck_assert_uint_eq(ask(&f, 5000, 0), ERRNO(ENOSYS));
	ck_assert_uint_eq(ask(&f, 336, 0), ERRNO(EPERM));
}
END_TEST

START_TEST(other_architectures_have_their_own_numbers)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };
	struct seccomp_data i386 = { .arch = AUDIT_ARCH_I386 };

	docker(DOCKER, &f);
	i386.nr = 3; /* read */
	ck_assert_uint_eq(run(&f, &i386), ALLOW);
	i386.nr = 310; /* unshare */
	ck_assert_uint_eq(run(&f, &i386), ERRNO(EPERM));
	i386.nr = 462;
	ck_assert_uint_eq(run(&f, &i386), ALLOW);
	i386.nr = 900;
	ck_assert_uint_eq(run(&f, &i386), ERRNO(ENOSYS));
	ck_assert_uint_eq(ask(&f, X32_BIT | 0, 0), ALLOW); /* read */
	ck_assert_uint_eq(ask(&f, X32_BIT | 272, 0), ERRNO(EPERM));
	ck_assert_uint_eq(ask(&f, X32_BIT | 457, 0), ALLOW);
	ck_assert_uint_eq(ask(&f, X32_BIT | 900, 0), ERRNO(ENOSYS));
	i386.arch = AUDIT_ARCH_AARCH64;
	ck_assert_uint_eq(run(&f, &i386), SECCOMP_RET_KILL_THREAD);
}
END_TEST

START_TEST(without_x32_its_numbers_are_unknown)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };

	ck_assert_int_eq(compile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":"
				 "[\"read\",\"close\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
				 &f),
			 0);
	ck_assert_uint_eq(ask(&f, SYS_close, 0), ALLOW);
	ck_assert_uint_eq(ask(&f, SYS_write, 0), ERRNO(EPERM));
	ck_assert_uint_eq(ask(&f, SYS_open, 0), ERRNO(EPERM));
	ck_assert_uint_eq(ask(&f, SYS_stat, 0), ERRNO(ENOSYS));
	ck_assert_uint_eq(ask(&f, X32_BIT | SYS_read, 0) & SECCOMP_RET_ACTION_FULL,
			  SECCOMP_RET_ERRNO);
}
END_TEST

static const struct {
	const char *action;
	uint32_t answer;
} actions[] = {
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO | 7 },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE | 7 },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
};

START_TEST(each_action_becomes_its_answer)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };
	char text[512];

	(void)snprintf(
		text, sizeof(text),
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getpid\",\"mseal\","
		"\"no_such_call\"],\"action\":\"%s\",\"errnoRet\":7}]}",
		actions[_i].action);
	ck_assert_msg(compile(text, &f) == 0, "%s", err.msg);
	ck_assert_uint_eq(ask(&f, SYS_getpid, 0), actions[_i].answer);
	ck_assert_uint_eq(ask(&f, 462, 0), actions[_i].answer);
	ck_assert_uint_eq(ask(&f, 5000, 0), ALLOW);
	ck_assert(f.notify == (actions[_i].answer == SECCOMP_RET_USER_NOTIF));
}
END_TEST

static const struct {
	const char *op;
	uint64_t value, two;
	uint64_t yes, no; /* arguments that meet it and do not */
} ops[] = {
	{ "NE", 5, 0, 6, 5 },
	{ "LT", 5, 0, 4, 5 },
	{ "LE", 5, 0, 5, 6 },
	{ "EQ", 0x1ffffffffull, 0, 0x1ffffffffull, 0xffffffff },
	{ "GE", 5, 0, 1ull << 40, 4 },
	{ "GT", 5, 0, 6, 5 },
	{ "MASKED_EQ", 0xf0, 0x50, 0x5f, 0x60 },
};

START_TEST(each_comparison_is_made)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };
	char text[512];

	(void)snprintf(
		text, sizeof(text),
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"dup\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_%s\","
		"\"value\":%llu,\"valueTwo\":%llu}]}]}",
		ops[_i].op, (unsigned long long)ops[_i].value, (unsigned long long)ops[_i].two);
	ck_assert_msg(compile(text, &f) == 0, "%s", err.msg);
	ck_assert_uint_eq(ask(&f, SYS_dup, ops[_i].yes), ERRNO(EPERM));
	ck_assert_uint_eq(ask(&f, SYS_dup, ops[_i].no), ALLOW);
}
END_TEST

START_TEST(two_conditions_on_one_argument_are_alternatives)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };

	ck_assert_int_eq(
		compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"dup\"],"
			"\"action\":\"SCMP_ACT_ERRNO\",\"args\":["
			"{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":1},"
			"{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":2}]}]}",
			&f),
		0);
	ck_assert_uint_eq(ask(&f, SYS_dup, 1), ERRNO(EPERM));
	ck_assert_uint_eq(ask(&f, SYS_dup, 2), ERRNO(EPERM));
	ck_assert_uint_eq(ask(&f, SYS_dup, 3), ALLOW);
}
END_TEST
#endif

START_TEST(what_cannot_be_is_refused)
{
	struct bt_seccomp_filter f = { .len = 99 };

	ck_assert_int_eq(compile("{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", &f), -EINVAL);
	ck_assert_str_eq(err.msg,
			 "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default");
	ck_assert_int_eq(
		compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_VAX\"]}",
			&f),
		-EINVAL);
	ck_assert_str_eq(err.msg, "linux.seccomp.architectures: unknown value 'SCMP_ARCH_VAX'");
	ck_assert_uint_eq(f.len, 99);
}
END_TEST

/* The library would take minutes over them, to find that no filter holds as many. */
START_TEST(more_conditions_than_a_filter_has_instructions_are_refused)
{
	enum {
		N = 20000
	};
	static char *name[] = { (char *)(uintptr_t) "read", NULL };
	bt_auto_free struct bt_oci_seccomp_arg *args = calloc(N, sizeof(*args));
	bt_auto_free struct bt_oci_seccomp_rule *rules = calloc(N, sizeof(*rules));
	struct bt_oci_seccomp spec = { .default_action = BT_OCI_SECCOMP_ALLOW,
				       .rules = rules,
				       .nrules = N };
	struct bt_seccomp_filter f = { 0 };

	for (size_t i = 0; i < N; i++) {
		args[i] = (struct bt_oci_seccomp_arg){ .op = BT_OCI_SECCOMP_EQ, .value = i };
		rules[i] = (struct bt_oci_seccomp_rule){ .names = { .v = name, .n = 1 },
							 .action = BT_OCI_SECCOMP_ERRNO,
							 .args = &args[i],
							 .nargs = 1 };
	}
	ck_assert_int_eq(bt_seccomp_compile(&spec, &f, &err), -E2BIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "linux.seccomp.syscalls: rule for read"));
	ck_assert_ptr_null(f.insns);
}
END_TEST

START_TEST(the_kernel_takes_the_program)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };
	int status;
	pid_t pid;

	ck_assert_int_eq(
		compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getppid\"],"
			"\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":77}]}",
			&f),
		0);
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    bt_seccomp_load(f.insns, f.len, f.flags, f.notify) != 0)
			_exit(1);
		_exit(syscall(SYS_getppid) == -1 && errno == 77 ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static unsigned flags_of(const char *flags, const char *action)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "{\"defaultAction\":\"SCMP_ACT_ALLOW\",%s\"listenerPath\":\"/run/l\","
		       "\"syscalls\":[{\"names\":[\"getppid\"],\"action\":\"%s\"}]}",
		       flags, action);
	ck_assert_msg(compile(text, &f) == 0, "%s", err.msg);
	return f.flags;
}

START_TEST(flags_are_the_specifications_or_runcs)
{
	ck_assert_uint_eq(flags_of("", "SCMP_ACT_ERRNO"), SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	ck_assert_uint_eq(flags_of("\"flags\":[],", "SCMP_ACT_ERRNO"), 0);
	ck_assert_uint_eq(flags_of("\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\","
				   "\"SECCOMP_FILTER_FLAG_TSYNC\"],",
				   "SCMP_ACT_ERRNO"),
			  SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC);
}
END_TEST

START_TEST(flags_that_the_kernel_refuses_beside_others_are_fitted)
{
	static const char wait[] = "\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],";
	static const char tsync[] = "\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\"],";

	ck_assert_uint_eq(flags_of(wait, "SCMP_ACT_ERRNO"), 0);
	ck_assert_uint_eq(flags_of(wait, "SCMP_ACT_NOTIFY"),
			  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	ck_assert_uint_eq(flags_of(tsync, "SCMP_ACT_NOTIFY"),
			  SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
}
END_TEST

START_TEST(a_stored_filter_is_the_filter_with_its_flags)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };
	struct bt_seccomp_filter back;
	_Alignas(8) char data[65536];
	bt_auto_close int fd = -EBADF;
	ssize_t n;

	ck_assert_int_eq(
		compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],"
			"\"syscalls\":[{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ERRNO\"}]}",
			&f),
		0);
	ck_assert_int_eq(bt_seccomp_store(&f, &fd), 0);
	n = pread(fd, data, sizeof(data), 0);
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(bt_seccomp_stored(data, (size_t)n, &back), 0);
	ck_assert_uint_eq(back.flags, SECCOMP_FILTER_FLAG_LOG);
	ck_assert(!back.notify);
	ck_assert_uint_eq(back.len, f.len);
	ck_assert_mem_eq(back.insns, f.insns, f.len);
	ck_assert_int_eq(bt_seccomp_stored(data, (size_t)n - 1, &back), -EBADMSG);
	ck_assert_int_eq(bt_seccomp_stored(data, 8, &back), -EBADMSG);
	ck_assert_int_eq(bt_seccomp_stored(data, 0, &back), -EBADMSG);
	ck_assert_int_eq(bt_seccomp_stored(data, 8 + 8 * (BPF_MAXINSNS + 1), &back), -EBADMSG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime/seccomp");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

#ifdef __x86_64__
	tcase_add_test(all, dockers_default_decides_as_docker_does);
	tcase_add_test(all, dockers_default_looks_at_arguments);
	tcase_add_test(all, a_capability_opens_its_calls);
	tcase_add_test(all, calls_newer_than_the_library_or_the_profile);
	tcase_add_test(all, other_architectures_have_their_own_numbers);
	tcase_add_test(all, without_x32_its_numbers_are_unknown);
	tcase_add_loop_test(all, each_action_becomes_its_answer, 0,
			    (int)(sizeof(actions) / sizeof(actions[0])));
	tcase_add_loop_test(all, each_comparison_is_made, 0, (int)(sizeof(ops) / sizeof(ops[0])));
	tcase_add_test(all, two_conditions_on_one_argument_are_alternatives);
#endif
	tcase_add_test(all, what_cannot_be_is_refused);
	tcase_add_test(all, more_conditions_than_a_filter_has_instructions_are_refused);
	tcase_add_test(all, the_kernel_takes_the_program);
	tcase_add_test(all, flags_are_the_specifications_or_runcs);
	tcase_add_test(all, flags_that_the_kernel_refuses_beside_others_are_fitted);
	tcase_add_test(all, a_stored_filter_is_the_filter_with_its_flags);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
