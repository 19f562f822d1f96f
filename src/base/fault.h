/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_BASE_FAULT_H
#define BT_BASE_FAULT_H

/*
 * Places at which a test can have the process die, or one thread wait
 * (docs/decisions/0006). Off unless the environment names a file.
 */

#define BT_FAULT_VARIABLE "BERTH_FAULT_FILE"

extern const char *bt_fault_file;

/** Switch on where the environment says so. Once, at the start of a program, before its threads. */
void bt_fault_init(void);

/** If the file names this point, die here; if it says "wait " before the name, rename the file to
 * one with ".held" at the end and wait until that is gone. bt_fault_point() calls it. */
void bt_fault_hit(const char *name);

/** `name` is "group/step". */
static inline void bt_fault_point(const char *name)
{
	if (bt_fault_file)
		bt_fault_hit(name);
}

#endif
