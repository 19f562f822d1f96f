/* SPDX-License-Identifier: Apache-2.0 */

/* A file of an exec of any content is read without harm; cutting its last line changes nothing but
 * what that line said. */

#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "monitor/exec_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_free char *text = calloc(1, size + 1);
	bt_auto_exec_file struct bt_exec_file file = { 0 };
	int r;

	if (!text)
		return 0;
	memcpy(text, data, size);
	r = bt_exec_file_parse(text, &file);
	if (r != 0 && r != -EBADMSG && r != -ENOMEM)
		abort();
	if ((r == 0) != (file.config != NULL))
		abort();
	if (r == 0 && strchr(file.config, '\n'))
		abort();
	return 0;
}
