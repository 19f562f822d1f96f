/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_IMPORT_H
#define BT_CLI_IMPORT_H

/*
 * Importing an archive, for `import` and `image make`.
 */

#include "cli/cli.h"

/** POST to `target` with the archive from `fd` (-1: the daemon fetches it), and show the progress.
 */
bt_nodiscard int bt_import_fd(struct bt_cli *cli, const char *target, int fd, struct bt_err *err);

#endif
