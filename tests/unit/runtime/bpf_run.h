/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_TESTS_BPF_RUN_H
#define BT_TESTS_BPF_RUN_H

/*
 * What the kernel does with a seccomp program: an interpreter for the instructions
 * of classic BPF that filters are made of.
 */

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/** The answer of `n` instructions for a call. Ends the process where the program is none. */
static inline uint32_t bpf_run(const struct sock_filter *insns, size_t n,
			       const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < n;) {
		const struct sock_filter *i = &insns[pc++];
		bool yes = false;

		switch (i->code) {
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k > sizeof(*data) - sizeof(a))
				abort();
			memcpy(&a, (const char *)data + i->k, sizeof(a));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			continue;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == i->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > i->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= i->k;
			break;
		default:
			abort();
		}
		pc += yes ? i->jt : i->jf;
	}
	abort();
}

#endif
