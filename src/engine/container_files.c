/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/container_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/str.h"
#include "engine/engine_private.h"
#include "engine/jget.h"

#define HOST_FILE_MAX (1u << 20)

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

	if (!dir)
		return bt_err_sys(err, -ENOMEM, "create container");
	if (mkdir(dir, 0710) < 0 && errno != EEXIST)
		return bt_err_sys(err, -errno, "create %s", dir);
	return 0;
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

/* "name:address" of --add-host; the address may hold colons. */
static void extra_hosts(struct bt_str *out, const json_t *list, const char *gateway)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *entry = json_string_value(item);
		size_t n = strcspn(entry, ":=");

		const char *address = entry[n] ? entry + n + 1 : "";

		if (strcmp(address, "host-gateway") == 0)
			address = gateway ? gateway : "127.0.0.1";
		if (address[0])
			bt_str_printf(out, "%s\t%.*s\n", address, (int)n, entry);
	}
}

static void make_hosts(const struct bt_container_files *f, struct bt_str *out)
{
	if (f->host_network) {
		bt_auto_free char *host = read_host("/etc/hosts");

		bt_str_puts(out, host ? host : "");
	} else {
		bt_str_puts(out, "127.0.0.1\tlocalhost\n"
				 "::1\tlocalhost ip6-localhost ip6-loopback\n"
				 "fe00::\tip6-localnet\n"
				 "ff00::\tip6-mcastprefix\n"
				 "ff02::1\tip6-allnodes\n"
				 "ff02::2\tip6-allrouters\n");
		if (f->address)
			hosts_line(out, f->address, bt_jget_text(f->config, "Hostname"),
				   bt_jget_text(f->config, "Domainname"));
	}
	extra_hosts(out, json_object_get(f->host_config, "ExtraHosts"), f->gateway);
}

/* A name server that the container could not reach: on the host's own loopback. */
static bool is_local_nameserver(const char *line)
{
	const char *address = bt_str_after(line, "nameserver");

	if (!address)
		return false;
	address += strspn(address, " \t");
	return bt_str_after(address, "127.") || bt_str_after(address, "::1");
}

/* The host's resolv.conf without what `skip` names, line by line. */
static bool copy_host_lines(struct bt_str *out, const char *text, bool network_host, bool dns,
			    bool search, bool options)
{
	bool any = false;

	while (*text) {
		size_t n = strcspn(text, "\n");
		bool ns = strncmp(text, "nameserver", 10) == 0;
		bool drop = (dns && ns) || (search && strncmp(text, "search", 6) == 0) ||
			    (options && strncmp(text, "options", 7) == 0) ||
			    (!network_host && is_local_nameserver(text)) || text[0] == '#';

		if (!drop) {
			bt_str_add(out, text, n);
			bt_str_putc(out, '\n');
			any |= ns;
		}
		text += n + (text[n] == '\n');
	}
	return any;
}

static void append_words(struct bt_str *out, const char *keyword, const json_t *words)
{
	const json_t *item;
	size_t i;

	if (json_array_size(words) == 0)
		return;
	bt_str_puts(out, keyword);
	json_array_foreach (words, i, item)
		bt_str_printf(out, " %s", json_string_value(item));
	bt_str_putc(out, '\n');
}

static void make_resolv(const struct bt_container_files *f, struct bt_str *out)
{
	const json_t *dns = bt_jget_filled(f->host_config, "Dns");
	const json_t *search = bt_jget_filled(f->host_config, "DnsSearch");
	const json_t *options = bt_jget_filled(f->host_config, "DnsOptions");
	bt_auto_free char *host = read_host("/etc/resolv.conf");
	const json_t *item;
	bool any;
	size_t i;

	/* The resolver at 127.0.0.11 asks the user's servers itself. */
	if (f->dns)
		dns = f->dns;
	any = copy_host_lines(out, host ? host : "", f->host_network, dns != NULL, search != NULL,
			      options != NULL);
	json_array_foreach (dns, i, item)
		bt_str_printf(out, "nameserver %s\n", json_string_value(item));
	/* As Docker: where the host resolves by itself only, public servers. */
	if (!any && !dns && !f->host_network)
		bt_str_puts(out, "nameserver 8.8.8.8\nnameserver 8.8.4.4\n");
	append_words(out, "search", search);
	append_words(out, "options", options);
	if (f->dns)
		bt_str_puts(out, "options ndots:0\n");
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

int bt_container_files_write(const struct bt_engine *engine, const struct bt_container_files *f,
			     struct bt_err *err)
{
	bt_auto_str struct bt_str hosts = { 0 }, resolv = { 0 }, hostname = { 0 };
	const char *domain = bt_jget_text(f->config, "Domainname");
	int r;

	bt_str_printf(&hostname, "%s%s%s\n", bt_jget_text(f->config, "Hostname"),
		      domain[0] ? "." : "", domain);
	make_hosts(f, &hosts);
	make_resolv(f, &resolv);
	r = put(engine, f->id, "hostname", &hostname, err);
	if (r == 0)
		r = put(engine, f->id, "hosts", &hosts, err);
	if (r == 0)
		r = put(engine, f->id, "resolv.conf", &resolv, err);
	return r;
}
