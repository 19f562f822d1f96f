/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/missed.h"

#include <stdlib.h>

#include "engine/container_event.h"

/* More than the ring of events keeps by far. */
#define ITEMS_MAX 16384

struct bt_missed_item {
	struct bt_container *container; /* a reference */
	struct bt_journal_record record;
	int64_t ran_ns;
};

void bt_missed_add(struct bt_missed *missed, struct bt_container *c,
		   const struct bt_journal_record *record, int64_t ran_ns)
{
	if (missed->n == ITEMS_MAX)
		return;
	if (missed->n == missed->room) {
		size_t room = missed->room ? 2 * missed->room : 16;
		void *items = reallocarray(missed->items, room, sizeof(*missed->items));

		if (!items)
			return;
		missed->items = items;
		missed->room = room;
	}
	missed->items[missed->n++] =
		(struct bt_missed_item){ bt_container_ref(c), *record, ran_ns };
}

static int by_time(const void *a, const void *b)
{
	const struct bt_missed_item *x = a, *y = b;

	if (x->record.at_ns != y->record.at_ns)
		return x->record.at_ns < y->record.at_ns ? -1 : 1;
	return x->record.seq < y->record.seq ? -1 : x->record.seq > y->record.seq;
}

void bt_missed_publish(struct bt_missed *missed)
{
	if (missed->n > 1)
		qsort(missed->items, missed->n, sizeof(*missed->items), by_time);
	for (size_t i = 0; i < missed->n; i++) {
		bt_container_event_record(missed->items[i].container, &missed->items[i].record,
					  missed->items[i].ran_ns);
		bt_container_unref(missed->items[i].container);
	}
	free(missed->items);
	*missed = (struct bt_missed){ 0 };
}
