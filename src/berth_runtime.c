/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "monitor/protocol.h"
#include "monitor/spawner.h"
#include "net/forwarder.h"
#include "net/nameserver.h"
#include "runtime/oci_cli.h"

int main(int argc, char **argv)
{
	static const struct bt_spawner_helper helpers[] = {
		{ BT_PROTOCOL_NAMES, bt_nameserver_run },
		{ BT_PROTOCOL_FORWARDER, bt_forwarder_run },
		{ NULL, NULL },
	};

	if (argc == 2 && strcmp(argv[1], "spawner") == 0)
		return bt_spawner_run(BT_PROTOCOL_SPAWNER_FD, helpers);
	return bt_oci_cli_main(argc, argv);
}
