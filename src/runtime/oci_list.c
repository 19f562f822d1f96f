/* SPDX-License-Identifier: Apache-2.0 */

/* list and ps of the OCI command line. */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "codec/json.h"
#include "runtime/oci_cli.h"
#include "runtime/state.h"

struct list_flags {
	bool json, quiet;
};

static int take_flags(int argc, char **argv, struct list_flags *f, struct bt_err *err)
{
	static const struct option flags[] = { { "format", required_argument, NULL, 'f' },
					       { "quiet", no_argument, NULL, 'q' },
					       { 0 } };
	int flag;

	while ((flag = bt_oci_cli_flag(argc, argv, "+f:q", flags, err)) != -1) {
		switch (flag) {
		case 'f':
			f->json = strcmp(optarg, "json") == 0;
			if (!f->json && strcmp(optarg, "table") != 0)
				return bt_err_set(err, BT_ERR_INVALID, EINVAL,
						  "invalid format option: %s", optarg);
			break;
		case 'q':
			f->quiet = true;
			break;
		default:
			return -EINVAL;
		}
	}
	return 0;
}

static int add(json_t *list, const struct bt_state *state, const char *owner, struct bt_err *err)
{
	enum bt_state_status status;
	int r = bt_state_status(state, &status, err);

	if (r < 0)
		return r;
	r = json_array_append_new(list, bt_oci_describe(state, status, owner));
	return r < 0 ? bt_err_sys(err, -ENOMEM, "list containers") : 0;
}

/* Everything that can be read as a container's state; anything else below the root
 * is not ours to judge. */
static int collect(const struct bt_oci_cli *cli, json_t *list, struct bt_err *err)
{
	DIR *dir = opendir(cli->root);
	struct dirent *entry;
	int r = 0;

	if (dir == NULL)
		return errno == ENOENT ? 0 : bt_err_sys(err, -errno, "read %s", cli->root);
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		bt_auto_state struct bt_state state = { 0 };
		struct stat st;

		if (!bt_state_id_valid(entry->d_name))
			continue;
		r = bt_state_load(cli->root, entry->d_name, &state, err);
		if (r == 0 && stat(state.dir, &st) == 0)
			/* A static program cannot ask for other users' names. */
			r = add(list, &state, st.st_uid == 0 ? "root" : "", err);
		if (!bt_err_is_shortage(r))
			r = 0;
	}
	(void)closedir(dir);
	return r;
}

static int print_line(const json_t *list, struct bt_err *err)
{
	if (list == NULL || json_dumpf(list, stdout, JSON_COMPACT) < 0 || putchar('\n') < 0)
		return bt_err_sys(err, -ENOMEM, "print the list");
	return 0;
}

static void print_table(const json_t *list)
{
	size_t i;
	json_t *c;

	printf("%-20s %-10s %-10s %-30s %-30s %s\n", "ID", "PID", "STATUS", "BUNDLE", "CREATED",
	       "OWNER");
	json_array_foreach (list, i, c) {
		printf("%-20s %-10lld %-10s %-30s %-30s %s\n", bt_json_str(c, "id", ""),
		       (long long)bt_json_i64(c, "pid", 0), bt_json_str(c, "status", ""),
		       bt_json_str(c, "bundle", ""), bt_json_str(c, "created", ""),
		       bt_json_str(c, "owner", ""));
	}
}

int bt_oci_list(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
		struct bt_err *err)
{
	json_auto_t *list = json_array();
	struct list_flags f = { 0 };
	size_t i;
	json_t *c;
	int r = take_flags(argc, argv, &f, err);

	(void)ret_code;
	if (r == 0)
		r = bt_oci_cli_count(argv[0], argc - optind, 0, 0, err);
	if (r == 0)
		r = collect(cli, list, err);
	if (r < 0)
		return r;
	if (f.quiet) {
		json_array_foreach (list, i, c)
			puts(bt_json_str(c, "id", ""));
	} else if (f.json) {
		/* Go prints an empty list as null here, and callers read either. */
		r = print_line(list, err);
	} else {
		print_table(list);
	}
	return r;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int print_pids(const pid_t *pids, size_t n, struct bt_err *err)
{
	json_auto_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		if (json_array_append_new(list, json_integer(pids[i])) < 0)
			return bt_err_sys(err, -ENOMEM, "list processes");
	}
	return print_line(list, err);
}

