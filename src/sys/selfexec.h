/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_SYS_SELFEXEC_H
#define BT_SYS_SELFEXEC_H

/*
 * Running from a program file that nobody can write through /proc/PID/exe: an
 * image whose shell is "#!/proc/self/exe" makes a runtime execute itself inside the
 * container, where its file could be opened and overwritten (CVE-2019-5736).
 */

#include "base/attr.h"

/**
 * Make sure of it: where the program's file is on a writable mount, execute it again
 * from a detached read-only mount of it, or where that cannot be made from a sealed
 * copy in memory. Descriptors that are not close-on-exec stay open.
 *
 * Returns 0 where nothing had to be done, does not return where it executes, or -errno.
 */
bt_nodiscard int bt_selfexec_protect(char **argv);

#endif
