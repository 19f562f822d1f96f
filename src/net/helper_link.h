/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_HELPER_LINK_H
#define BT_NET_HELPER_LINK_H

/*
 * The daemon's connection to a process that outlives it (net/helper.h): connect to
 * the one that runs, have one started where one is needed, and notice when it dies.
 * Any thread may call; requests go one after the other.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct bt_helper_link;

/** What a link needs of its owner; copied, the strings borrowed. */
struct bt_helper_link_owner {
	void *data;
	const char *what; /* "the name server" */
	int64_t version;  /* of the protocol */
	/** Start a helper that listens on `listen_fd` (borrowed). Returns 0 or -errno with *err
	 * filled. */
	int (*start)(void *data, int listen_fd, struct bt_err *err);
	/** It died, and knows nothing any more: tell everything again. From a thread of the
	 * link's own, never during bt_helper_link_close(). Returns 0, or a negative errno where
	 * that failed in part: it is called again, after 0.1 s at first, later 10 s. Not `ended`:
	 * it lives, and this is such a call, or bt_helper_link_again()'s. */
	int (*lost)(void *data, bool ended);
};

/** Open the connection, where a helper runs, whose socket is at `path` (copied). One that
 * speaks another version is told to quit, which calls lost(). */
bt_nodiscard int bt_helper_link_open(const char *path, const struct bt_helper_link_owner *owner,
				     struct bt_helper_link **ret, struct bt_err *err);
/** Close the connection; the helper goes on if it has work. NULL is fine. */
void bt_helper_link_close(struct bt_helper_link *link);

/** Have lost() called, again and again until it succeeds: something could not be told. */
void bt_helper_link_again(struct bt_helper_link *link);

/** One request and its reply, a new reference; descriptors are borrowed. Starts a helper where none
 * runs. */
bt_nodiscard int bt_helper_link_ask(struct bt_helper_link *link, const json_t *request,
				    const int *fds, size_t nfds, json_t **ret, struct bt_err *err);
/** The same where the answer changes nothing; `request` is stolen, NULL is fine. Where no helper
 * runs there is nobody to tell. */
void bt_helper_link_tell(struct bt_helper_link *link, json_t *request, const int *fds, size_t nfds);

#endif
