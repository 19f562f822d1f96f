/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_THREAD_H
#define BT_BASE_THREAD_H

/*
 * Threads with a stack of the size that their work needs. The C library's
 * 8 MiB for each would count where address space is limited, and says nothing.
 */

#include <pthread.h>
#include <stddef.h>

#include "base/attr.h"

/** Start a thread that runs `fn(arg)` on a stack of `stack` bytes (at least
 * PTHREAD_STACK_MIN). `arg` stays the caller's. Returns 0 with the thread in *ret, which the
 * caller joins, or -errno. */
bt_nodiscard int bt_thread_start(pthread_t *ret, size_t stack, void *(*fn)(void *), void *arg);

/** The same for a thread that nobody joins. */
bt_nodiscard int bt_thread_detach(size_t stack, void *(*fn)(void *), void *arg);

/** Run `fn(arg)` on a thread of its own and wait for its end: for work that changes what
 * belongs to a thread, as its ids, its namespaces or (unshared) its directory. Returns what
 * `fn` returned, or -errno where there was no thread. */
bt_nodiscard int bt_thread_run(size_t stack, int (*fn)(void *), void *arg);

#endif
