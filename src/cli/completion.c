/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"

/* Of src/cli/completion.{bash,fish,zsh}, where @PROG@ is the program's name. */
extern const char bt_completion_bash[], bt_completion_fish[], bt_completion_zsh[];

/* With meanings, or without as the flag says, where the script asks for them. */
static int print_script(struct bt_cli *cli, const struct bt_args *args, const char *script)
{
	static const char name[] = "@PROG@", ask[] = "@COMPLETE@";
	const char *at;

	while ((at = strchr(script, '@'))) {
		(void)fwrite(script, 1, (size_t)(at - script), stdout);
		if (strncmp(at, name, strlen(name)) == 0) {
			(void)fputs(cli->prog, stdout);
			script = at + strlen(name);
		} else if (strncmp(at, ask, strlen(ask)) == 0) {
			(void)fputs(bt_args_bool(args, "no-descriptions") ? "__completeNoDesc"
									  : "__complete",
				    stdout);
			script = at + strlen(ask);
		} else {
			(void)fputc('@', stdout);
			script = at + 1;
		}
	}
	(void)fputs(script, stdout);
	return 0;
}

static int run_bash(struct bt_cli *cli, const struct bt_args *args)
{
	return print_script(cli, args, bt_completion_bash);
}

static int run_fish(struct bt_cli *cli, const struct bt_args *args)
{
	return print_script(cli, args, bt_completion_fish);
}

static int run_zsh(struct bt_cli *cli, const struct bt_args *args)
{
	return print_script(cli, args, bt_completion_zsh);
}

static const struct bt_flag flags[] = {
	{ 0, BT_FLAG_BOOL, "no-descriptions", NULL, "Offer words without their meaning", NULL,
	  NULL },
	{ 0 },
};

const struct bt_command bt_completion_bash_command = {
	.names = "completion bash",
	.usage = "[OPTIONS]",
	.brief = "Print bash's script, for /etc/bash_completion.d or eval",
	.flags = { flags },
	.run = run_bash,
};

const struct bt_command bt_completion_fish_command = {
	.names = "completion fish",
	.usage = "[OPTIONS]",
	.brief = "Print fish's script, for ~/.config/fish/completions or source",
	.flags = { flags },
	.run = run_fish,
};

const struct bt_command bt_completion_zsh_command = {
	.names = "completion zsh",
	.usage = "[OPTIONS]",
	.brief = "Print zsh's script, for a directory of $fpath or source",
	.flags = { flags },
	.run = run_zsh,
};
