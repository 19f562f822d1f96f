/* SPDX-License-Identifier: Apache-2.0 */

#include "api/hijack.h"

#include "base/auto.h"
#include "base/log.h"

void bt_hijack_run(struct bt_hijack *hijack, int sock, const void *early, size_t early_len)
{
	struct bt_hijack taken = bt_take_struct(*hijack);
	struct bt_err err = { 0 };

	if (taken.run(taken.arg, sock, early, early_len, &err) < 0)
		bt_log_warn("a raw stream could not be started: %s", err.msg);
}

void bt_hijack_cancel(struct bt_hijack *hijack)
{
	if (hijack->cancel)
		hijack->cancel(hijack->arg);
	*hijack = (struct bt_hijack){ 0 };
}
