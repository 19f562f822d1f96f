/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/complete_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "client/context.h"
#include "client/target.h"
#include "codec/capability.h"
#include "codec/json.h"
#include "codec/signal_name.h"

#define SIGNAL_LAST 64

/* What a usage calls things, and what those are. */
static const struct {
	const char *word;
	enum bt_complete_kind kind;
} kinds[] = {
	{ "CONTAINER", BT_COMPLETE_CONTAINERS },
	{ "NAME|ID", BT_COMPLETE_CONTAINERS },
	{ "IMAGE", BT_COMPLETE_IMAGES },
	{ "NAME[:TAG]", BT_COMPLETE_IMAGES },
	{ "REPOSITORY[:TAG]", BT_COMPLETE_IMAGES },
	{ "SOURCE_IMAGE[:TAG]", BT_COMPLETE_IMAGES },
	{ "TARGET_IMAGE[:TAG]", BT_COMPLETE_IMAGES },
	{ "NETWORK", BT_COMPLETE_NETWORKS },
	{ "VOLUME", BT_COMPLETE_VOLUMES },
	{ "CONTEXT", BT_COMPLETE_CONTEXTS },
	{ "FILE", BT_COMPLETE_FILES },
	{ "file", BT_COMPLETE_FILES },
	{ "CONTAINER:SRC_PATH", BT_COMPLETE_FILES },
	{ "DEST_PATH", BT_COMPLETE_FILES },
};

/* Which containers a command acts on; all others take any that there is. */
static const struct {
	const char *command, *all, *statuses;
} chosen[] = {
	{ "attach", NULL, "{\"status\":[\"running\"]}" },
	{ "enter", NULL, NULL },
	{ "exec", NULL, "{\"status\":[\"running\"]}" },
	{ "kill", NULL, NULL },
	{ "pause", NULL, "{\"status\":[\"running\"]}" },
	{ "port", NULL, NULL },
	{ "rm", "1", "{\"status\":[\"created\",\"exited\"]}" },
	{ "start", "1", "{\"status\":[\"created\",\"exited\"]}" },
	{ "stop", NULL, NULL },
	{ "top", NULL, NULL },
	{ "unpause", NULL, "{\"status\":[\"paused\"]}" },
	{ "wait", NULL, NULL },
};

static const struct {
	const char *flag;
	enum bt_complete_kind kind;
} flag_kinds[] = {
	{ "context", BT_COMPLETE_CONTEXTS },
	{ "link", BT_COMPLETE_CONTAINERS },
	{ "network", BT_COMPLETE_NETWORKS },
	{ "volumes-from", BT_COMPLETE_CONTAINERS },
};

/* Flags that take one of few words. */
static const struct {
	const char *flag, *words[8];
} flag_words[] = {
	{ "attach", { "stderr", "stdin", "stdout" } },
	{ "cgroupns", { "host", "private" } },
	{ "ipc", { "container:", "host", "none", "private", "shareable" } },
	{ "log-driver", { "json-file", "local", "none" } },
	{ "log-level", { "debug", "info", "warn", "error", "fatal" } },
	{ "pid", { "container:", "host" } },
	{ "pull", { "always", "missing", "never" } },
	{ "restart", { "always", "no", "on-failure", "on-unhealthy", "unless-stopped" } },
	{ "type", { "container", "image", "network", "volume" } },
	{ "userns", { "host" } },
	{ "uts", { "host" } },
};

/* "[CONTAINER...]" is a CONTAINER. */
static enum bt_complete_kind kind_of(const char *word, size_t len)
{
	if (len > 0 && word[0] == '[') {
		word++;
		len -= len > 1 && word[len - 2] == ']' ? 2 : 1;
	}
	if (len > 3 && strncmp(word + len - 3, "...", 3) == 0)
		len -= 3;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i].word);

		/* "CONTAINER|pid:PID" is one, too. */
		if (len >= n && strncmp(word, kinds[i].word, n) == 0 &&
		    (len == n || word[n] == '|'))
			return kinds[i].kind;
	}
	return BT_COMPLETE_NOTHING;
}

enum bt_complete_kind bt_complete_values_kind(const char *usage, size_t index)
{
	const char *word = usage;
	size_t n = 0;

	while (*word && *word != '\n') {
		size_t len = strcspn(word, " \n");
		bool repeats = len > 4 && strncmp(word + len - 4, "...]", 4) == 0;
		bool counts = len > 0 && strncmp(word, "[OPTIONS]", len) != 0;

		if (counts && (n == index || repeats))
			return kind_of(word, len);
		n += counts;
		word += len + (word[len] == ' ');
	}
	return BT_COMPLETE_NOTHING;
}

/* Is `name` the last word by which the command is called? */
static bool is_called(const struct bt_command *command, const char *name)
{
	const char *comma = strrchr(command->names, ','),
		   *path = comma ? comma + 1 : command->names;
	const char *blank = strrchr(path, ' ');

	return strcmp(blank ? blank + 1 : path, name) == 0;
}

static void containers_target(const struct bt_command *command, struct bt_str *target)
{
	bt_str_puts(target, "/containers/json");
	for (size_t i = 0; command && i < sizeof(chosen) / sizeof(chosen[0]); i++) {
		if (!is_called(command, chosen[i].command))
			continue;
		bt_target_add(target, "all", chosen[i].all);
		bt_target_add(target, "filters", chosen[i].statuses);
		return;
	}
	bt_target_add(target, "all", "1");
}

