/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_NET_HOST_SERVERS_H
#define BT_NET_HOST_SERVERS_H

/*
 * The name servers of the host's resolv.conf(5), read again where the file has
 * changed. Not locked.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "net/prefix.h"

/* As many as resolv.conf(5) takes. */
#define BT_HOST_SERVERS_MAX 3

/** Zeroed but for `path` is one that has not been read. */
struct bt_host_servers {
	const char *path; /* borrowed */
	struct stat st;   /* of what was read */
	bool read;
	struct bt_prefix list[BT_HOST_SERVERS_MAX];
	size_t n;            /* at least 1 */
	unsigned generation; /* grows when the list may have changed */
};

/** Look at the file (one stat(2) where nothing changed). Where it names no server, the list has
 * public ones, as with Docker. */
void bt_host_servers_refresh(struct bt_host_servers *servers);

/** Read the servers out of a resolv.conf's text, at most BT_HOST_SERVERS_MAX. Returns how many. */
size_t bt_host_servers_parse(const char *text, struct bt_prefix ret[BT_HOST_SERVERS_MAX]);

/** Are all servers that the text names on the host's own loopback, and is there one? A container
 * cannot reach them. */
bool bt_host_servers_all_local(const char *text);

#endif
