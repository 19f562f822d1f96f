/* SPDX-License-Identifier: Apache-2.0 */

#include "cli_fixture.h"

#define HEAD "CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n"
#define WEB                                                                                       \
	"{'Id':'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',"               \
	"'Image':'docker.io/library/nginx:1','ImageID':'sha256:ab','Command':'nginx -g daemons "  \
	"off;','Created':1700000000,'Status':'Up 2 hours (healthy)','State':'running','Names':['" \
	"/web','/db/"                                                                             \
	"alias'],'Ports':[{'PrivatePort':80,'PublicPort':8080,'IP':'0.0.0.0','Type':'tcp'}],"     \
	"'Labels':{'b':'2','a':'1'},'Mounts':[{'Name':'a-very-long-volume-name','Driver':"        \
	"'local'},{'Source':'/srv'}],'NetworkSettings':{'Networks':{'front':{},'back':{}}},"      \
	"'SizeRw':1024,'SizeRootFs':5000000}"

static const struct cli_answer rows[CLI_ANSWERS_MAX] = { { "GET /containers/json", "[" WEB "]",
							   NULL, NULL } };

static void check_format(const char *format, const char *want)
{
	bt_auto_free char *line = bt_str_format("ps --format '%s'", format);
	struct cli_case c = { .line = line, .out = want };

	memcpy(c.answers, rows, sizeof(rows));
	cli_check(&c);
}

START_TEST(no_containers_are_a_table_of_its_head_alone)
{
	cli_check(&(struct cli_case){ .line = "ps",
				      .answers = { { "GET /containers/json", "[]", NULL, NULL } },
				      .out = HEAD });
	cli_check_asked("GET /containers", "GET /containers/json");
}
END_TEST

START_TEST(quiet_prints_short_ids_and_no_head)
{
	struct cli_case c = { .line = "ps -q", .out = "0123456789ab\n" };

	memcpy(c.answers, rows, sizeof(rows));
	cli_check(&c);
	c.line = "ps -q --no-trunc";
	c.out = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";
	cli_check(&c);
}
END_TEST

