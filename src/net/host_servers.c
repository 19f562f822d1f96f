/* SPDX-License-Identifier: Apache-2.0 */

#include "net/host_servers.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"

#define FILE_MAX (64u << 10)

size_t bt_host_servers_parse(const char *text, struct bt_prefix ret[BT_HOST_SERVERS_MAX])
{
	size_t n = 0;

	while (*text && n < BT_HOST_SERVERS_MAX) {
		char line[128], address[BT_PREFIX_TEXT_LEN];
		const size_t len = strcspn(text, "\n");

		(void)snprintf(line, sizeof(line), "%.*s", (int)(len < 127 ? len : 127), text);
		if (sscanf(line, "nameserver %49s", address) == 1 &&
		    bt_prefix_parse_address(address, &ret[n]) == 0)
			n++;
		text += len + (text[len] == '\n');
	}
	return n;
}

static bool is_loopback(const struct bt_prefix *p)
{
	const struct in6_addr a = p->family == AF_INET6 ? bt_prefix_in6_addr(p) : in6addr_any;

	return p->family == AF_INET ? p->addr[0] == 127 : IN6_IS_ADDR_LOOPBACK(&a);
}

bool bt_host_servers_all_local(const char *text)
{
	struct bt_prefix list[BT_HOST_SERVERS_MAX];
	const size_t n = bt_host_servers_parse(text, list);

	for (size_t i = 0; i < n; i++)
		if (!is_loopback(&list[i]))
			return false;
	return n > 0;
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       memcmp(&a->st_mtim, &b->st_mtim, sizeof(a->st_mtim)) == 0;
}

void bt_host_servers_refresh(struct bt_host_servers *servers)
{
	static const char fallback[] = "nameserver 8.8.8.8\nnameserver 8.8.4.4\n";
	bt_auto_free char *text = NULL;
	struct stat st = { 0 };

	if (stat(servers->path, &st) < 0)
		st = (struct stat){ 0 };
	if (servers->read && same(&st, &servers->st))
		return;
	servers->read = true;
	servers->st = st;
	servers->n = 0;
	servers->generation++;
	if (bt_io_read_file(AT_FDCWD, servers->path, FILE_MAX, &text, NULL) == 0)
		servers->n = bt_host_servers_parse(text, servers->list);
	if (servers->n == 0)
		servers->n = bt_host_servers_parse(fallback, servers->list);
}
