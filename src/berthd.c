/* SPDX-License-Identifier: Apache-2.0 */

#include "api/daemon.h"

int main(int argc, char *argv[])
{
	return bt_daemon_run(argc, argv);
}