static bool is_listed(const pid_t *pids, size_t n, pid_t pid)
{
	return bsearch(&pid, pids, n, sizeof(*pids), compare_pids) != NULL;
}

/* The column of "PID" in ps' heading, or -1. */
static int pid_column(const char *heading)
{
	int column = 0;

	for (const char *p = heading; *p != '\0'; column++) {
		p += strspn(p, " ");
		if (strncmp(p, "PID", 3) == 0 && strchr(" \n", p[3]) != NULL)
			return column;
		p += strcspn(p, " \n");
		p += *p == '\n';
	}
	return -1;
}

static pid_t number_in(const char *line, int column)
{
	while (column-- > 0) {
		line += strspn(line, " ");
		line += strcspn(line, " ");
	}
	return (pid_t)atoi(line);
}

/* ps(1) knows how to describe processes; its lines are filtered. */
static int print_ps(const pid_t *pids, size_t n, char **args, int nargs, struct bt_err *err)
{
	bt_auto_str struct bt_str command = { 0 };
	bt_auto_free char *line = NULL;
	size_t cap = 0;
	int column = -1;
	bool whole;
	FILE *ps;

	bt_str_puts(&command, "exec ps");
	for (int i = 0; i < nargs; i++) {
		/* Quoted for the shell: a quote itself becomes '\''. */
		bt_str_puts(&command, " '");
		for (const char *p = args[i]; *p != '\0'; p++) {
			if (*p == '\'')
				bt_str_puts(&command, "'\\''");
			else
				bt_str_putc(&command, *p);
		}
		bt_str_putc(&command, '\'');
	}
	if (nargs == 0)
		bt_str_puts(&command, " -ef");
	ps = command.failed == 0 ? popen(bt_str_get(&command), "re") : NULL;
	if (ps == NULL)
		return bt_err_sys(err, command.failed < 0 ? command.failed : -errno, "run ps");
	for (bool first = true; getline(&line, &cap, ps) > 0; first = false) {
		if (first)
			column = pid_column(line);
		if (first || (column >= 0 && is_listed(pids, n, number_in(line, column))))
			fputs(line, stdout);
	}
	whole = feof(ps) != 0;
	if (pclose(ps) != 0 || column < 0)
		return bt_err_set(err, BT_ERR_INVALID, EINVAL, "ps: no list with a PID column");
	return whole ? 0 : bt_err_sys(err, -ENOMEM, "read what ps lists");
}

int bt_oci_ps(const struct bt_oci_cli *cli, int argc, char **argv, int *ret_code,
	      struct bt_err *err)
{
	bt_auto_state struct bt_state state = { 0 };
	bt_auto_cgroup struct bt_cgroup cg = { 0 };
	bt_auto_free pid_t *pids = NULL;
	struct list_flags f = { 0 };
	size_t n = 0;
	int r = take_flags(argc, argv, &f, err);

	(void)ret_code;
	if (r == 0)
		r = bt_oci_cli_count(argv[0], argc - optind, 1, argc, err);
	if (r == 0)
		r = bt_state_load(cli->root, argv[optind], &state, err);
	if (r == 0)
		r = bt_state_cgroup(&state, &cg, err);
	if (r < 0)
		return r;
	r = bt_cgroup_pids(&cg, &pids, &n);
	if (r < 0)
		return bt_err_sys(err, r, "list the processes of %s", state.id);
	if (n > 1)
		qsort(pids, n, sizeof(*pids), compare_pids);
	if (f.json)
		return print_pids(pids, n, err);
	return print_ps(pids, n, argv + optind + 1, argc - optind - 1, err);
}
