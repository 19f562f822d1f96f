/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_API_CONFIG_RELOAD_H
#define BT_API_CONFIG_RELOAD_H

/*
 * What SIGHUP changes. As in Docker, a few options count at once; one of them
 * that no longer stands in the file stays as it was. A change of any other
 * option counts from the next start, and is named.
 */

#include <jansson.h>

#include "api/config.h"
#include "base/attr.h"
#include "base/err.h"

/**
 * Read flags and file anew.
 *
 * @now: what counts at present.
 * @ret: what counts from now on; owns what it refers to.
 * @ret_later: the names of the options that were changed and count from the next start, with ", "
 *	between them; "" where there is none (owned by the caller).
 * @ret_warnings: as bt_config_load() has it.
 *
 * Kind INVALID: the file cannot be read, or what it says does not go together with the rest; all
 * stays as it is.
 */
bt_nodiscard int bt_config_reload_read(int argc, char *const argv[], const struct bt_config *now,
				       struct bt_config *ret, char **ret_later, char **ret_warnings,
				       struct bt_err *err);

#endif
