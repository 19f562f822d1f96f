/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/seccomp_answer.h"

#include <check.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf_run.h"
#include "base/auto.h"
#include "codec/json.h"
#include "codec/seccomp_profile.h"
#include "runtime/seccomp.h"

#define ALLOW  SECCOMP_RET_ALLOW
#define KILL   SECCOMP_RET_KILL_PROCESS
#define NR     offsetof(struct seccomp_data, nr)
#define LOAD   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR)
#define SAY(x) BPF_STMT(BPF_RET | BPF_K, (x))

#define answer(nr_, ...)                                                       \
	bt_seccomp_answer((const struct sock_filter[]){ __VA_ARGS__ },         \
			  sizeof((const struct sock_filter[]){ __VA_ARGS__ }), \
			  &(struct seccomp_data){ .nr = (nr_), .args = { 5, 6 } })

START_TEST(each_jump_goes_where_its_condition_leads)
{
	static const struct {
		unsigned short code;
		uint32_t with;
		int no, yes;
	} jumps[] = {
		{ BPF_JEQ, 7, 6, 7 },
		{ BPF_JGT, 7, 7, 8 },
		{ BPF_JGE, 7, 6, 7 },
		{ BPF_JSET, 4, 3, 12 },
	};

	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		unsigned short code = BPF_JMP | jumps[i].code;

		ck_assert_uint_eq(answer(jumps[i].yes, LOAD,
					 BPF_JUMP(code | BPF_K, jumps[i].with, 0, 1), SAY(1),
					 SAY(2)),
				  1);
		ck_assert_uint_eq(answer(jumps[i].no, LOAD,
					 BPF_JUMP(code | BPF_K, jumps[i].with, 0, 1), SAY(1),
					 SAY(2)),
				  2);
		ck_assert_uint_eq(answer(jumps[i].yes, BPF_STMT(BPF_LDX | BPF_IMM, jumps[i].with),
					 LOAD, BPF_JUMP(code | BPF_X, 0, 0, 1), SAY(1), SAY(2)),
				  1);
	}
	ck_assert_uint_eq(answer(0, BPF_STMT(BPF_JMP | BPF_JA, 1), SAY(1), SAY(2)), 2);
}
END_TEST

START_TEST(registers_are_moved_and_masked)
{
	ck_assert_uint_eq(answer(0xff, LOAD, BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x0f),
				 BPF_STMT(BPF_RET | BPF_A, 0)),
			  0x0f);
	ck_assert_uint_eq(answer(9, LOAD, BPF_STMT(BPF_MISC | BPF_TAX, 0),
				 BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_MISC | BPF_TXA, 0),
				 BPF_STMT(BPF_RET | BPF_A, 0)),
			  9);
}
END_TEST

START_TEST(what_is_no_filter_kills)
{
	ck_assert_uint_eq(bt_seccomp_answer(NULL, 0, &(struct seccomp_data){ 0 }), KILL);
	/* Beyond the end, and nothing returned. */
	ck_assert_uint_eq(answer(0, BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX), SAY(ALLOW)), KILL);
	ck_assert_uint_eq(
		answer(0, LOAD, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 200, 200), SAY(ALLOW)),
		KILL);
	ck_assert_uint_eq(answer(0, LOAD), KILL);
	/* Beyond the call, beside a word of it, and instructions that are not for filters. */
	ck_assert_uint_eq(answer(0, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 61), SAY(ALLOW)), KILL);
	ck_assert_uint_eq(answer(0, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), SAY(ALLOW)), KILL);
	ck_assert_uint_eq(answer(0, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), SAY(ALLOW)), KILL);
	ck_assert_uint_eq(answer(0, BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), SAY(ALLOW)), KILL);
	ck_assert_uint_eq(answer(0, BPF_STMT(BPF_ST, 0), SAY(ALLOW)), KILL);
	ck_assert_uint_eq(answer(0, BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), SAY(ALLOW)), KILL);
	ck_assert_uint_eq(answer(0, BPF_STMT(0xffff, 0), SAY(ALLOW)), KILL);
}
END_TEST

