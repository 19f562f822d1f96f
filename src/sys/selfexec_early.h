/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_SELFEXEC_EARLY_H
#define BT_SYS_SELFEXEC_EARLY_H

/*
 * What sys/selfexec.h does, before the C library has set itself up: that takes as long
 * as a tenth of a start, and would be for nothing in a program that executes itself
 * again at once. Only a shortcut: whatever hinders it is left to bt_selfexec_protect(),
 * which looks again. For x86-64 and static programs.
 *
 * No C library yet: no errno, no stack protector, no function of it at all.
 */

/** The program's entry point, for the linker (-e): bt_selfexec_early(), then _start(). Not to be
 * called. */
void bt_selfexec_entry(void);

/** Execute the program's file from a read-only mount, where one of the arguments is a command that
 * enters a container and the mount that it lies on is writable. `stack` is as the kernel leaves it:
 * argc, then the arguments. Returns where there is nothing to do, or it cannot be done so. */
void bt_selfexec_early(const long *stack);

#endif
