/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "registry/challenge.h"
#include "registry/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto(bt_credentials_done) struct bt_credentials credentials = { 0 };
	bt_auto(bt_challenge_done) struct bt_challenge c = { 0 };
	bt_auto_free char *text = strndup((const char *)data, size);
	struct bt_err err = { 0 };

	if (!text)
		return 0;
	if (bt_challenge_parse(text, &c, &err) < 0) {
		if (err.kind != BT_ERR_UNAUTHORIZED)
			abort();
	} else if (c.bearer == c.basic || (c.bearer && !c.realm)) {
		abort();
	}
	if (bt_credentials_parse(text, &credentials) < 0)
		return 0;
	if (credentials.user && credentials.user[0] == '\0' && !credentials.password)
		abort();
	return 0;
}