/* Names of containers have a slash before them; a second one is a link's. */
static void offer_container(const struct bt_complete *c, const json_t *container)
{
	const json_t *name;
	size_t i;

	json_array_foreach (bt_json_arr(container, "Names"), i, name) {
		const char *text = json_string_value(name);

		text = text && text[0] == '/' ? text + 1 : text;
		if (text && !strchr(text, '/'))
			bt_complete_offer(c, text, bt_json_str(container, "Image", NULL));
	}
}

static void offer_image(const struct bt_complete *c, const json_t *image)
{
	const json_t *tag;
	size_t i;

	json_array_foreach (bt_json_arr(image, "RepoTags"), i, tag)
		bt_complete_offer(c, json_is_string(tag) ? json_string_value(tag) : "", NULL);
}

static void offer_named(const struct bt_complete *c, const json_t *thing)
{
	bt_complete_offer(c, bt_json_str(thing, "Name", ""), bt_json_str(thing, "Driver", NULL));
}

/* Each of the list that the daemon has at `target`. */
static int offer_list(struct bt_cli *cli, const struct bt_complete *c, const char *target,
		      void (*one)(const struct bt_complete *c, const json_t *thing))
{
	json_auto_t *answer = NULL;
	const json_t *list, *thing;
	size_t i;

	if (bt_cli_call(cli, "GET", target, NULL, &answer, BT_ERR_IGNORED) < 0)
		return BT_COMPLETE_ERROR;
	list = json_is_array(answer) ? answer : bt_json_arr(answer, "Volumes");
	json_array_foreach (list, i, thing)
		one(c, thing);
	return BT_COMPLETE_NO_FILES;
}

static int offer_contexts(struct bt_cli *cli, const struct bt_complete *c)
{
	json_auto_t *list = NULL;
	const json_t *context;
	size_t i;

	bt_complete_offer(c, "default", NULL);
	if (bt_context_list(&cli->config, &list, BT_ERR_IGNORED) < 0)
		return BT_COMPLETE_ERROR;
	json_array_foreach (list, i, context)
		bt_complete_offer(c, bt_json_str(context, "Name", ""), NULL);
	return BT_COMPLETE_NO_FILES;
}

int bt_complete_values_of(struct bt_cli *cli, const struct bt_complete *c,
			  enum bt_complete_kind kind, const struct bt_command *command)
{
	bt_auto_str struct bt_str target = { 0 };

	switch (kind) {
	case BT_COMPLETE_CONTAINERS:
		containers_target(command, &target);
		return offer_list(cli, c, bt_str_get(&target), offer_container);
	case BT_COMPLETE_IMAGES:
		return offer_list(cli, c, "/images/json", offer_image);
	case BT_COMPLETE_NETWORKS:
		return offer_list(cli, c, "/networks", offer_named);
	case BT_COMPLETE_VOLUMES:
		return offer_list(cli, c, "/volumes", offer_named);
	case BT_COMPLETE_CONTEXTS:
		return offer_contexts(cli, c);
	case BT_COMPLETE_FILES:
		return 0;
	case BT_COMPLETE_NOTHING:
		break;
	}
	return BT_COMPLETE_NO_FILES;
}

static int offer_signals(const struct bt_complete *c)
{
	char name[BT_SIGNAL_NAME_LEN];

	for (int i = 1; i <= SIGNAL_LAST; i++) {
		bt_signal_name_print(i, name);
		if (bt_str_after(name, "SIG"))
			bt_complete_offer(c, name, NULL);
	}
	return BT_COMPLETE_NO_FILES;
}

static int offer_capabilities(const struct bt_complete *c)
{
	bt_complete_offer(c, "ALL", NULL);
	for (int i = 0; i < BT_CAPABILITY_COUNT; i++)
		bt_complete_offer(c, bt_capability_name(i), NULL);
	return BT_COMPLETE_NO_FILES;
}

int bt_complete_values_flag(struct bt_cli *cli, const struct bt_complete *c,
			    const struct bt_flag *flag)
{
	if (strcmp(flag->name, "signal") == 0 || strcmp(flag->name, "stop-signal") == 0)
		return offer_signals(c);
	if (strcmp(flag->name, "cap-add") == 0 || strcmp(flag->name, "cap-drop") == 0)
		return offer_capabilities(c);
	for (size_t i = 0; i < sizeof(flag_kinds) / sizeof(flag_kinds[0]); i++)
		if (strcmp(flag->name, flag_kinds[i].flag) == 0)
			return bt_complete_values_of(cli, c, flag_kinds[i].kind, NULL);
	for (size_t i = 0; i < sizeof(flag_words) / sizeof(flag_words[0]); i++) {
		if (strcmp(flag->name, flag_words[i].flag) != 0)
			continue;
		for (size_t k = 0; k < 8 && flag_words[i].words[k]; k++)
			bt_complete_offer(c, flag_words[i].words[k], NULL);
		return BT_COMPLETE_NO_FILES;
	}
	/* Many a value is a file, and which is none, nobody has said. */
	return 0;
}
