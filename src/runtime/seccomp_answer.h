/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_RUNTIME_SECCOMP_ANSWER_H
#define BT_RUNTIME_SECCOMP_ANSWER_H

/*
 * What a filter would say to a system call, without loading it: a process that has
 * something to do under a filter can know beforehand whether it will be able to.
 *
 * The instructions of classic BPF that the kernel takes in filters, but for those
 * that write memory or calculate: nobody's compiler of filters needs them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/seccomp.h>

/**
 * Run a filter on `call`, as seccomp(2) does.
 *
 * @insns, @len: struct sock_filter[], `len` bytes, aligned as such; anything at all.
 *
 * Returns SECCOMP_RET_* with its data; SECCOMP_RET_KILL_PROCESS for what is no filter that this
 * understands.
 */
uint32_t bt_seccomp_answer(const void *insns, size_t len, const struct seccomp_data *call);

/** Would the filter let this process make the call `nr` of the machine's own kind, with this
 * first and second argument and zeros behind? Where the kind is not known here: no. */
bool bt_seccomp_answer_lets(const void *insns, size_t len, long nr, uint64_t first,
			    uint64_t second);

/** Would it answer with exactly this errno instead of making the call? */
bool bt_seccomp_answer_fails(const void *insns, size_t len, long nr, int errnum);

#endif
