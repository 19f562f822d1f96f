/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/volume_options.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "base/auto.h"
#include "base/str.h"
#include "engine/jget.h"

/* The kernel takes a page of options. */
#define DATA_MAX 4095

struct word {
	const char *name;
	unsigned long flag;
	bool clears;
};

static const struct word words[] = {
	{ "defaults", 0, false },
	{ "ro", MS_RDONLY, false },
	{ "rw", MS_RDONLY, true },
	{ "suid", MS_NOSUID, true },
	{ "nosuid", MS_NOSUID, false },
	{ "dev", MS_NODEV, true },
	{ "nodev", MS_NODEV, false },
	{ "exec", MS_NOEXEC, true },
	{ "noexec", MS_NOEXEC, false },
	{ "sync", MS_SYNCHRONOUS, false },
	{ "async", MS_SYNCHRONOUS, true },
	{ "dirsync", MS_DIRSYNC, false },
	{ "mand", MS_MANDLOCK, false },
	{ "nomand", MS_MANDLOCK, true },
	{ "atime", MS_NOATIME, true },
	{ "noatime", MS_NOATIME, false },
	{ "diratime", MS_NODIRATIME, true },
	{ "nodiratime", MS_NODIRATIME, false },
	{ "relatime", MS_RELATIME, false },
	{ "norelatime", MS_RELATIME, true },
	{ "strictatime", MS_STRICTATIME, false },
	{ "nostrictatime", MS_STRICTATIME, true },
	{ "bind", MS_BIND, false },
	{ "rbind", MS_BIND | MS_REC, false },
};

static const struct word propagations[] = {
	{ "private", MS_PRIVATE, false },       { "rprivate", MS_PRIVATE | MS_REC, false },
	{ "shared", MS_SHARED, false },         { "rshared", MS_SHARED | MS_REC, false },
	{ "slave", MS_SLAVE, false },           { "rslave", MS_SLAVE | MS_REC, false },
	{ "unbindable", MS_UNBINDABLE, false }, { "runbindable", MS_UNBINDABLE | MS_REC, false },
};

void bt_volume_options_done(struct bt_volume_options *o)
{
	free(o->type);
	free(o->device);
	free(o->data);
	free(o->server);
	*o = (struct bt_volume_options){ 0 };
}

static int missing(const char *option, struct bt_err *err)
{
	return bt_err_set(err, BT_ERR_INVALID, EINVAL, "missing required option: \"%s\"", option);
}

/* "10", "1.5g", "2GiB". */
static bool is_size(const char *text)
{
	size_t digits = strspn(text, "0123456789.");
	const char *unit = text + digits;

	if (digits == 0)
		return false;
	unit += strspn(unit, " ");
	unit += *unit && strchr("kKmMgGtTpP", *unit) ? 1 : 0;
	unit += *unit == 'i';
	unit += *unit == 'b' || *unit == 'B';
	return *unit == '\0';
}

static bool is_known(const char *key)
{
	static const char *const known[] = { "type", "device", "o", "size" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(key, known[i]) == 0)
			return true;
	return false;
}

/* "0" asks for no limit. */
static int check_size(const char *size, struct bt_err *err)
{
	if (size[0] && !is_size(size))
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid size: '%.100s'", size);
	if (size[strspn(size, "0.")] != '\0')
		return bt_err_set(err, BT_ERR_INVALID, EINVAL,
				  "quota size requested but no quota support");
	return 0;
}

int bt_volume_options_check(const json_t *options, struct bt_err *err)
{
	const bool type = json_object_get(options, "type") != NULL;
	const bool device = json_object_get(options, "device") != NULL;
	const bool o = json_object_get(options, "o") != NULL;
	const char *key;
	json_t *value;
	int r;

	json_object_foreach ((json_t *)(uintptr_t)options, key, value) {
		if (!is_known(key))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL, "invalid option: \"%.100s\"",
					  key);
		if (!json_is_string(value))
			return bt_err_set(err, BT_ERR_INVALID, EINVAL,
					  "invalid JSON: the option %s must be a string", key);
	}
	r = check_size(bt_jget_text(options, "size"), err);
	if (r < 0)
		return r;
	if ((type || o) && !device)
		return missing("device", err);
	return device && !type ? missing("type", err) : 0;
}

static const struct word *find(const struct word *list, size_t n, const char *word, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(list[i].name) == len && memcmp(list[i].name, word, len) == 0)
			return &list[i];
	return NULL;
}

static bool is_address(const char *text)
{
	return text[strspn(text, "0123456789.")] == '\0' || strchr(text, ':');
}

/* addr=NAME of a network's file system: the kernel wants the number. 1 where it was one. */
static int take_server(struct bt_volume_options *o, const char *word, size_t len)
{
	bool network = strcmp(o->type, "cifs") == 0 || strncmp(o->type, "nfs", 3) == 0;

	if (!network || len < 6 || memcmp(word, "addr=", 5) != 0)
		return 0;
	free(o->server);
	o->server = strndup(word + 5, len - 5);
	if (!o->server)
		return -ENOMEM;
	if (!is_address(o->server))
		return 1;
	free(bt_take(o->server));
	return 0;
}

static int take_word(struct bt_volume_options *o, const char *word, size_t len, struct bt_str *data)
{
	const struct word *w = find(words, sizeof(words) / sizeof(words[0]), word, len);
	const struct word *p =
		find(propagations, sizeof(propagations) / sizeof(propagations[0]), word, len);
	int r;

	if (w) {
		o->flags = w->clears ? o->flags & ~w->flag : o->flags | w->flag;
		return 0;
	}
	if (p) {
		o->propagation = p->flag;
		return 0;
	}
	r = take_server(o, word, len);
	if (r == 0)
		bt_str_printf(data, "%s%.*s", data->len > 0 ? "," : "", (int)len, word);
	return r < 0 ? r : 0;
}

int bt_volume_options_read(const json_t *options, struct bt_volume_options *ret, struct bt_err *err)
{
	bt_auto_volume_options struct bt_volume_options o = { 0 };
	bt_auto_str struct bt_str data = { .max = DATA_MAX };
	const char *word = bt_jget_text(options, "o");
	int r = 0;

	if (!json_object_get(options, "device"))
		return 0;
	o.type = strdup(bt_jget_text(options, "type"));
	o.device = strdup(bt_jget_text(options, "device"));
	if (!o.type || !o.device)
		return bt_err_sys(err, -ENOMEM, "read a volume's options");
	while (*word && r == 0) {
		size_t n = strcspn(word, ",");

		r = n > 0 ? take_word(&o, word, n, &data) : 0;
		word += n + (word[n] == ',');
	}
	if (data.failed && r == 0)
		return bt_err_set(err, BT_ERR_INVALID, E2BIG, "the volume's options are too long");
	o.data = r == 0 ? strdup(bt_str_get(&data)) : NULL;
	if (!o.data)
		return bt_err_sys(err, -ENOMEM, "read a volume's options");
	*ret = bt_take_struct(o);
	return 1;
}
