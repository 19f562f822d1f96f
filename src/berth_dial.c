/* SPDX-License-Identifier: Apache-2.0 */

#include "client/dial_tcp.h"

int main(int argc, char **argv)
{
	return bt_dial_tcp_main(argc, argv);
}
