/* SPDX-License-Identifier: Apache-2.0 */

#include "registry/hosts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/str.h"
#include "base/time.h"
#include "codec/json.h"
#include "codec/toml.h"

static int wrong(struct bt_err *err, const char *what)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "%.200s", what);
}

static int no_memory(struct bt_err *err)
{
	return bt_err_sys(err, -ENOMEM, "read hosts.toml");
}

/* A file's name, from a string. */
static int take_file(const json_t *value, const struct bt_hosts_use *use, char **ret,
		     struct bt_err *err)
{
	const char *name = json_string_value(value);

	if (!name || !name[0])
		return wrong(err, "a certificate's name must be a string");
	free(*ret);
	*ret = name[0] == '/' ? strdup(name) : bt_path_join(use->dir, name);
	return *ret ? 0 : no_memory(err);
}

static int take_ca(const json_t *value, const struct bt_hosts_use *use, struct bt_endpoint *e,
		   struct bt_err *err)
{
	if (json_is_array(value)) {
		if (json_array_size(value) != 1)
			return wrong(err, "ca: one file with all authorities is understood");
		value = json_array_get(value, 0);
	}
	return take_file(value, use, &e->ca, err);
}

/* "pem", ["pem"], or [["cert", "key"]]. */
static int take_client(const json_t *value, const struct bt_hosts_use *use, struct bt_endpoint *e,
		       struct bt_err *err)
{
	const json_t *key;
	int r;

	if (json_is_array(value)) {
		if (json_array_size(value) != 1)
			return wrong(err, "client: one certificate is understood");
		value = json_array_get(value, 0);
	}
	key = value;
	if (json_is_array(value)) {
		if (json_array_size(value) != 2)
			return wrong(err, "client: a certificate and its key are two files");
		key = json_array_get(value, 1);
		value = json_array_get(value, 0);
	}
	r = take_file(value, use, &e->cert, err);
	return r < 0 ? r : take_file(key, use, &e->key, err);
}

static int add_header(struct bt_endpoint *e, const char *name, const json_t *value,
		      struct bt_err *err)
{
	const char *text = json_string_value(value);

	if (!text || strpbrk(text, "\r\n") || !name[0] || strpbrk(name, "\r\n: "))
		return wrong(err, "header: a header that is none");
	return json_array_append_new(e->headers, json_sprintf("%s: %s", name, text)) < 0
		       ? no_memory(err)
		       : 0;
}

static int take_headers(const json_t *headers, struct bt_endpoint *e, struct bt_err *err)
{
	const char *name;
	json_t *value;

	if (!json_is_object(headers))
		return wrong(err, "header must be a table");
	e->headers = json_array();
	if (!e->headers)
		return no_memory(err);
	json_object_foreach ((json_t *)(uintptr_t)headers, name, value) {
		const json_t *item;
		size_t i;
		int r = 0;

		if (!json_is_array(value))
			r = add_header(e, name, value, err);
		json_array_foreach (value, i, item)
			r = r < 0 ? r : add_header(e, name, item, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What a host may be asked for. */
struct capabilities {
	bool pull, resolve, push;
};

static int take_capabilities(const json_t *list, struct capabilities *ret, struct bt_err *err)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(list))
		return wrong(err, "capabilities must be a list");
	*ret = (struct capabilities){ 0 };
	json_array_foreach (list, i, item) {
		const char *word = json_string_value(item);

		if (bt_str_eq(word, "pull"))
			ret->pull = true;
		else if (bt_str_eq(word, "resolve"))
			ret->resolve = true;
		else if (bt_str_eq(word, "push"))
			ret->push = true;
		else
			return wrong(err, "capabilities are pull, resolve and push");
	}
	return 0;
}

static int take_timeout(const json_t *value, struct bt_endpoint *e, struct bt_err *err)
{
	const char *text = json_string_value(value);
	int64_t ns;

	if (!text || bt_time_duration_parse(text, &ns) < 0 || ns < 1000000 ||
	    ns > (int64_t)3600 * 1000000000)
		return wrong(err, "dial_timeout must be a duration such as \"3s\"");
	e->connect_ms = (long)(ns / 1000000);
	return 0;
}

static int take_member(const char *name, const json_t *value, const struct bt_hosts_use *use,
		       struct bt_endpoint *e, struct capabilities *can, bool *whole,
		       struct bt_err *err)
{
	if (strcmp(name, "capabilities") == 0)
		return take_capabilities(value, can, err);
	if (strcmp(name, "ca") == 0)
		return take_ca(value, use, e, err);
	if (strcmp(name, "client") == 0)
		return take_client(value, use, e, err);
	if (strcmp(name, "dial_timeout") == 0)
		return take_timeout(value, e, err);
	if (strcmp(name, "header") == 0)
		return take_headers(value, e, err);
	if (strcmp(name, "skip_verify") == 0 && json_is_boolean(value)) {
		e->insecure = json_is_true(value);
		return 0;
	}
	if (strcmp(name, "override_path") == 0 && json_is_boolean(value)) {
		*whole = json_is_true(value);
		return 0;
	}
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "\"%.100s\" is not understood here", name);
}

