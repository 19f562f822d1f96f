/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/create_port.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "cli/check.h"
#include "cli/csv.h"

struct range {
	unsigned first, last;
};

/* "80" or "80-90". Returns 0 or -EINVAL. */
static int parse_range(const char *text, struct range *ret)
{
	bt_auto_free char *first = strndup(text, strcspn(text, "-"));
	const char *dash = strchr(text, '-');
	unsigned long long a, b;

	if (!first || bt_str_to_u64(first, &a) < 0 ||
	    bt_str_to_u64(dash ? dash + 1 : first, &b) < 0)
		return -EINVAL;
	if (a > 65535 || b > 65535 || b < a)
		return -EINVAL;
	*ret = (struct range){ (unsigned)a, (unsigned)b };
	return 0;
}

/* The parts of a port's text; all owned. */
struct spec {
	char *ip, *host, *container, *proto;
};

static void spec_done(struct spec *s)
{
	free(s->ip);
	free(s->host);
	free(s->container);
	free(s->proto);
}

static int split_ip(char *front, struct spec *s, struct bt_err *err)
{
	char *ip = front;
	size_t n = strlen(front);

	if (*ip == '[' && n > 1 && ip[n - 1] == ']') {
		ip[n - 1] = '\0';
		ip++;
	}
	if (*ip && bt_check_ip(ip, BT_ERR_IGNORED) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid IP address: %s", ip);
	s->ip = strdup(ip);
	return 0;
}

static int split(const char *text, struct spec *s, struct bt_err *err)
{
	bt_auto_free char *copy = strdup(text);
	char *slash = copy ? strchr(copy, '/') : NULL, *colon;
	int r = 0;

	if (!copy)
		return bt_err_sys(err, -ENOMEM, "ports");
	s->proto = strdup(slash && slash[1] ? slash + 1 : "tcp");
	if (slash)
		*slash = '\0';
	for (char *c = s->proto; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	colon = strrchr(copy, ':');
	s->container = strdup(colon ? colon + 1 : copy);
	if (colon) {
		*colon = '\0';
		colon = strrchr(copy, ':');
		s->host = strdup(colon ? colon + 1 : copy);
		if (colon)
			*colon = '\0';
		if (colon)
			r = split_ip(copy, s, err);
	}
	if (r == 0 && (!s->proto || !s->container))
		return bt_err_sys(err, -ENOMEM, "ports");
	return r;
}

static int check_spec(const struct spec *s, struct range *container, struct range *host,
		      struct bt_err *err)
{
	if (!*s->container)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "no port specified: <empty>");
	if (parse_range(s->container, container) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid containerPort: %s",
				  s->container);
	if (s->host && *s->host && parse_range(s->host, host) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid hostPort: %s", s->host);
	if (strcmp(s->proto, "tcp") != 0 && strcmp(s->proto, "udp") != 0 &&
	    strcmp(s->proto, "sctp") != 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid proto: %s", s->proto);
	if (s->host && *s->host && container->last - container->first != host->last - host->first &&
	    container->last != container->first)
		return bt_err_set(
			err, BT_ERR_INVALID, EINVAL,
			"invalid ranges specified for container and host Ports: %s and %s",
			s->container, s->host);
	return 0;
}

static void add_binding(json_t *bindings, const char *key, const char *ip, const char *port)
{
	json_t *list = json_object_get(bindings, key);

	if (!list) {
		list = json_array();
		(void)json_object_set_new(bindings, key, list);
	}
	(void)json_array_append_new(list, json_pack("{s:s, s:s}", "HostIp", ip, "HostPort", port));
}

static int add(const struct spec *s, json_t *exposed, json_t *bindings, struct bt_err *err)
{
	struct range c = { 0, 0 }, h = { 0, 0 };
	int r = check_spec(s, &c, &h, err);
	bool single = c.first == c.last && h.last != h.first;
	char key[32], port[32];

	for (unsigned i = 0; r == 0 && i <= c.last - c.first; i++) {
		(void)snprintf(key, sizeof(key), "%u/%s", c.first + i, s->proto);
		(void)json_object_set_new(exposed, key, json_object());
		if (!bindings)
			continue;
		/* One port of the container, a range of the host's: the daemon picks. */
		if (single)
			(void)snprintf(port, sizeof(port), "%u-%u", h.first, h.last);
		else if (s->host && *s->host)
			(void)snprintf(port, sizeof(port), "%u", h.first + i);
		else
			port[0] = '\0';
		add_binding(bindings, key, s->ip ? s->ip : "", port);
	}
	return r;
}

/* The long form: "published=8080,target=80,protocol=udp". */
static int parse_long(const char *text, struct spec *s, struct bt_err *err)
{
	bt_auto_str struct bt_str field = { 0 };
	int r;

	while ((r = bt_csv_next(&text, &field, err)) > 0) {
		const char *value = bt_csv_pair(field.p);
		char **slot = strcmp(field.p, "published") == 0  ? &s->host
			      : strcmp(field.p, "target") == 0   ? &s->container
			      : strcmp(field.p, "protocol") == 0 ? &s->proto
								 : NULL;

		if (!value || !slot)
			return bt_err_set(
				err, BT_ERR_INVALID, EINVAL,
				"invalid publish opts format (should be name=value but got "
				"'%s')",
				field.p);
		free(*slot);
		*slot = strdup(value);
	}
	if (!s->proto)
		s->proto = strdup("tcp");
	if (!s->container)
		s->container = strdup("");
	return r;
}

int bt_create_port_parse(const char *text, json_t *exposed, json_t *bindings, struct bt_err *err)
{
	struct spec s = { 0 };
	int r = strchr(text, '=') ? parse_long(text, &s, err) : split(text, &s, err);

	if (r == 0)
		r = add(&s, exposed, bindings, err);
	spec_done(&s);
	return r;
}

static int expose(const char *text, json_t *exposed, struct bt_err *err)
{
	struct bt_err why = { 0 };

	if (strchr(text, ':'))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid port format for --expose: %s", text);
	if (bt_create_port_parse(text, exposed, NULL, &why) < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "invalid range format for --expose: %s, error: %s", text,
				  why.msg);
	return 0;
}

int bt_create_port_fill(const struct bt_args *args, json_t *config, json_t *host,
			struct bt_err *err)
{
	json_auto_t *exposed = json_object();
	json_auto_t *bindings = json_object();
	const char *text;
	int r = 0;

	for (size_t i = 0; r == 0 && (text = bt_args_item(args, "publish", i)); i++)
		r = bt_create_port_parse(text, exposed, bindings, err);
	for (size_t i = 0; r == 0 && (text = bt_args_item(args, "expose", i)); i++)
		r = expose(text, exposed, err);
	if (json_object_size(exposed))
		(void)json_object_set(config, "ExposedPorts", exposed);
	if (json_object_size(bindings))
		(void)json_object_set(host, "PortBindings", bindings);
	if (bt_args_bool(args, "publish-all"))
		(void)json_object_set_new(host, "PublishAllPorts", json_true());
	return r;
}
