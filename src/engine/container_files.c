/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/container_resolv.h"
#include "engine/engine_private.h"
#include "engine/jget.h"

#define HOST_FILE_MAX (1u << 20)
#define HOST_NAME     "host.docker.internal"

char *bt_container_files_path(const struct bt_engine *engine, const char *id, const char *name)
{
	return bt_str_format("%s/containers/%s%s%s", engine->cfg.data_root, id, name ? "/" : "",
			     name ? name : "");
}

char *bt_container_files_run_dir(const struct bt_engine *engine, const char *id)
{
	return bt_str_format("%s/containers/%s", engine->cfg.exec_root, id);
}

char *bt_container_files_log(const struct bt_engine *engine, const char *id)
{
	return bt_str_format("%s/containers/%s/%s-json.log", engine->cfg.data_root, id, id);
}

char *bt_container_files_journal(const struct bt_engine *engine, const char *id)
{
	return bt_container_files_path(engine, id, "journal");
}

int bt_container_files_create(const struct bt_engine *engine, const char *id, struct bt_err *err)
{
	bt_auto_free char *dir = bt_container_files_path(engine, id, NULL);
	int r;

	if (!dir)
		return bt_err_sys(err, -ENOMEM, "create container");
	r = bt_layers_make_dir(engine->layers, dir, 0710);
	return r < 0 && r != -EEXIST ? bt_err_sys(err, r, "create %s", dir) : 0;
}

int bt_container_files_remove(const struct bt_engine *engine, const char *id, struct bt_err *err)
{
	bt_auto_free char *dir = bt_container_files_path(engine, id, NULL);
	bt_auto_free char *run = bt_container_files_run_dir(engine, id);
	int r = dir && run ? bt_io_remove_tree(AT_FDCWD, run) : -ENOMEM;

	if (r < 0)
		return bt_err_sys(err, r, "remove the files of container %.12s", id);
	return bt_layers_discard_rw(engine->layers, id, dir, err);
}

void bt_container_files_empty_log(const struct bt_engine *engine, const char *id)
{
	bt_auto_free char *path = bt_container_files_log(engine, id);
	bool more = path != NULL;

	if (path && truncate(path, 0) < 0 && errno != ENOENT)
		bt_log_warn("empty %s: %s", path, strerror(errno));
	for (int i = 1; more; i++) {
		bt_auto_free char *rotated = bt_str_format("%s.%d", path, i);

		more = rotated && unlink(rotated) == 0;
	}
}

/* A file of the host, "" where there is none. */
static char *read_host(const char *path)
{
	char *text = NULL;

	if (bt_io_read_file(AT_FDCWD, path, HOST_FILE_MAX, &text, NULL) < 0)
		text = strdup("");
	return text;
}

static void hosts_line(struct bt_str *out, const char *address, const char *host,
		       const char *domain)
{
	if (domain[0])
		bt_str_printf(out, "%s\t%s.%s %s\n", address, host, domain, host);
	else
		bt_str_printf(out, "%s\t%s\n", address, host);
}

/* The host under a name: by the addresses that the daemon's options give, else by the gateway. */
static void gateway_lines(struct bt_str *out, const struct bt_container_files *f, const char *name,
			  size_t len)
{
	const json_t *address;
	size_t i;

	json_array_foreach (f->host_gateways, i, address)
		bt_str_printf(out, "%s\t%.*s\n", json_string_value(address), (int)len, name);
	if (json_array_size(f->host_gateways) == 0)
		bt_str_printf(out, "%s\t%.*s\n", f->gateway ? f->gateway : "127.0.0.1", (int)len,
			      name);
}

/* "name:address" of --add-host; the address may hold colons. */
static void extra_hosts(struct bt_str *out, const struct bt_container_files *f)
{
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(f->host_config, "ExtraHosts"), i, item) {
		const char *entry = json_string_value(item);
		size_t n = strcspn(entry, ":=");

		const char *address = entry[n] ? entry + n + 1 : "";

		if (strcmp(address, "host-gateway") == 0)
			gateway_lines(out, f, entry, n);
		else if (address[0])
			bt_str_printf(out, "%s\t%.*s\n", address, (int)n, entry);
	}
}