START_TEST(each_flag_asks_the_daemon_for_what_it_means)
{
	static const struct {
		const char *line, *asked;
	} cases[] = {
		{ "ps -a", "GET /containers/json?all=1" },
		{ "ps -l", "GET /containers/json?limit=1" },
		{ "ps -n 3", "GET /containers/json?limit=3" },
		{ "ps -n -1", "GET /containers/json" },
		{ "ps -n 0", "GET /containers/json" },
		{ "ps -l -n 7", "GET /containers/json?limit=1" },
		{ "ps -s", "GET /containers/json?size=1" },
		{ "ps --format {{.Size}}", "GET /containers/json?size=1" },
		{ "ps --format {{.Names}}", "GET /containers/json" },
		{ "container ls -a", "GET /containers/json?all=1" },
		{ "ps -f name=a -f name=b",
		  "GET /containers/json?filters=%7B%22name%22:%7B%22a%22:true%2C%22b%22:true%7D%7D" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		cli_forget();
		cli_serve((struct cli_answer[CLI_ANSWERS_MAX]){
			{ "GET /containers/json", "[]", NULL, NULL } });
		cli_run_as("berth", cases[i].line);
		ck_assert_msg(cli_code == 0, "%s: %s", cases[i].line, cli_err);
		cli_check_asked("GET /containers", cases[i].asked);
	}
}
END_TEST

START_TEST(each_field_prints_as_docker_prints_it)
{
	static const struct {
		const char *format, *out;
	} cases[] = {
		{ "{{.ID}}", "0123456789ab\n" },
		{ "{{.Image}}", "nginx:1\n" },
		{ "{{.Command}}", "\"nginx -g daemons of\xe2\x80\xa6\"\n" },
		{ "{{.CreatedAt}}", "2023-11-14 22:13:20 +0000 UTC\n" },
		{ "{{.Labels}}", "a=1,b=2\n" },
		{ "{{.Label \"a\"}}", "1\n" },
		{ "{{.Label \"none\"}}", "\n" },
		{ "{{.Names}}", "web\n" },
		{ "{{.Mounts}}", "a-very-long-vo\xe2\x80\xa6,/srv\n" },
		{ "{{.LocalVolumes}}", "1\n" },
		{ "{{.Networks}}", "front,back\n" },
		{ "{{.Ports}}", "0.0.0.0:8080->80/tcp\n" },
		{ "{{.Size}}", "1.02kB (virtual 5MB)\n" },
		{ "{{.State}} {{.Status}}", "running Up 2 hours (healthy)\n" },
		{ "{{.HealthStatus}}", "healthy\n" },
		{ "{{len .Names}}{{/* of the text */}}", "3\n" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		check_format(cases[i].format, cases[i].out);
}
END_TEST

START_TEST(no_trunc_shows_names_that_links_made)
{
	struct cli_case c = { .line = "ps --no-trunc --format {{.Names}}|{{.Image}}|{{.Mounts}}",
			      .out = "web,db/alias|docker.io/library/nginx:1|"
				     "a-very-long-volume-name,/srv\n" };

	memcpy(c.answers, rows, sizeof(rows));
	cli_check(&c);
}
END_TEST

START_TEST(an_image_that_has_lost_its_name_is_shown_by_its_id)
{
	static const struct {
		const char *image, *id, *out;
	} cases[] = {
		{ "", "sha256:0123456789abcdef", "<no image>\n" },
		{ "sha256:0123456789abcdef0123", "sha256:0123456789abcdef0123", "0123456789ab\n" },
		{ "quay.io/a/b:1", "sha256:00", "quay.io/a/b:1\n" },
		{ "docker.io/u/b", "sha256:00", "u/b\n" },
		{ "a b", "sha256:00", "a b\n" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *json = bt_str_format("[{'Image':'%s','ImageID':'%s'}]",
							cases[i].image, cases[i].id);

		cli_check(&(struct cli_case){
			.line = "ps --format {{.Image}}",
			.answers = { { "GET /containers/json", json, NULL, NULL } },
			.out = cases[i].out });
	}
}
END_TEST

START_TEST(health_is_read_of_the_status_where_the_daemon_is_old)
{
	static const struct {
		const char *row, *out;
	} cases[] = {
		{ "{'Health':{'Status':'none'},'Status':'Up (healthy)'}", "none\n" },
		{ "{'Status':'Up 1 second (unhealthy)'}", "unhealthy\n" },
		{ "{'Status':'Up 1 second (health: starting)'}", "starting\n" },
		{ "{'Status':'Up 1 second'}", "\n" },
		{ "{}", "\n" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		bt_auto_free char *json = bt_str_format("[%s]", cases[i].row);

		cli_check(&(struct cli_case){
			.line = "ps --format {{.HealthStatus}}",
			.answers = { { "GET /containers/json", json, NULL, NULL } },
			.out = cases[i].out });
	}
}
END_TEST

START_TEST(a_row_with_wrong_types_is_printed_as_if_it_had_nothing)
{
	static const char row[] = "[{'Id':5,'Image':[],'Names':[1,null],'Mounts':{},'Labels':[],"
				  "'Ports':'x','NetworkSettings':0,'Command':null}]";

	cli_check(&(struct cli_case){
		.line = "ps --format '{{.Names}}|{{.Mounts}}|{{.Labels}}|{{.Networks}}|{{.Ports}}'",
		.answers = { { "GET /containers/json", row, NULL, NULL } },
		.out = "||||\n" });
}
END_TEST

START_TEST(the_configurations_format_counts_where_no_flag_says_otherwise)
{
	struct cli_case c = { .line = "ps", .out = "web!\n" };

	cli_write("config.json", "{'psFormat':'{{.Names}}!'}");
	memcpy(c.answers, rows, sizeof(rows));
	cli_check(&c);
	c.line = "ps --format {{.State}}";
	c.out = "running\n";
	cli_check(&c);
	c.line = "ps -q";
	c.out = "0123456789ab\n";
	cli_check(&c);
}
END_TEST

START_TEST(what_the_daemon_refuses_is_said_in_its_words)
{
	cli_check(&(struct cli_case){
		.line = "ps -f volume=x",
		.answers = { { "GET /containers/json", "{'message':'no such filter'}",
			       "400 Bad Request", NULL } },
		.code = 1,
		.err = "Error response from daemon: no such filter\n" });
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, no_containers_are_a_table_of_its_head_alone);
	tcase_add_test(tests, quiet_prints_short_ids_and_no_head);
	tcase_add_test(tests, each_flag_asks_the_daemon_for_what_it_means);
	tcase_add_test(tests, each_field_prints_as_docker_prints_it);
	tcase_add_test(tests, no_trunc_shows_names_that_links_made);
	tcase_add_test(tests, an_image_that_has_lost_its_name_is_shown_by_its_id);
	tcase_add_test(tests, health_is_read_of_the_status_where_the_daemon_is_old);
	tcase_add_test(tests, a_row_with_wrong_types_is_printed_as_if_it_had_nothing);
	tcase_add_test(tests, the_configurations_format_counts_where_no_flag_says_otherwise);
	tcase_add_test(tests, what_the_daemon_refuses_is_said_in_its_words);
}

int main(void)
{
	return cli_run_suite("cli/ps", add);
}
