/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "monitor/protocol.h"
#include "monitor/spawner.h"
#include "net/nameserver.h"
#include "runtime/oci_cli.h"

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "spawner") == 0)
		return bt_spawner_run(BT_PROTOCOL_SPAWNER_FD, bt_nameserver_run);
	return bt_oci_cli_main(argc, argv);
}
