/* SPDX-License-Identifier: Apache-2.0 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "codec/dbus.h"

static void check_inside(const struct bt_dbus_message *m, const char *bytes, size_t size,
			 const char *text)
{
	if (text != NULL && (text < bytes || text + strlen(text) >= bytes + size))
		abort();
	if (m->body < bytes || m->body + m->body_len != bytes + size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bt_dbus_message m;
	const char *a = NULL, *b = NULL, *c = NULL, *bytes = (const char *)data;
	uint32_t id;
	void *const args[] = { &id, &a, &b, &c };
	size_t announced;

	if (size < BT_DBUS_HEAD_LEN)
		return 0;
	if (bt_dbus_size(data, &announced) == 0 && announced > BT_DBUS_MESSAGE_MAX)
		abort();
	if (bt_dbus_read(data, size, &m) < 0)
		return 0;
	check_inside(&m, bytes, size, m.member);
	check_inside(&m, bytes, size, m.signature);
	if (bt_dbus_read_args(&m, "uoss", args) == 0) {
		check_inside(&m, bytes, size, a);
		check_inside(&m, bytes, size, c);
	}
	return 0;
}
