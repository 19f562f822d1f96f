/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

const struct bt_command *const bt_commands_all[] = {
	&bt_attach_command,
	&bt_commit_command,
	&bt_completion_bash_command,
	&bt_completion_fish_command,
	&bt_completion_zsh_command,
	&bt_context_edit_create_command,
	&bt_context_edit_rm_command,
	&bt_context_edit_update_command,
	&bt_context_file_export_command,
	&bt_context_file_import_command,
	&bt_context_inspect_command,
	&bt_context_ls_command,
	&bt_context_show_command,
	&bt_context_use_command,
	&bt_cp_command,
	&bt_create_command,
	&bt_df_command,
	&bt_dial_command,
	&bt_diff_command,
	&bt_enter_command,
	&bt_events_command,
	&bt_exec_command,
	&bt_history_command,
	&bt_image_make_command,
	&bt_images_command,
	&bt_import_command,
	&bt_info_command,
	&bt_inspect_command,
	&bt_inspect_container_command,
	&bt_inspect_image_command,
	&bt_kill_command,
	&bt_load_command,
	&bt_login_command,
	&bt_login_logout_command,
	&bt_logs_command,
	&bt_manifest_edit_annotate_command,
	&bt_manifest_edit_create_command,
	&bt_manifest_inspect_command,
	&bt_manifest_edit_push_command,
	&bt_manifest_rm_command,
	&bt_network_connect_command,
	&bt_network_create_command,
	&bt_network_disconnect_command,
	&bt_network_inspect_command,
	&bt_network_ls_command,
	&bt_network_rm_command,
	&bt_pause_command,
	&bt_port_command,
	&bt_prune_containers_command,
	&bt_prune_images_command,
	&bt_prune_networks_command,
	&bt_prune_system_command,
	&bt_prune_volumes_command,
	&bt_ps_command,
	&bt_pull_command,
	&bt_push_command,
	&bt_rename_command,
	&bt_restart_command,
	&bt_rm_command,
	&bt_rmi_command,
	&bt_run_command,
	&bt_save_command,
	&bt_save_export_command,
	&bt_search_command,
	&bt_start_command,
	&bt_stats_command,
	&bt_stop_command,
	&bt_tag_command,
	&bt_top_command,
	&bt_unpause_command,
	&bt_update_command,
	&bt_version_command,
	&bt_volume_create_command,
	&bt_volume_inspect_command,
	&bt_volume_ls_command,
	&bt_volume_rename_command,
	&bt_volume_rm_command,
	&bt_wait_command,
	NULL,
};

const struct bt_command_group bt_commands_groups[] = {
	{ "completion", "Print scripts for shells" },
	{ "container", "Manage containers" },
	{ "context", "Manage contexts" },
	{ "image", "Manage images" },
	{ "manifest", "Manage manifests, and lists of them" },
	{ "network", "Manage networks" },
	{ "system", "Manage the engine" },
	{ "volume", "Manage volumes" },
	{ NULL, NULL },
};

const struct bt_command_group *bt_commands_group(const char *name)
{
	for (const struct bt_command_group *g = bt_commands_groups; g->name; g++)
		if (strcmp(g->name, name) == 0)
			return g;
	return NULL;
}

static bool is_named(const struct bt_command *command, const char *path)
{
	size_t want = strlen(path);

	for (const char *p = command->names; *p;) {
		size_t len = strcspn(p, ",");

		if (len == want && strncmp(p, path, len) == 0)
			return true;
		p += len + (p[len] == ',');
	}
	return false;
}

const struct bt_command *bt_commands_find(const char *path)
{
	for (size_t i = 0; bt_commands_all[i]; i++)
		if (is_named(bt_commands_all[i], path))
			return bt_commands_all[i];
	return NULL;
}

bool bt_commands_name_below(const struct bt_command *command, const char *group,
			    char ret[BT_COMMANDS_NAME_LEN])
{
	size_t glen = strlen(group);

	for (const char *p = command->names; *p;) {
		size_t len = strcspn(p, ",");
		const char *word = p;

		if (glen && len > glen && strncmp(p, group, glen) == 0 && p[glen] == ' ')
			word = p + glen + 1;
		else if (glen)
			word = NULL;
		if (word && !memchr(word, ' ', len - (size_t)(word - p))) {
			(void)snprintf(ret, BT_COMMANDS_NAME_LEN, "%.*s",
				       (int)(len - (size_t)(word - p)), word);
			return true;
		}
		p += len + (p[len] == ',');
	}
	return false;
}
