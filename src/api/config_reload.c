/* SPDX-License-Identifier: Apache-2.0 */

#include "api/config_reload.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/config_options.h"
#include "base/auto.h"
#include "base/str.h"

/* Docker's list, as far as berth has these options, and the log level. */
static const char *const at_once[] = {
	"debug",
	"default-ipc-mode",
	"default-runtime",
	"default-shm-size",
	"insecure-registries",
	"labels",
	"live-restore",
	"log-level",
	"registry-mirrors",
	"runtimes",
	"shutdown-timeout",
};

static bool counts_at_once(const char *name)
{
	for (size_t i = 0; i < sizeof(at_once) / sizeof(at_once[0]); i++)
		if (strcmp(at_once[i], name) == 0)
			return true;
	return false;
}

static bool is_same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

/* What counts: all that is at present, with what the file says anew of those that may change. */
static json_t *merge(const json_t *now, const json_t *fresh)
{
	json_t *out = json_copy((json_t *)(uintptr_t)now);

	for (size_t i = 0; out && i < sizeof(at_once) / sizeof(at_once[0]); i++) {
		json_t *value = json_object_get(fresh, at_once[i]);

		if (value && json_object_set(out, at_once[i], value) < 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

/* One that means nothing here needs no restart to mean nothing. */
static int name_later(const json_t *now, const json_t *fresh, char **ret)
{
	bt_auto_str struct bt_str names = { 0 };

	bt_str_puts(&names, "");
	for (size_t i = 0; i < bt_config_options_count; i++) {
		const struct bt_option *option = &bt_config_options[i];
		const char *name = bt_config_options_name(option);

		if (option->use == BT_OPTION_MOOT || counts_at_once(name) ||
		    is_same(json_object_get(now, name), json_object_get(fresh, name)))
			continue;
		bt_str_printf(&names, "%s%s", names.len > 0 ? ", " : "", name);
	}
	return bt_str_steal(&names, ret);
}

int bt_config_reload_read(int argc, char *const argv[], const struct bt_config *now,
			  struct bt_config *ret, char **ret_later, char **ret_warnings,
			  struct bt_err *err)
{
	bt_auto_config struct bt_config fresh = { 0 };
	bt_auto_free char *later = NULL, *warnings = NULL;
	json_t *values;
	int r = bt_config_load(argc, argv, &fresh, &warnings, err);

	if (r < 0)
		return r;
	values = merge(now->values, fresh.values);
	if (!values || name_later(now->values, fresh.values, &later) < 0) {
		json_decref(values);
		return bt_err_sys(err, -ENOMEM, "read the configuration");
	}
	r = bt_config_resolve(values, ret, err);
	if (r < 0)
		return r;
	*ret_later = bt_take(later);
	*ret_warnings = bt_take(warnings);
	return 0;
}
