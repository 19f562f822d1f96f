/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/endpoint_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "registry/hosts.h"
#include "registry/insecure.h"

#define HUB      "docker.io"
#define HUB_HOST "registry-1.docker.io"
/* Of a hosts.toml. */
#define HOSTS_SIZE_MAX (256u << 10)

static const char *const dirs[] = { "/etc/berth/certs.d", "/etc/docker/certs.d",
				    "/etc/containerd/certs.d" };

/* Docker's certs.d/DOMAIN/{ca.crt,client.cert,client.key}. */
static char *certificate(const char *domain, const char *file)
{
	if (strchr(domain, '/'))
		return NULL;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		bt_auto_free char *path = bt_str_format("%s/%s/%s", dirs[i], domain, file);

		if (path && access(path, R_OK) == 0)
			return bt_take(path);
	}
	return NULL;
}

/* A list of endpoints while it grows. */
struct list {
	struct bt_endpoint at[BT_HOSTS_MAX];
	int n;
};

static int add(struct list *list, const char *url, bool insecure, bool mirror)
{
	struct bt_endpoint *e = &list->at[list->n];
	const char *host;
	int r;

	if (list->n == BT_HOSTS_MAX)
		return -E2BIG;
	r = bt_endpoint_set_url(e, url, false);
	if (r < 0) {
		bt_endpoint_done(e);
		return r;
	}
	e->insecure = insecure;
	e->mirror = mirror;
	host = bt_str_after(e->base, "https://");
	if (host) {
		e->ca = certificate(host, "ca.crt");
		e->cert = certificate(host, "client.cert");
		e->key = certificate(host, "client.key");
	}
	list->n++;
	return 0;
}

/* Docker's list is for its own registry; a map says which mirrors are whose. */
static const json_t *mirrors_of(const struct bt_session_target *target)
{
	const json_t *mirrors = target->settings ? target->settings->mirrors : NULL;

	if (json_is_object(mirrors))
		return json_object_get(mirrors, target->domain);
	return strcmp(target->domain, HUB) == 0 ? mirrors : NULL;
}

static int add_mirrors(const struct bt_session_target *target, struct list *list)
{
	const json_t *item;
	size_t i;

	if (target->push || target->no_mirrors)
		return 0;
	json_array_foreach (mirrors_of(target), i, item) {
		const char *text = json_string_value(item);
		bool plain = text && bt_str_after(text, "http://");
		bool scheme = plain || (text && bt_str_after(text, "https://"));
		bt_auto_free char *url =
			text ? bt_str_format("%s%s", scheme ? "" : "https://", text) : NULL;
		bt_auto_free char *host = NULL;
		int r;

		if (!url)
			return -ENOMEM;
		host = strdup(strstr(url, "://") + 3);
		if (!host)
			return -ENOMEM;
		host[strcspn(host, "/")] = '\0';
		r = add(list, url, plain || bt_insecure_has(target->settings->insecure, host),
			true);
		/* One that is no URL was refused when the daemon read its configuration, or is
		 * of no use now. */
		if (r < 0 && r != -EINVAL)
			return r;
	}
	return 0;
}

/* DIR/DOMAIN/hosts.toml, or DIR/_default/hosts.toml. Returns 1 where there is one, 0, or a negative
 * errno. */
static int read_hosts(const struct bt_session_target *target, const char *dir, const char *domain,
		      struct list *list, struct bt_err *err)
{
	const char *host = strcmp(target->domain, HUB) == 0 ? HUB_HOST : target->domain;
	bt_auto_free char *path = bt_str_format("%s/%s", dir, domain);
	bt_auto_free char *file = path ? bt_str_format("%s/hosts.toml", path) : NULL;
	bt_auto_free char *server = bt_str_format("https://%s", host);
	bt_auto_free char *text = NULL;
	size_t len;
	int r;

	if (!file || !server)
		return bt_err_sys(err, -ENOMEM, "read hosts.toml");
	r = bt_io_read_file(AT_FDCWD, file, HOSTS_SIZE_MAX, &text, &len);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return bt_err_sys(err, r, "read %s", file);
	r = bt_hosts_parse(text, len,
			   &(struct bt_hosts_use){ .dir = path,
						   .server = server,
						   .push = target->push,
						   .by_digest = target->by_digest },
			   list->at, err);
	if (r < 0)
		return bt_err_context(err, "%s", file);
	list->n = r;
	return 1;
}

static int find_hosts(const struct bt_session_target *target, struct list *list, struct bt_err *err)
{
	const char *const names[] = { target->domain, "_default" };
	int r = 0;

	if (strchr(target->domain, '/'))
		return 0;
	for (size_t n = 0; n < 2 && r == 0; n++)
		for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && r == 0; i++)
			r = read_hosts(target, dirs[i], names[n], list, err);
	return r;
}

static int add_registry(const struct bt_session_target *target, struct list *list)
{
	const char *host = strcmp(target->domain, HUB) == 0 ? HUB_HOST : target->domain;
	bool insecure = target->insecure ||
			bt_insecure_has(target->settings ? target->settings->insecure : NULL,
					target->domain);
	bt_auto_free char *tls = bt_str_format("https://%s", host);
	bt_auto_free char *plain = bt_str_format("http://%s", host);
	int r;

	if (!tls || !plain)
		return -ENOMEM;
	r = add(list, tls, insecure, false);
	if (r == 0 && insecure)
		r = add(list, plain, true, false);
	return r;
}

/* Keep only those that are the registry itself. */
static void drop_mirrors(struct list *list)
{
	int kept = 0;

	for (int i = 0; i < list->n; i++) {
		struct bt_endpoint e = bt_take_struct(list->at[i]);

		if (e.mirror)
			bt_endpoint_done(&e);
		else
			list->at[kept++] = e;
	}
	list->n = kept;
}

static int fill(const struct bt_session_target *target, struct list *list, struct bt_err *err)
{
	int r = find_hosts(target, list, err);

	if (r < 0)
		return r;
	if (r > 0 && target->no_mirrors) {
		drop_mirrors(list);
		return 0;
	}
	if (r > 0)
		return 0;
	r = add_mirrors(target, list);
	if (r == 0)
		r = add_registry(target, list);
	return r < 0 ? bt_err_sys(err, r, "ask a registry") : 0;
}

int bt_endpoint_list(const struct bt_session_target *target, struct bt_endpoint **ret,
		     struct bt_err *err)
{
	struct list *list = calloc(1, sizeof(*list));
	int r = list ? fill(target, list, err) : bt_err_sys(err, -ENOMEM, "ask a registry");

	if (r < 0) {
		for (int i = 0; list && i < list->n; i++)
			bt_endpoint_done(&list->at[i]);
		free(list);
		return r;
	}
	*ret = list->at; /* its first member: what is freed is the same */
	return list->n;
}