/* One host, or the server with the members of the file itself. Returns 1 where it is of use, 0
 * where it cannot do what is wanted, or a negative errno. */
static int make(const char *url, const json_t *table, bool server, const struct bt_hosts_use *use,
		struct bt_endpoint *ret, struct bt_err *err)
{
	struct capabilities can = { .pull = true, .resolve = true, .push = server };
	bt_auto(bt_endpoint_done) struct bt_endpoint e = { 0 };
	bool whole = false;
	const char *name;
	json_t *value;
	int r;

	if (!json_is_object(table))
		return wrong(err, "a host must be a table");
	json_object_foreach ((json_t *)(uintptr_t)table, name, value) {
		if (server && (strcmp(name, "server") == 0 || strcmp(name, "host") == 0))
			continue;
		r = take_member(name, value, use, &e, &can, &whole, err);
		if (r < 0)
			return r;
	}
	r = bt_endpoint_set_url(&e, url, whole);
	if (r < 0)
		return r == -EINVAL ? bt_err_set(err, BT_ERR_INVALID, EINVAL,
						 "\"%.200s\" is no URL of a registry", url)
				    : no_memory(err);
	e.insecure |= bt_str_after(e.base, "http://") != NULL;
	e.mirror = !server && !can.push;
	if (use->push ? !can.push : !can.pull || (!can.resolve && !use->by_digest))
		return 0;
	*ret = bt_take_struct(e);
	return 1;
}

static int make_all(const json_t *file, const struct bt_hosts_use *use,
		    struct bt_endpoint ret[BT_HOSTS_MAX], int *n, struct bt_err *err)
{
	const json_t *hosts = json_object_get(file, "host");
	const json_t *server = json_object_get(file, "server");
	const char *url;
	json_t *table;
	int r;

	if (hosts && !json_is_object(hosts))
		return wrong(err, "host must be a table");
	json_object_foreach ((json_t *)(uintptr_t)hosts, url, table) {
		if (*n == BT_HOSTS_MAX - 1)
			return wrong(err, "too many hosts");
		r = make(url, table, false, use, &ret[*n], err);
		if (r < 0)
			return r;
		*n += r;
	}
	if (server && !json_string_value(server))
		return wrong(err, "server must be a string");
	r = make(server ? json_string_value(server) : use->server, file, true, use, &ret[*n], err);
	if (r > 0)
		*n += r;
	return r < 0 ? r : 0;
}

int bt_hosts_parse(const char *text, size_t len, const struct bt_hosts_use *use,
		   struct bt_endpoint ret[BT_HOSTS_MAX], struct bt_err *err)
{
	json_auto_t *file = NULL;
	int n = 0, r;

	r = bt_toml_parse(text, len, &file, err);
	if (r == 0)
		r = make_all(file, use, ret, &n, err);
	if (r == 0)
		return n;
	while (n > 0)
		bt_endpoint_done(&ret[--n]);
	return r;
}
