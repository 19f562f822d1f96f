/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BT_CLI_COMMANDS_H
#define BT_CLI_COMMANDS_H

/*
 * Every command there is, and how words become one. Each is defined in the file of its name.
 */

#include <stddef.h>

#include "cli/args.h"

struct bt_command_group {
	const char *name, *brief;
};

/** All commands, ending in NULL. */
extern const struct bt_command *const bt_commands_all[];
/** All groups ("container", "image" …), ending with a NULL name. */
extern const struct bt_command_group bt_commands_groups[];

/** The group of this name, or NULL. */
const struct bt_command_group *bt_commands_group(const char *name);

/** The command called by `path` ("container ls", "ps"), or NULL. */
const struct bt_command *bt_commands_find(const char *path);

/** Room for a word by which a command is called. */
#define BT_COMMANDS_NAME_LEN 32

/** The word by which `command` is called directly below `group` ("" for the program itself): false
 * where it is not called so. */
bool bt_commands_name_below(const struct bt_command *command, const char *group,
			    char ret[BT_COMMANDS_NAME_LEN]);

/* What the help of every list says about --format. */
#define BT_HELP_FORMAT \
	"Print by a Go template; \"table\", \"table TEMPLATE\" and \"json\" are known too"

extern const struct bt_command bt_attach_command, bt_commit_command, bt_completion_bash_command,
	bt_completion_fish_command, bt_completion_zsh_command, bt_context_edit_create_command,
	bt_context_edit_rm_command, bt_context_edit_update_command, bt_context_file_export_command,
	bt_context_file_import_command, bt_context_inspect_command, bt_context_ls_command,
	bt_context_show_command, bt_context_use_command, bt_cp_command, bt_create_command,
	bt_df_command, bt_dial_command, bt_diff_command, bt_enter_command, bt_events_command,
	bt_exec_command, bt_history_command, bt_image_make_command, bt_images_command,
	bt_import_command, bt_info_command, bt_inspect_command, bt_inspect_container_command,
	bt_inspect_image_command, bt_kill_command, bt_load_command, bt_login_command,
	bt_manifest_edit_annotate_command, bt_manifest_edit_create_command,
	bt_manifest_edit_push_command, bt_manifest_inspect_command, bt_manifest_rm_command,
	bt_login_logout_command, bt_logs_command, bt_network_connect_command,
	bt_network_create_command, bt_network_disconnect_command, bt_network_inspect_command,
	bt_network_ls_command, bt_network_rm_command, bt_pause_command, bt_port_command,
	bt_prune_containers_command, bt_prune_images_command, bt_prune_networks_command,
	bt_prune_system_command, bt_prune_volumes_command, bt_ps_command, bt_pull_command,
	bt_push_command, bt_rename_command, bt_restart_command, bt_rm_command, bt_rmi_command,
	bt_run_command, bt_save_command, bt_save_export_command, bt_search_command,
	bt_start_command, bt_stats_command, bt_stop_command, bt_tag_command, bt_top_command,
	bt_unpause_command, bt_update_command, bt_version_command, bt_volume_create_command,
	bt_volume_inspect_command, bt_volume_ls_command, bt_volume_rename_command,
	bt_volume_rm_command, bt_wait_command;

#endif
