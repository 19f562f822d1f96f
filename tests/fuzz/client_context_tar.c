/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/auto.h"
#include "client/context_tar.h"

#define BLOCK 512

/* The first header's sum is made right: otherwise hardly a change would come any further. */
static void mend_sum(char *header)
{
	unsigned int sum = 0;

	(void)memset(header + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)header[i];
	(void)snprintf(header + 148, 8, "%06o", sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_free char *copy = malloc(size + 1);
	json_auto_t *meta = NULL;
	json_auto_t *tls = NULL;
	json_auto_t *again = NULL;
	json_auto_t *again_tls = NULL;
	bt_auto_str struct bt_str out = { 0 };
	struct bt_err err = { 0 };

	if (!copy)
		return 0;
	(void)memcpy(copy, data, size);
	if (size >= BLOCK && data[0] & 1)
		mend_sum(copy);
	if (bt_context_tar_read(copy, size, &meta, &tls, &err) < 0) {
		if (meta || tls)
			abort();
		return 0;
	}
	/* A context may lack a name in its file: import gives it one. */
	(void)json_object_set_new(meta, "Name", json_string("aa"));
	if (bt_context_tar_write(meta, tls, &out, &err) < 0 ||
	    bt_context_tar_read(out.p, out.len, &again, &again_tls, &err) < 0 ||
	    !json_equal(tls, again_tls))
		abort();
	return 0;
}
