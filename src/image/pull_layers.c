/* SPDX-License-Identifier: Apache-2.0 */

#include "image/pull_layers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/time.h"
#include "image/images_private.h"
#include "image/manifest.h"
#include "image/transfers.h"

/* Each has two threads that work, and up to three that wait for the network. */
#define AT_ONCE 4
/* A bar that moves ten times in a second is a good one. */
#define BAR_PAUSE_MS 100
/* One that stands still is told all the same, to learn whether the client is still there. */
#define ALIVE_NS 1000000000

struct layer {
	const char *digest, *diff_id;
	int64_t size, told;
	char id[13];
	struct bt_transfer *transfer; /* while it goes on */
	bool mine;                    /* we have begun it */
	bool complete;
};

/* The layers that are not here yet. */
struct batch {
	const struct bt_pull_layers *job;
	struct layer layers[BT_LAYERS_MAX];
	size_t len;
	size_t placed; /* so many of the first ones are on the stack */
	int64_t last_told;
};

static int gone(struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_UNAVAILABLE, ECANCELED,
			  "the pull was cancelled: the client has gone");
}

static int tell(struct batch *b, struct layer *l, const char *status, struct bt_err *err)
{
	return bt_progress_status(b->job->progress, l->id, status) < 0 ? gone(err) : 0;
}

static int tell_bar(struct batch *b, struct layer *l, const char *status, int64_t have,
		    struct bt_err *err)
{
	l->told = have;
	b->last_told = bt_time_monotonic_ns();
	return bt_progress_bar(b->job->progress, l->id, status, have, l->size) < 0 ? gone(err) : 0;
}

static int join(struct batch *b, struct layer *l, struct bt_err *err)
{
	const struct bt_transfers_want want = { .session = b->job->session,
						.digest = l->digest,
						.diff_id = l->diff_id,
						.size = l->size };

	return bt_transfers_join(b->job->images->transfers, &want, &l->transfer, &l->mine, err);
}

static void leave(struct batch *b, struct layer *l)
{
	bt_transfers_leave(b->job->images->transfers, bt_take(l->transfer));
}

/* Begin as many as may go on at once. */
static int begin_some(struct batch *b, struct bt_err *err)
{
	size_t going = 0;

	for (size_t i = b->placed; i < b->len && going < AT_ONCE; i++) {
		struct layer *l = &b->layers[i];
		int r = l->transfer ? 0 : join(b, l, err);

		if (r < 0)
			return r;
		going += !l->complete;
	}
	return 0;
}

/* Tell how far one is. What another client's pull has begun and failed with is tried again. */
static int look(struct batch *b, struct layer *l, struct bt_err *err)
{
	bool alive = bt_time_monotonic_ns() - b->last_told > ALIVE_NS;
	struct bt_err failure = { 0 };
	enum bt_transfer_state state;
	int64_t have = 0;
	int r = 0;

	state = bt_transfers_look(b->job->images->transfers, l->transfer, &have, &failure);
	if (state == BT_TRANSFER_FAILED && l->mine) {
		*err = failure;
		return -err->errnum;
	}
	if (state == BT_TRANSFER_FAILED) {
		leave(b, l);
		return join(b, l, err);
	}
	if (state == BT_TRANSFER_FETCHING && (have != l->told || alive))
		return tell_bar(b, l, "Downloading", have, err);
	if (state != BT_TRANSFER_FETCHING && !l->complete) {
		r = tell_bar(b, l, "Downloading", l->size, err);
		if (r == 0)
			r = tell(b, l, "Download complete", err);
		l->complete = true;
	}
	return r;
}

static int look_at_all(struct batch *b, struct bt_err *err)
{
	for (size_t i = b->placed; i < b->len; i++)
		if (b->layers[i].transfer) {
			int r = look(b, &b->layers[i], err);

			if (r < 0)
				return r;
		}
	return 0;
}

/* Put the copy on the stack, if it is ours to do so. Returns 1 where it is there now. */
static int claim(struct batch *b, struct layer *l, struct bt_stack *stack, struct bt_err *err)
{
	struct bt_transfers *transfers = b->job->images->transfers;
	struct bt_layer_copy *copy = bt_transfers_claim(transfers, l->transfer);
	int r;

	if (!copy)
		return 0;
	r = tell_bar(b, l, "Extracting", l->size, err);
	if (r == 0)
		r = bt_stack_push(stack, copy, err);
	bt_transfers_settle(transfers, l->transfer);
	return r < 0 ? r : 1;
}

/* Put the lowest layer that is missing on the stack. Returns 1 where that is done, 0 where it has
 * to be waited for. */
static int place(struct batch *b, struct bt_stack *stack, struct bt_err *err)
{
	struct layer *l = &b->layers[b->placed];
	struct bt_err failure = { 0 };
	int64_t have;
	int r;

	if (bt_transfers_look(b->job->images->transfers, l->transfer, &have, &failure) ==
	    BT_TRANSFER_FETCHING)
		return 0;
	/* Another client's pull may have put it there. */
	r = bt_stack_find(stack, l->diff_id, err);
	if (r == 0)
		r = claim(b, l, stack, err);
	if (r < 0)
		return r;
	if (r == 0) {
		/* Given up, or on other layers than ours: once more, then. */
		if (bt_transfers_look(b->job->images->transfers, l->transfer, &have, &failure) !=
		    BT_TRANSFER_OVER)
			return 0;
		r = bt_stack_find(stack, l->diff_id, err);
		if (r == 0) {
			leave(b, l);
			l->complete = false;
			return join(b, l, err);
		}
	}
	if (r < 0)
		return r;
	leave(b, l);
	b->placed++;
	r = tell(b, l, "Pull complete", err);
	return r < 0 ? r : 1;
}

static int fetch_all(struct batch *b, struct bt_stack *stack, struct bt_err *err)
{
	while (b->placed < b->len) {
		int r = begin_some(b, err);

		if (r == 0)
			r = look_at_all(b, err);
		if (r == 0)
			r = place(b, stack, err);
		if (r < 0)
			return r;
		if (r == 0)
			bt_transfers_wait(b->job->images->transfers, BAR_PAUSE_MS);
	}
	return 0;
}

/* Put those on the stack that are here; the others go into the batch. */
static int sort_out(struct batch *b, struct bt_stack *stack, struct bt_err *err)
{
	const json_t *descriptor;
	bool missing = false;
	size_t i;
	int r;

	json_array_foreach (b->job->descriptors, i, descriptor) {
		struct layer *l = &b->layers[b->len];

		l->diff_id = json_string_value(json_array_get(b->job->diff_ids, i));
		r = bt_manifest_descriptor(descriptor, &l->digest, &l->size, err);
		if (r < 0)
			return r;
		(void)snprintf(l->id, sizeof(l->id), "%.12s", bt_digest_hex(l->digest));
		r = missing ? 0 : bt_stack_find(stack, l->diff_id, err);
		if (r < 0)
			return r;
		missing |= r == 0;
		b->len += r == 0;
		r = tell(b, l, r > 0 ? "Already exists" : "Pulling fs layer", err);
		if (r < 0)
			return r;
	}
	return 0;
}

int bt_pull_layers(const struct bt_pull_layers *job, struct bt_stack *stack, struct bt_err *err)
{
	struct batch *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return bt_err_sys(err, -ENOMEM, "fetch layers");
	b->job = job;
	r = sort_out(b, stack, err);
	if (r == 0)
		r = fetch_all(b, stack, err);
	for (size_t i = 0; i < b->len; i++)
		leave(b, &b->layers[i]);
	free(b);
	return r;
}
