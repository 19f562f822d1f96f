/* SPDX-License-Identifier: Apache-2.0 */

/* A packet of any content is read without harm; and a spawn message that is accepted says the
 * same after having been written and read again. */

#include "fuzz.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/message.h"
#include "monitor/spawn_message.h"

#define MAX_CLIENTS 4

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void check_spawn(const json_t *json)
{
	struct bt_spawn_client clients[MAX_CLIENTS], clients_again[MAX_CLIENTS];
	struct bt_spawn spawn, again;
	struct bt_err err;
	json_t *text = NULL;

	if (bt_spawn_message_decode(json, clients, MAX_CLIENTS, &spawn, &err) < 0) {
		if (err.kind == BT_ERR_NONE || err.msg[0] == '\0')
			abort();
		return;
	}
	if (spawn.nclients > MAX_CLIENTS || spawn.restart.max < 0)
		abort();
	if (bt_spawn_message_encode(&spawn, &text) < 0 ||
	    bt_spawn_message_decode(text, clients_again, MAX_CLIENTS, &again, &err) < 0)
		abort();
	if (!same(spawn.id, again.id) || !same(spawn.log_attrs, again.log_attrs) ||
	    spawn.log_max_size != again.log_max_size || spawn.journal_seq != again.journal_seq ||
	    spawn.restart.policy != again.restart.policy || spawn.nclients != again.nclients)
		abort();
	json_decref(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bt_auto_message struct bt_message message = { 0 };
	struct bt_err err;

	if (bt_message_parse((const char *)data, size, NULL, 0, &message) < 0)
		return 0;
	if (bt_message_take_fd(&message, "in") != -EBADF)
		abort();
	if (bt_message_to_error(message.json, &err) >= 0 || err.kind == BT_ERR_NONE)
		abort();
	check_spawn(message.json);
	return 0;
}
