/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_WITHOUT_CALL_H
#define BT_TESTS_WITHOUT_CALL_H

#include <check.h>
#include <seccomp.h>

/* From here on this process has no `call` any more: it fails with `error`. */
static inline void without_call(int call, int error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	ck_assert_ptr_nonnull(filter);
	ck_assert_int_eq(seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)error), call, 0), 0);
	ck_assert_int_eq(seccomp_load(filter), 0);
	seccomp_release(filter);
}

#endif
