/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_ELF_H
#define BT_SYS_ELF_H

/*
 * How much of a program file the kernel needs to run it: its headers and segments. Symbols and
 * debugging information, two thirds of a file that was not stripped, come behind them.
 */

#include <sys/types.h>

/** The bytes from the file's begin that hold all its segments (elf(5), program headers of a 64-bit
 * file of this machine's byte order); `size`, the file's, where it is something else or says
 * nonsense. The descriptor's position is left alone. */
off_t bt_elf_loaded_size(int fd, off_t size);

#endif
