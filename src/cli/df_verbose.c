/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/df_verbose.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"
#include "base/str.h"
#include "cli/table.h"
#include "cli/units.h"
#include "codec/duration.h"

#define COLUMN_MIN     10
#define COLUMN_PADDING 3
#define SHORT_ID       12

static const char *text(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s ? s : "";
}

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void add_size(struct bt_str *out, json_int_t bytes, const char *end)
{
	char size[BT_UNITS_TEXT_MAX];

	bt_units_size((double)(bytes > 0 ? bytes : 0), 4, size);
	bt_str_printf(out, "%s%s", size, end);
}

static void add_age(struct bt_str *out, json_int_t created)
{
	char age[BT_DURATION_TEXT_MAX];

	bt_duration_text((int64_t)time(NULL) - created, age);
	bt_str_printf(out, "%s ago\t", age);
}

static void add_id(struct bt_str *out, const char *id)
{
	const char *hex = bt_str_after(id, "sha256:");

	bt_str_printf(out, "%.*s\t", SHORT_ID, hex ? hex : id);
}

/* One line for each tag, as the list of images has it. */
static void add_image(struct bt_str *out, const json_t *image)
{
	const json_t *tags = json_object_get(image, "RepoTags");
	json_int_t size = number(image, "Size"), shared = number(image, "SharedSize");
	size_t n = json_array_size(tags);

	for (size_t i = 0; i < (n > 0 ? n : 1); i++) {
		const char *tag = n > 0 ? json_string_value(json_array_get(tags, i)) : NULL;
		const char *colon = tag ? strrchr(tag, ':') : NULL;

		bt_str_printf(out, "%.*s\t%s\t", colon ? (int)(colon - tag) : 6,
			      colon ? tag : "<none>", colon ? colon + 1 : "<none>");
		add_id(out, text(image, "Id"));
		add_age(out, number(image, "Created"));
		add_size(out, size, "\t");
		add_size(out, shared, "\t");
		add_size(out, size - shared, "\t");
		bt_str_printf(out, "%lld\n", (long long)number(image, "Containers"));
	}
}

static void add_container(struct bt_str *out, const json_t *container)
{
	const char *name =
		json_string_value(json_array_get(json_object_get(container, "Names"), 0));
	const json_t *mount;
	size_t volumes = 0, i;

	json_array_foreach (json_object_get(container, "Mounts"), i, mount)
		volumes += strcmp(text(mount, "Type"), "volume") == 0;
	add_id(out, text(container, "Id"));
	bt_str_printf(out, "%s\t\"%.20s\"\t%zu\t", text(container, "Image"),
		      text(container, "Command"), volumes);
	add_size(out, number(container, "SizeRw"), "\t");
	add_age(out, number(container, "Created"));
	bt_str_printf(out, "%s\t%s\n", text(container, "Status"),
		      name ? name + (name[0] == '/') : "");
}

static void add_volume(struct bt_str *out, const json_t *volume)
{
	const json_t *usage = json_object_get(volume, "UsageData");

	bt_str_printf(out, "%s\t%lld\t", text(volume, "Name"),
		      (long long)number(usage, "RefCount"));
	add_size(out, number(usage, "Size"), "\n");
}

static void print_part(const json_t *list, const char *title, const char *head,
		       void (*add)(struct bt_str *out, const json_t *item))
{
	bt_auto_str struct bt_str out = { 0 };
	const json_t *item;
	size_t i;

	(void)printf("%s\n\n", title);
	bt_str_puts(&out, head);
	json_array_foreach (list, i, item)
		add(&out, item);
	bt_table_print(stdout, bt_str_get(&out), COLUMN_MIN, COLUMN_PADDING);
	(void)putchar('\n');
}

void bt_df_verbose_print(const json_t *answer)
{
	print_part(
		json_object_get(answer, "Images"), "Images space usage:",
		"REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE\tSHARED SIZE\tUNIQUE SIZE\tCONTAINERS\n",
		add_image);
	print_part(json_object_get(answer, "Containers"), "Containers space usage:",
		   "CONTAINER ID\tIMAGE\tCOMMAND\tLOCAL VOLUMES\tSIZE\tCREATED\tSTATUS\tNAMES\n",
		   add_container);
	print_part(json_object_get(answer, "Volumes"),
		   "Local Volumes space usage:", "VOLUME NAME\tLINKS\tSIZE\n", add_volume);
}
