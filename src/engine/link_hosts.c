/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/link_hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/log.h"
#include "engine/container.h"
#include "engine/container_files.h"
#include "engine/container_links.h"
#include "engine/container_row.h"
#include "engine/engine_private.h"
#include "engine/jget.h"
#include "engine/link_name.h"

/* The container may write into its hosts file what it wants. */
#define HOSTS_MAX (64u << 10)

static bool is_the_line(const char *line, size_t len, const char *names)
{
	const char *tab = memchr(line, '\t', len);
	size_t rest = tab ? len - (size_t)(tab + 1 - line) : 0, n = strlen(names);

	return tab && rest >= n && strncmp(tab + 1, names, n) == 0 &&
	       (rest == n || tab[1 + n] == ' ');
}

bool bt_link_hosts_replace(const char *text, const char *alias, const char *host,
			   const char *address, struct bt_str *ret)
{
	bt_auto_free char *names = bt_str_format("%s %s", alias, host);
	bool changed = false;

	while (names && *text) {
		size_t len = strcspn(text, "\n");
		size_t first = strcspn(text, "\t\n");

		if (!is_the_line(text, len, names)) {
			bt_str_printf(ret, "%.*s", (int)len, text);
		} else {
			changed = changed || strlen(address) != first ||
				  strncmp(text, address, first) != 0;
			bt_str_printf(ret, "%s%.*s", address, (int)(len - first), text + first);
		}
		if (text[len] == '\n')
			bt_str_putc(ret, '\n');
		text += len + (text[len] == '\n');
	}
	return changed;
}

/* In its place, for the file is mounted into the container. */
static int write_over(const char *path, const struct bt_str *text)
{
	bt_auto_close int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	int r = fd < 0 ? -errno : bt_io_write_all(fd, bt_str_get(text), text->len);

	if (r < 0)
		return r;
	return ftruncate(fd, (off_t)text->len) < 0 ? -errno : 0;
}

static int rewrite(struct bt_container *c, const char *alias, const char *host, const char *address)
{
	bt_auto_free char *path = bt_container_files_path(c->engine, c->id, "hosts");
	bt_auto_free char *text = NULL;
	bt_auto_str struct bt_str changed = { 0 };
	int r = path ? bt_io_read_file(AT_FDCWD, path, HOSTS_MAX, &text, NULL) : -ENOMEM;

	if (r < 0 || !bt_link_hosts_replace(text, alias, host, address, &changed))
		return r;
	return changed.failed ? -ENOMEM : write_over(path, &changed);
}

static char *address_of(struct bt_container *c)
{
	json_auto_t *networks = NULL;

	pthread_mutex_lock(&c->lock);
	networks = bt_jget_load(c->state.networks);
	pthread_mutex_unlock(&c->lock);
	return strdup(bt_jget_text(json_object_get(networks, "bridge"), "IPAddress"));
}

/* Each link of `c` to the target. */
static void tell(struct bt_container *c, const struct bt_container *target, const char *host,
		 const char *address)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	const json_t *item;
	size_t i;

	if (bt_container_row_settings(c, &s, BT_ERR_IGNORED) < 0)
		return;
	json_array_foreach (bt_container_links_of(s.host_config), i, item) {
		bt_auto_link_name struct bt_link_name link = { 0 };
		bt_auto_container struct bt_container *other = NULL;
		int r = bt_link_name_split(json_string_value(item), &link);

		if (r == 0)
			r = bt_link_name_target(c->engine, &link, &other, BT_ERR_IGNORED);
		if (r == 0 && other == target)
			r = rewrite(c, link.alias, host, address);
		if (r < 0 && other == target)
			bt_log_warn("container %.12s: tell the address of its link %s: %s", c->id,
				    link.alias, strerror(-r));
	}
}

void bt_link_hosts_refresh(struct bt_container *target)
{
	bt_auto_settings struct bt_container_settings s = { 0 };
	bt_auto_free char *address = NULL;
	struct bt_container **all = NULL;
	ssize_t n = bt_container_linking(target->engine, &all);

	if (n <= 0) {
		free(all);
		return;
	}
	address = address_of(target);
	if (address && address[0] && bt_container_row_settings(target, &s, BT_ERR_IGNORED) == 0)
		for (ssize_t i = 0; i < n; i++)
			tell(all[i], target, bt_jget_text(s.config, "Hostname"), address);
	bt_container_unref_all(all, n);
}
