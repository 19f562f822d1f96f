/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_PULL_H
#define BT_CLI_PULL_H

/*
 * Pulling an image, as `pull` does and as run and create do where it is missing.
 */

#include <stdbool.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"
#include "cli/cli.h"

/** Pull `image` with progress on `out` (NULL: silently). `all`: every tag of the repository. */
bt_nodiscard int bt_pull_image(struct bt_cli *cli, const char *image, const char *platform,
			       bool all, FILE *out, struct bt_err *err);

#endif