static bool names_host(const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *rest = bt_str_after(json_string_value(item), HOST_NAME);

		if (rest && (*rest == ':' || *rest == '='))
			return true;
	}
	return false;
}

static void make_hosts(const struct bt_container_files *f, struct bt_str *out)
{
	if (f->host_network) {
		bt_auto_free char *host = read_host("/etc/hosts");

		bt_str_puts(out, host ? host : "");
		/* What follows begins a line, also where the host's last one does not end. */
		if (out->len > 0 && out->p[out->len - 1] != '\n')
			bt_str_putc(out, '\n');
	} else {
		bt_str_puts(out, "127.0.0.1\tlocalhost\n"
				 "::1\tlocalhost ip6-localhost ip6-loopback\n"
				 "fe00::\tip6-localnet\n"
				 "ff00::\tip6-mcastprefix\n"
				 "ff02::1\tip6-allnodes\n"
				 "ff02::2\tip6-allrouters\n");
		bt_str_puts(out, f->links ? f->links : "");
		if (f->address)
			hosts_line(out, f->address, bt_jget_text(f->config, "Hostname"),
				   bt_jget_text(f->config, "Domainname"));
	}
	extra_hosts(out, f);
	/* Elsewhere the name server knows it; what was asked for goes before. */
	if (!f->dns && !f->host_network && f->gateway &&
	    !names_host(json_object_get(f->host_config, "ExtraHosts")))
		gateway_lines(out, f, HOST_NAME, strlen(HOST_NAME));
}

static int put(const struct bt_engine *engine, const char *id, const char *name,
	       const struct bt_str *text, struct bt_err *err)
{
	bt_auto_free char *path = bt_container_files_path(engine, id, name);
	int r = text->failed;

	if (r == 0)
		r = path ? bt_io_create_file(AT_FDCWD, path, 0644, bt_str_get(text), text->len)
			 : -ENOMEM;
	return r < 0 ? bt_err_sys(err, r, "write %s", name) : 0;
}

static int write_resolv(const struct bt_engine *engine, const char *id, const json_t *host_config,
			bool resolver, bool host_network, struct bt_err *err)
{
	bt_auto_free char *dir = bt_container_files_path(engine, id, NULL);
	bt_auto_free char *host = read_host("/etc/resolv.conf");
	bt_auto_str struct bt_str text = { 0 };
	const struct bt_container_resolv resolv = { .host = host ? host : "",
						    .host_config = host_config,
						    .resolver = resolver,
						    .host_network = host_network };

	bt_container_resolv_make(&resolv, &text);
	if (!dir || text.failed)
		return bt_err_sys(err, -ENOMEM, "write resolv.conf");
	return bt_container_resolv_write(dir, bt_str_get(&text), err);
}

int bt_container_files_write(const struct bt_engine *engine, const struct bt_container_files *f,
			     struct bt_err *err)
{
	bt_auto_str struct bt_str hosts = { 0 }, hostname = { 0 };
	const char *domain = bt_jget_text(f->config, "Domainname");
	int r;

	bt_str_printf(&hostname, "%s%s%s\n", bt_jget_text(f->config, "Hostname"),
		      domain[0] ? "." : "", domain);
	make_hosts(f, &hosts);
	r = put(engine, f->id, "hostname", &hostname, err);
	if (r == 0)
		r = put(engine, f->id, "hosts", &hosts, err);
	if (r == 0)
		r = write_resolv(engine, f->id, f->host_config, f->dns != NULL, f->host_network,
				 err);
	return r;
}

int bt_container_files_use_resolver(const struct bt_engine *engine, const char *id,
				    const json_t *host_config, struct bt_err *err)
{
	return write_resolv(engine, id, host_config, true, false, err);
}