/* Docker's profile for a container without additional rights. */
static void docker(struct bt_seccomp_filter *ret)
{
	const struct bt_seccomp_profile_target target = { .capabilities = 0xa80425fbull,
							  .machine = "x86_64",
							  .kernel_major = 6 };
	bt_auto_arena struct bt_arena arena = { 0 };
	bt_auto_free char *text = NULL;
	json_auto_t *oci = NULL;
	struct bt_oci_seccomp spec;
	struct bt_err err;
	size_t len;
	const char *profile = bt_seccomp_profile_default(&len);

	ck_assert_int_eq(bt_seccomp_profile_convert(profile, len, &target, &oci, &err), 0);
	ck_assert_int_eq(bt_json_dump(oci, &text, &len), 0);
	ck_assert_int_eq(bt_oci_seccomp_parse(text, strlen(text), &arena, &spec, &err), 0);
	ck_assert_int_eq(bt_seccomp_compile(&spec, ret, &err), 0);
}

START_TEST(every_call_under_dockers_profile_is_answered_as_the_tests_own_interpreter_does)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };

	docker(&f);
	for (int nr = -1; nr < 600; nr++) {
		for (unsigned i = 0; i < 64; i += 3) {
			const struct seccomp_data call = { .nr = nr,
							   .arch = AUDIT_ARCH_X86_64,
							   .args = { UINT64_C(1) << i, i } };

			ck_assert_uint_eq(
				bt_seccomp_answer(f.insns, f.len, &call),
				bpf_run(f.insns, f.len / sizeof(struct sock_filter), &call));
		}
	}
}
END_TEST

#ifdef __x86_64__
START_TEST(dockers_profile_lets_an_exec_be_born_under_it)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };

	docker(&f);
	ck_assert(bt_seccomp_answer_lets(f.insns, f.len, SYS_execve, 0, 0));
	ck_assert(bt_seccomp_answer_lets(f.insns, f.len, SYS_clone, CLONE_PARENT | SIGCHLD, 0));
	ck_assert(!bt_seccomp_answer_lets(f.insns, f.len, SYS_clone, CLONE_NEWUSER, 0));
	ck_assert(!bt_seccomp_answer_lets(f.insns, f.len, SYS_clone3, 0, 0));
	ck_assert(bt_seccomp_answer_fails(f.insns, f.len, SYS_clone3, ENOSYS));
	ck_assert(!bt_seccomp_answer_fails(f.insns, f.len, SYS_clone3, EPERM));
	ck_assert(bt_seccomp_answer_fails(f.insns, f.len, SYS_keyctl, EPERM));
}
END_TEST

/* In a process of its own: what the kernel says under the loaded filter. */
static void try_for_real(const struct bt_seccomp_filter *f)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    bt_seccomp_load(f->insns, f->len, f->flags, false) < 0)
		_exit(2);
	for (int nr = 0; nr < 600; nr++) {
		/* Only what the filter refuses is harmless to try. Newer kernels let uretprobe(2)
		 * and uprobe(2) through whatever a filter says. */
		if (nr != 335 && nr != 336 &&
		    bt_seccomp_answer_fails(f->insns, f->len, nr, EPERM) &&
		    (syscall(nr, 0, 0, 0, 0, 0, 0) != -1 || errno != EPERM))
			_exit(3);
	}
	_exit(0);
}

START_TEST(what_would_fail_fails_in_the_kernel)
{
	bt_auto_seccomp struct bt_seccomp_filter f = { 0 };
	int status;
	pid_t pid;

	docker(&f);
	pid = fork();
	if (pid == 0)
		try_for_real(&f);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST
#endif

int main(void)
{
	Suite *suite = suite_create("runtime/seccomp_answer");
	TCase *all = tcase_create("answer");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(all, 20);
	tcase_add_test(all, each_jump_goes_where_its_condition_leads);
	tcase_add_test(all, registers_are_moved_and_masked);
	tcase_add_test(all, what_is_no_filter_kills);
	tcase_add_test(
		all,
		every_call_under_dockers_profile_is_answered_as_the_tests_own_interpreter_does);
#ifdef __x86_64__
	tcase_add_test(all, dockers_profile_lets_an_exec_be_born_under_it);
	tcase_add_test(all, what_would_fail_fails_in_the_kernel);
#endif
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
