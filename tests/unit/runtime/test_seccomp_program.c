/* SPDX-License-Identifier: Apache-2.0 */

/* Our programs against libseccomp's: every call of every architecture, with arguments on
 * both sides of every value that a condition names. */

#include "runtime/seccomp_program.h"

#include <check.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

#include "bpf_run.h"
#include "base/auto.h"
#include "codec/json.h"
#include "codec/seccomp_profile.h"
#include "runtime/seccomp.h"
#include "runtime/seccomp_library.h"

#ifdef __x86_64__
#define DOCKER  0x00000000a80425fbull /* Docker's fourteen default capabilities */
#define X32_BIT 0x40000000

static struct bt_err err;

static void compare_call(const struct bt_seccomp_filter *a, const struct bt_seccomp_filter *b,
			 const struct seccomp_data *data)
{
	uint32_t x = bpf_run(a->insns, a->len / sizeof(struct sock_filter), data);
	uint32_t y = bpf_run(b->insns, b->len / sizeof(struct sock_filter), data);

	if (x != y)
		ck_abort_msg("arch %#x call %#x args %#llx %#llx: ours %#x, the library's %#x",
			     data->arch, (unsigned)data->nr, (unsigned long long)data->args[0],
			     (unsigned long long)data->args[1], x, y);
}

/* Each value in each of the first two arguments, beside itself. */
static void compare_args(const struct bt_seccomp_filter *a, const struct bt_seccomp_filter *b,
			 struct seccomp_data data)
{
	static const uint64_t values[] = {
		0,
		1,
		4,
		5,
		6,
		8,
		37,
		38,
		39,
		40,
		41,
		0x50,
		0x5f,
		0x60,
		0x20000,
		0x20008,
		0x7e020000,
		0x20000,
		0x00020011,
		0xffffffff,
		0x100000005,
		0x1ffffffff,
		0xffffffff00000000,
		UINT64_MAX,
	};
	const bool narrow = data.arch == AUDIT_ARCH_I386 || (data.nr >= X32_BIT && data.nr > 0);

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		/* The kernel has no high halves there. */
		data.args[0] = narrow ? (uint32_t)values[i] : values[i];
		data.args[1] = data.args[0];
		compare_call(a, b, &data);
		data.args[1] = 5;
		compare_call(a, b, &data);
		data.args[1] = data.args[0];
		data.args[0] = 5;
		compare_call(a, b, &data);
	}
}

static void compare(const char *text)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64 };
	bt_auto_seccomp struct bt_seccomp_filter ours = { 0 }, library = { 0 };
	bt_auto_arena struct bt_arena arena = { 0 };
	struct bt_oci_seccomp spec;

	ck_assert_msg(bt_oci_seccomp_parse(text, strlen(text), &arena, &spec, &err) == 0, "%s",
		      err.msg);
	ck_assert_int_eq(bt_seccomp_program_compile(&spec, &ours, &err), 1);
	ck_assert_msg(bt_seccomp_library_compile(&spec, &library, &err) == 0, "%s", err.msg);
	for (size_t a = 0; a < 3; a++) {
		for (int nr = -2; nr < 520; nr++) {
			compare_args(&ours, &library,
				     (struct seccomp_data){ .nr = nr, .arch = archs[a] });
			if (nr >= 0)
				compare_args(&ours, &library,
					     (struct seccomp_data){ .nr = nr | X32_BIT,
								    .arch = archs[a] });
		}
	}
}

static const uint64_t sets[] = { 0, DOCKER, DOCKER | 1ull << 21, (1ull << 41) - 1 };

START_TEST(dockers_default_is_decided_alike)
{
	const struct bt_seccomp_profile_target target = { .capabilities = sets[_i],
							  .machine = "x86_64",
							  .kernel_major = 6 };
	bt_auto_free char *text = NULL;
	size_t len;
	const char *profile = bt_seccomp_profile_default(&len);
	json_auto_t *oci = NULL;

	ck_assert_int_eq(bt_seccomp_profile_convert(profile, len, &target, &oci, &err), 0);
	ck_assert_int_eq(bt_json_dump(oci, &text, NULL), 0);
	compare(text);
}
END_TEST

