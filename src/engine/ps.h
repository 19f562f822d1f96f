/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_ENGINE_PS_H
#define BT_ENGINE_PS_H

/*
 * The host's ps(1), run on some processes.
 */

#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

/** What ps prints of the `n` processes `pids` (at least one), as text (owned, free()).
 *
 * @args: the user's arguments, cut at blanks; NULL or "": "-ef". They may ask for more than these
 *        processes: whoever shows the text chooses the rows.
 *
 * INVALID where there are more than 60 arguments. SYSTEM with ps's own words where it fails, which
 * is also when none of the processes is there any more, and where it prints more than 16 MiB. */
bt_nodiscard int bt_ps_run(const char *args, const pid_t *pids, size_t n, char **ret,
			   struct bt_err *err);

#endif
