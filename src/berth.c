/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/dispatch.h"

int main(int argc, char **argv)
{
	return bt_dispatch_main(argc, argv);
}