#define RULE(call, arg, op, value)                                                          \
	"{\"names\":[\"" call "\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":" arg \
	",\"op\":\"SCMP_CMP_" op "\"," value "}]}"
#define DENY(rules) "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" rules "]}"

static const char *const texts[] = {
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\"}",
	"{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\"}",
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"syscalls\":[{\"names\":[\"read\"],"
	"\"action\":\"SCMP_ACT_ALLOW\"}]}",
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":"
	"[{\"names\":[\"mount\",\"read\",\"statmount\",\"nonsense\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":5}]}",
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_TRAP\"},"
	"{\"names\":[\"open\",\"close\",\"read\"],\"action\":\"SCMP_ACT_LOG\"}]}",
	DENY(RULE("dup", "0", "EQ", "\"value\":5")),
	DENY(RULE("dup", "1", "NE", "\"value\":5")),
	DENY(RULE("dup", "0", "LT", "\"value\":4294967301")),
	DENY(RULE("dup", "0", "LE", "\"value\":4294967301")),
	DENY(RULE("dup", "0", "GT", "\"value\":5")),
	DENY(RULE("dup", "0", "GE", "\"value\":4294967301")),
	DENY(RULE("dup", "0", "MASKED_EQ", "\"value\":240,\"valueTwo\":80")),
	DENY(RULE("dup", "0", "MASKED_EQ", "\"value\":240,\"valueTwo\":95")),
	DENY(RULE("dup", "0", "EQ", "\"value\":5") "," RULE("dup", "1", "EQ", "\"value\":6")),
	DENY(RULE("dup", "0", "GT", "\"value\":5") "," RULE("dup", "0", "EQ", "\"value\":1")),
	DENY("{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
	     "{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":5},{\"index\":1,\"op\":\"SCMP_CMP_GE\",\"value\":8}]}"),
	DENY("{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
	     "{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":5},{\"index\":0,\"op\":\"SCMP_CMP_EQ\",\"value\":8}]}"),
	DENY(RULE("dup", "0", "EQ",
		  "\"value\":5") ",{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ALLOW\"}"),
	DENY("{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ALLOW\"}," RULE("dup", "0", "EQ",
									 "\"value\":5")),
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],\"syscalls\":["
	"{\"names\":[\"socketcall\",\"ipc\",\"socket\",\"shmget\",\"semop\",\"accept\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X32\"],\"syscalls\":["
	"{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_GT\",\"value\":5}]}]}",
};

START_TEST(other_specifications_are_decided_alike)
{
	compare(texts[_i]);
}
END_TEST

static const char *const foreign[] = {
	/* Two answers for one call. */
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ERRNO\"},"
	"{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_TRAP\"}]}",
	/* A part of socketcall without the whole. */
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],\"syscalls\":["
	"{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"],\"syscalls\":["
	"{\"names\":[\"bind\"],\"action\":\"SCMP_ACT_ERRNO\"}]}",
	/* Another byte order, and numbers of its own. */
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_MIPSEL64\"]}",
};

START_TEST(what_it_cannot_do_it_leaves_to_the_library)
{
	bt_auto_seccomp struct bt_seccomp_filter ours = { 0 };
	bt_auto_arena struct bt_arena arena = { 0 };
	struct bt_oci_seccomp spec;

	ck_assert_int_eq(
		bt_oci_seccomp_parse(foreign[_i], strlen(foreign[_i]), &arena, &spec, &err), 0);
	ck_assert_int_eq(bt_seccomp_program_compile(&spec, &ours, &err), 0);
	ck_assert_ptr_null(ours.insns);
	ck_assert_int_eq(bt_seccomp_compile(&spec, &ours, &err), 0);
}
END_TEST
#endif

int main(void)
{
	Suite *suite = suite_create("runtime/seccomp_program");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(all, 30);
#ifdef __x86_64__
	tcase_add_loop_test(all, dockers_default_is_decided_alike, 0,
			    (int)(sizeof(sets) / sizeof(sets[0])));
	tcase_add_loop_test(all, other_specifications_are_decided_alike, 0,
			    (int)(sizeof(texts) / sizeof(texts[0])));
	tcase_add_loop_test(all, what_it_cannot_do_it_leaves_to_the_library, 0,
			    (int)(sizeof(foreign) / sizeof(foreign[0])));
#endif
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
