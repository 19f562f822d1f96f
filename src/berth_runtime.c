/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>
#include <string.h>

#include "monitor/protocol.h"
#include "monitor/spawner.h"

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "spawner") == 0)
		return bt_spawner_run(BT_PROTOCOL_SPAWNER_FD);
	return EXIT_FAILURE;
}
